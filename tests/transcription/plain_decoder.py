"""A small Whisper decoder of random weights, its model file, and what it says computed step by step in plain NumPy."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYERS, HEADS, WIDTH, VOCABULARY, POSITIONS = 2, 2, 16, 40, 30
Array = NDArray[Any]
_erf = np.vectorize(math.erf)


def random_variables(seed: int = 3) -> dict[str, Array]:
    chance = np.random.default_rng(seed)
    made: dict[str, Array] = {
        "num_heads": np.array(HEADS, np.int16),
        "embeddings/weight": chance.normal(0, 0.5, (VOCABULARY, WIDTH)),
        "position_encodings/encodings": chance.normal(0, 0.2, (POSITIONS, WIDTH)),
    }
    for layer in range(LAYERS):
        scope = f"layer_{layer}"
        for part, sizes in (
            ("self_attention", {"linear_0": (48, 16), "linear_1": (16, 16)}),
            ("attention", {"linear_0": (16, 16), "linear_1": (32, 16), "linear_2": (16, 16)}),
            ("ffn", {"linear_0": (64, 16), "linear_1": (16, 64)}),
        ):
            _norm(made, f"{scope}/{part}/layer_norm", chance)
            for name, size in sizes.items():
                made[f"{scope}/{part}/{name}/weight"] = chance.normal(0, 0.3, size)
                made[f"{scope}/{part}/{name}/bias"] = chance.normal(0, 0.1, size[0])
    _norm(made, "layer_norm", chance)
    return {name: values if values.dtype == np.int16 else values.astype(np.float16) for name, values in made.items()}


def _norm(made: dict[str, Array], scope: str, chance: np.random.Generator) -> None:
    made[f"{scope}/gamma"] = chance.normal(1, 0.1, WIDTH)
    made[f"{scope}/beta"] = chance.normal(0, 0.1, WIDTH)


def quantised(variables: dict[str, Array]) -> dict[str, Array]:
    """With the weights as CTranslate2 stores int8: rows times a scale."""
    made = dict(variables)
    for name in [name for name in variables if name.endswith("weight")]:
        scale = 127 / np.abs(variables[name].astype(np.float32)).max(axis=1)
        made[name] = np.round(variables[name].astype(np.float32) * scale[:, None]).astype(np.int8)
        made[f"{name}_scale"] = scale.astype(np.float32)
    return made


def write_model(file: Path, variables: dict[str, Array], version: int = 6) -> None:
    kinds = {np.dtype(np.float32): 0, np.dtype(np.int8): 1, np.dtype(np.int16): 2, np.dtype(np.float16): 4}
    parts = [struct.pack("<I", version), _text("WhisperSpec"), struct.pack("<II", 3, len(variables) + 1)]
    others = {"encoder/conv1/bias": np.ones(3, np.float32)}
    for name, values in {**others, **{f"decoder/{name}": values for name, values in variables.items()}}.items():
        parts += [_text(name), struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)]
        parts += [struct.pack("<BI", kinds[values.dtype], values.nbytes), np.ascontiguousarray(values).tobytes()]
    parts += [struct.pack("<I", 1), _text("decoder/projection/weight"), _text("decoder/embeddings/weight")]
    file.write_bytes(b"".join(parts))


def _text(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def logits_of(variables: dict[str, Array], audio: Array, tokens: list[int]) -> Array:
    """[T, vocabulary] for audio [S, width]."""
    v = {name: values.astype(np.float64) for name, values in variables.items()}
    state = v["embeddings/weight"][tokens] + v["position_encodings/encodings"][: len(tokens)]
    causal = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    for layer in range(LAYERS):
        scope = f"layer_{layer}"
        q, k, n = np.split(
            _linear(v, f"{scope}/self_attention/linear_0", _normed(v, f"{scope}/self_attention", state)), 3, 1
        )
        state = state + _linear(v, f"{scope}/self_attention/linear_1", _attend(q, k, n, causal))
        q = _linear(v, f"{scope}/attention/linear_0", _normed(v, f"{scope}/attention", state))
        k, n = np.split(_linear(v, f"{scope}/attention/linear_1", audio), 2, 1)
        state = state + _linear(v, f"{scope}/attention/linear_2", _attend(q, k, n, 0.0))
        inner = _linear(v, f"{scope}/ffn/linear_0", _normed(v, f"{scope}/ffn", state))
        state = state + _linear(v, f"{scope}/ffn/linear_1", 0.5 * inner * (1 + _erf(inner / math.sqrt(2))))
    final: Array = _normed(v, "", state) @ v["embeddings/weight"].T
    return final


def _normed(v: dict[str, Array], scope: str, state: Array) -> Array:
    name = f"{scope}/layer_norm".lstrip("/")
    spread = np.sqrt(state.var(axis=1, keepdims=True) + 1e-5)
    normed: Array = (state - state.mean(axis=1, keepdims=True)) / spread * v[f"{name}/gamma"] + v[f"{name}/beta"]
    return normed


def _linear(v: dict[str, Array], name: str, state: Array) -> Array:
    result: Array = state @ v[f"{name}/weight"].T + v[f"{name}/bias"]
    return result


def _attend(q: Array, k: Array, n: Array, mask: Array | float) -> Array:
    heads = []
    for query, key, value in zip(*(np.split(part, HEADS, 1) for part in (q, k, n)), strict=True):
        scores = query @ key.T / math.sqrt(WIDTH / HEADS) + mask
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        heads.append(weights / weights.sum(axis=1, keepdims=True) @ value)
    return np.concatenate(heads, axis=1)

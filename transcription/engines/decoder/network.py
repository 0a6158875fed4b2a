"""The decoder's graphs at work: encoded audio in, then tokens in and what may follow them out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from transcription.engines.decoder.kept import graphs_of
from transcription.engines.decoder.model_file import UnknownFormat, read_variables
from transcription.engines.decoder.shape import shape_of

Floats = NDArray[np.float32]
Tensors = Mapping[str, Floats]
NEVER = np.float32(-1e9)


class Network:
    """Raises UnknownFormat when the model file is none that can be read here."""

    def __init__(self, folder: Path, threads: int) -> None:
        variables = read_variables(folder / "model.bin", "decoder/")
        try:
            self._shape = shape_of(variables)
            graphs = graphs_of(folder, variables)
            self._positions = variables["position_encodings/encodings"].astype(np.float32)
            self._embeddings = variables["embeddings/weight"]
            self._scales = variables.get("embeddings/weight_scale")
        except KeyError as missing:
            raise UnknownFormat(f"the model has no {missing}") from missing
        self._cross, self._tokens = (_session(graph, threads) for graph in graphs)
        self._outputs = [output.name for output in self._tokens.get_outputs()]

    @property
    def vocabulary(self) -> int:
        return len(self._embeddings)

    @property
    def longest(self) -> int:
        """Tokens that it can read."""
        return len(self._positions)

    def listen(self, audio: Floats) -> Tensors:
        """What the encoder made of a window, [1, S, width], as the decoder looks at it."""
        names = [output.name for output in self._cross.get_outputs()]
        return dict(zip(names, self._cross.run(None, {"audio": audio}), strict=True))

    def nothing(self, name: str) -> Tensors:
        """`past` or `own` of a text of which nothing was read."""
        heads, head = self._shape.heads, self._shape.head
        keys, values = np.zeros((1, heads, head, 0), np.float32), np.zeros((1, heads, 0, head), np.float32)
        return {f"{name}_{kind}{layer}": keys if kind == "k" else values for layer, kind in self._caches()}

    def _caches(self) -> list[tuple[int, str]]:
        return [(layer, kind) for layer in range(self._shape.layers) for kind in "kv"]

    def read(
        self, given: Tensors, own: Tensors, tokens: Sequence[Sequence[int]], at: int, rows: Sequence[int]
    ) -> tuple[Floats, Tensors]:
        """Logits [texts, rows, vocabulary] behind the tokens at `rows`, and `own` with these tokens.

        `given` is what was listened to, and the past that all texts share; `tokens` [texts, T] follow what was read,
        which ends before position `at`.
        """
        count, before = len(tokens[0]), own["own_k0"].shape[3]
        mask = np.zeros((count, before + count), np.float32)
        mask[:, before:] = np.triu(np.full((count, count), NEVER), 1)
        places = {"tokens": self._embed(tokens, at), "rows": np.asarray(rows, np.int64), "mask": mask}
        logits, *caches = self._tokens.run(None, {**places, **given, **own})
        names = [name.replace("new", "own") for name in self._outputs[1:]]
        return logits, dict(zip(names, caches, strict=True))

    def _embed(self, tokens: Sequence[Sequence[int]], at: int) -> Floats:
        places = np.asarray(tokens)
        embedded = self._embeddings[places].astype(np.float32)
        if self._scales is not None:
            embedded /= self._scales[places][..., None]
        positioned: Floats = embedded + self._positions[at : at + places.shape[1]]
        return positioned


def as_past(own: Tensors, count: int) -> Tensors:
    """The first `count` tokens of a text that was read alone, for all that go on from there."""
    shared: dict[str, Any] = {}
    for name, cache in own.items():
        kept = cache[:, :, :, :count] if "_k" in name else cache[:, :, :count]
        shared[name.replace("own", "past")] = np.ascontiguousarray(kept)
    return shared


def _session(graph: bytes | str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other lanes need the processor
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

"""Whisper's decoder as ONNX graphs: one turns encoded audio into keys and values, one reads tokens.

Weights are int8 by row, quantised to 7 bits: with 8, processors without VNNI overflow in the sum of two products.
Activations are quantised as they come.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from transcription.engines.decoder.model_file import Variables
from transcription.engines.decoder.shape import Shape, shape_of

MOST = 63  # of a quantised weight
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]


def cross_graph(variables: Variables) -> onnx.ModelProto:
    """`audio` [1, S, width] → for each layer `cross_k` [1, heads, head, S], `cross_v` [1, heads, S, head]."""
    shape, graph = shape_of(variables), _Graph(variables)
    for layer in range(shape.layers):
        both = graph.linear("audio", f"layer_{layer}/attention/linear_1")
        keys, values = graph.apart(both, shape.width, 2)
        graph.heads(keys, shape, f"cross_k{layer}", keys=True)
        graph.heads(values, shape, f"cross_v{layer}")
    outputs = [_tensor(f"cross_{kind}{layer}") for layer in range(shape.layers) for kind in "kv"]
    return graph.model([_tensor("audio")], outputs)


def token_graph(variables: Variables) -> onnx.ModelProto:
    """Tokens that follow what was read before → what may come next.

    `tokens` [B, T, width] are embedded, `rows` [R] are the places whose `logits` [B, R, vocabulary] are wanted, `mask`
    [T, G + T] is added to the attention among the tokens that are not shared. Of each layer: `past_k`, `past_v` [1,
    heads, …, P] of what all B share, `own_k`, `own_v` [B, heads, …, G] of what each has alone; `new_k`, `new_v` are
    those with T more.
    """
    shape, graph = shape_of(variables), _Graph(variables)
    inputs, outputs, state = [_tensor("tokens"), _tensor("mask")], [_tensor("logits")], "tokens"
    for layer in range(shape.layers):
        inputs += [_tensor(f"{name}_{kind}{layer}") for name in ("past", "own", "cross") for kind in "kv"]
        outputs += [_tensor(f"new_{kind}{layer}") for kind in "kv"]
        state = _self_attention(graph, shape, layer, state)
        state = _cross_attention(graph, shape, layer, state)
        state = _feed_forward(graph, layer, state)
    state = graph.op("Gather", [graph.norm(state, "layer_norm"), "rows"], axis=1)
    graph.op("Identity", [graph.linear(state, "embeddings")], "logits")
    return graph.model([*inputs, helper.make_tensor_value_info("rows", TensorProto.INT64, None)], outputs)


def _self_attention(graph: "_Graph", shape: Shape, layer: int, state: str) -> str:
    scope = f"layer_{layer}/self_attention"
    all_three = graph.linear(graph.norm(state, f"{scope}/layer_norm"), f"{scope}/linear_0", shape.head)
    asked, keys, values = graph.apart(all_three, shape.width, 3)
    query = graph.heads(asked, shape)
    keys = graph.op("Concat", [f"own_k{layer}", graph.heads(keys, shape, keys=True)], f"new_k{layer}", axis=3)
    values = graph.op("Concat", [f"own_v{layer}", graph.heads(values, shape)], f"new_v{layer}", axis=2)
    alone = graph.op("Add", [graph.op("MatMul", [query, keys]), "mask"])
    shared = graph.op("MatMul", [query, f"past_k{layer}"])
    weights = graph.op("Softmax", [graph.op("Concat", [shared, alone], axis=3)], axis=-1)
    lengths = [graph.op("Shape", [name], start=3, end=4) for name in (f"past_k{layer}", keys)]
    of_shared, of_own = graph.split(weights, graph.op("Concat", lengths, axis=0), 2, axis=3)
    seen = [graph.op("MatMul", [of_shared, f"past_v{layer}"]), graph.op("MatMul", [of_own, values])]
    whole = graph.whole(graph.op("Add", seen), [0, 0, shape.width])
    return graph.op("Add", [state, graph.linear(whole, f"{scope}/linear_1")])


def _cross_attention(graph: "_Graph", shape: Shape, layer: int, state: str) -> str:
    """All B look at the same audio: one product for all."""
    scope = f"layer_{layer}/attention"
    asked = graph.linear(graph.norm(state, f"{scope}/layer_norm"), f"{scope}/linear_0", shape.head)
    query = graph.heads(graph.reshape(asked, [1, -1, shape.width]), shape)
    weights = graph.op("Softmax", [graph.op("MatMul", [query, f"cross_k{layer}"])], axis=-1)
    whole = graph.whole(graph.op("MatMul", [weights, f"cross_v{layer}"]), [1, -1, shape.width])
    seen = graph.op("Reshape", [whole, graph.op("Shape", [state])])
    return graph.op("Add", [state, graph.linear(seen, f"{scope}/linear_2")])


def _feed_forward(graph: "_Graph", layer: int, state: str) -> str:
    scope = f"layer_{layer}/ffn"
    inner = graph.linear(graph.norm(state, f"{scope}/layer_norm"), f"{scope}/linear_0")
    inner = graph.op("Gelu", [inner], domain="com.microsoft")
    return graph.op("Add", [state, graph.linear(inner, f"{scope}/linear_1")])


def _tensor(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


class _Graph:
    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._names = 0

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def op(self, kind: str, inputs: Sequence[str], name: str = "", **more: Any) -> str:
        """The name of what comes out."""
        name = name or self._name()
        self._nodes.append(helper.make_node(kind, inputs, [name], **more))
        return name

    def split(self, value: str, sizes: str, count: int, axis: int) -> list[str]:
        names = [self._name() for _ in range(count)]
        self._nodes.append(helper.make_node("Split", [value, sizes], names, axis=axis))
        return names

    def apart(self, value: str, width: int, count: int) -> list[str]:
        return self.split(value, self.constant(np.full(count, width, np.int64)), count, axis=2)

    def constant(self, values: NDArray[Any]) -> str:
        name = self._name()
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        return self.op("Reshape", [value, self.constant(np.array(shape, np.int64))])

    def norm(self, value: str, scope: str) -> str:
        scale, shift = (self.constant(self._floats(f"{scope}/{name}")) for name in ("gamma", "beta"))
        return self.op("LayerNormalization", [value, scale, shift], axis=-1, epsilon=1e-5)

    def linear(self, value: str, scope: str, head: int = 0) -> str:
        """With `head` the first `width` outputs are a query, divided by the root of its length."""
        weights, scales = self._quantised(f"{scope}/weight")
        bias = self._floats(f"{scope}/bias") if f"{scope}/bias" in self._variables else np.zeros(0, np.float32)
        if head:
            share = np.where(np.arange(len(scales)) < weights.shape[1], head**-0.5, 1.0).astype(np.float32)
            scales, bias = scales * share, bias * share
        inputs = [value, self.constant(weights.T), self.constant(scales)]
        inputs += ["", self.constant(bias)] if len(bias) else []
        return self.op("DynamicQuantizeMatMul", inputs, domain="com.microsoft")

    def _quantised(self, name: str) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """[N, K] and the scale of each row."""
        weights = self._floats(name)
        if f"{name}_scale" in self._variables:
            weights /= self._floats(f"{name}_scale")[:, None]
        scales = np.maximum(np.abs(weights).max(axis=1), 1e-9) / MOST
        return np.round(weights / scales[:, None]).astype(np.int8), scales

    def _floats(self, name: str) -> NDArray[np.float32]:
        return self._variables[name].astype(np.float32)

    def heads(self, value: str, shape: Shape, name: str = "", *, keys: bool = False) -> str:
        """[B, T, width] → [B, heads, T, head]; keys → [B, heads, head, T]."""
        apart = self.reshape(value, [0, 0, shape.heads, shape.head])
        return self.op("Transpose", [apart], name, perm=[0, 2, 3, 1] if keys else [0, 2, 1, 3])

    def whole(self, value: str, dims: Sequence[int]) -> str:
        return self.reshape(self.op("Transpose", [value], perm=[0, 2, 1, 3]), dims)

    def model(self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, "decoder", inputs, outputs, self._constants)
        return helper.make_model(graph, opset_imports=OPSETS, ir_version=8)

"""Write all-MiniLM-L6-v2 as an int8 ONNX graph, straight from its safetensors and without torch.

Run once, as a program of its own, so that the memory and the import of `onnx` go with it:

    python -m knowledge.embedders.graph model.safetensors graph.onnx

The graph maps `input_ids` and `attention_mask` (both int64 [batch, tokens]) to `embedding`, the unit mean of the token
states (float32 [batch, 384]), and `states`, those token states (float32 [batch, tokens, 384]). The fused operators of
onnxruntime stand for whole parts of a BERT layer; quantising them is what makes the model fast on a CPU.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
EPSILON = 1e-12
FUSED = "com.microsoft"

Array = NDArray[np.float32]


class _Graph:
    """Nodes and constants, added one at a time; every method returns the name of what it made."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, *, transposed: bool = False) -> str:
        value = self.weights[name]
        return self.constant(name, value.T if transposed else value)

    def node(self, kind: str, inputs: list[str], outputs: str, domain: str = "", **attributes: Any) -> str:
        names = outputs.split()
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0]

    def norm(self, layer: str) -> list[str]:
        return [self.weight(f"{layer}.LayerNorm.weight"), self.weight(f"{layer}.LayerNorm.bias")]


def _word_states(graph: _Graph) -> str:
    """Rows of the vocabulary's table, kept as int8 with a scale per row: a quarter of the memory, cosine .9999."""
    table = graph.weights["embeddings.word_embeddings.weight"]
    scales = np.abs(table).max(axis=1, keepdims=True) / 127
    rounded = np.rint(table / np.maximum(scales, EPSILON)).astype(np.int8)
    graph.node("Gather", [graph.constant("words", rounded), "input_ids"], "words.int8")
    graph.node("Cast", ["words.int8"], "words.unscaled", to=TensorProto.FLOAT)
    graph.node("Gather", [graph.constant("scales", scales.astype(np.float32)), "input_ids"], "words.scale")
    return graph.node("Mul", ["words.unscaled", "words.scale"], "words.states")


def _embed(graph: _Graph) -> str:
    """The first states: word + place + segment (always the first one), normalised."""
    segment = graph.weights["embeddings.token_type_embeddings.weight"][0]
    places = graph.constant("places", graph.weights["embeddings.position_embeddings.weight"] + segment)
    graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    graph.node("Slice", [places, graph.constant("zero", np.array([0])), "length"], "places.states")
    graph.node("Add", [_word_states(graph), "places.states"], "summed")
    return graph.node("LayerNormalization", ["summed", *graph.norm("embeddings")], "embedded", epsilon=EPSILON)


def _layer(graph: _Graph, number: int, states: str) -> str:
    prefix, out = f"encoder.layer.{number}", f"layer{number}"
    heads = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
    joined = graph.constant(f"{out}.qkv", np.concatenate([graph.weights[f"{name}.weight"].T for name in heads], axis=1))
    bias = graph.constant(f"{out}.qkv_bias", np.concatenate([graph.weights[f"{name}.bias"] for name in heads]))
    seen = graph.node("Attention", [states, joined, bias, "mask"], f"{out}.seen", FUSED, num_heads=HEADS)

    dense = f"{prefix}.attention.output"
    mixed = graph.node("MatMul", [seen, graph.weight(f"{dense}.dense.weight", transposed=True)], f"{out}.mixed")
    inputs = [mixed, states, *graph.norm(dense), graph.weight(f"{dense}.dense.bias")]
    attended = graph.node("SkipLayerNormalization", inputs, f"{out}.attended", FUSED, epsilon=EPSILON)

    dense = f"{prefix}.intermediate"
    wide = graph.node("MatMul", [attended, graph.weight(f"{dense}.dense.weight", transposed=True)], f"{out}.wide")
    bent = graph.node("BiasGelu", [wide, graph.weight(f"{dense}.dense.bias")], f"{out}.bent", FUSED)

    dense = f"{prefix}.output"
    narrow = graph.node("MatMul", [bent, graph.weight(f"{dense}.dense.weight", transposed=True)], f"{out}.narrow")
    inputs = [narrow, attended, *graph.norm(dense), graph.weight(f"{dense}.dense.bias")]
    last = number == LAYERS - 1
    name = "states" if last else f"{out}.states"
    return graph.node("SkipLayerNormalization", inputs, name, FUSED, epsilon=EPSILON)


def _pool(graph: _Graph) -> None:
    graph.node("Cast", ["attention_mask"], "weights", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["weights", graph.constant("axis2", np.array([2]))], "weights3")
    graph.node("Mul", ["states", "weights3"], "kept")
    graph.node("ReduceSum", ["kept", graph.constant("axis1", np.array([1]))], "sum", keepdims=0)
    graph.node("ReduceSum", ["weights", "axis1"], "count", keepdims=1)
    graph.node("Div", ["sum", "count"], "mean")
    graph.node("LpNormalization", ["mean"], "embedding", axis=1, p=2)


def build(weights: dict[str, Array]) -> onnx.ModelProto:
    """The encoder in float32. Raises KeyError when `weights` are not those of the model."""
    graph = _Graph(weights)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    states = _embed(graph)
    for number in range(LAYERS):
        states = _layer(graph, number, states)
    _pool(graph)
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask")]
    outputs = [
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSIONS]),
        helper.make_tensor_value_info("states", TensorProto.FLOAT, [*shape, DIMENSIONS]),
    ]
    body = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, list(graph.constants.values()))
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(body, opset_imports=versions, ir_version=9)


def write(source: Path, target: Path) -> None:
    """Quantise weights per channel to int8 (per tensor costs six points of cosine) and write the graph."""
    draft = target.with_suffix(".float32")
    onnx.save(build(load_file(source)), draft)
    try:
        quantize_dynamic(
            draft,
            target,
            op_types_to_quantize=["MatMul", "Attention"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
    finally:
        draft.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the local embedding model as an ONNX graph.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    write(arguments.source, arguments.target)

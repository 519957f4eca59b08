"""Builds small random networks in ONNX, and writes them with what judge.py says of their answers.

    python networks.py random DIR SEED COUNT
    python networks.py fixed .               # some of them, for this folder

Needs what make.py needs. The same seed gives the same bytes.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper

import blocks as b
import judge
from blocks import activation, classifier, argmax, gemm, grow, matmul, mixed, pick

NEWEST = 26  # of onnxruntime 1.31.1


def finish(g):
    """One output or several, some of one dimension."""
    outputs = []
    def output(squeeze):
        if squeeze and g.width == 1:
            g.axes("Squeeze", [pick(g.rng, 1, -1)])
        name = f"output{len(outputs) or ''}"
        g.grow("Identity")
        g.nodes[-1].output[0] = name
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"] if squeeze and g.width == 1 else ["N", g.width]))
    before, width = g.at, g.width
    heads = int(g.rng.integers(2, 4)) if g.rng.random() < 0.2 else 1
    for _ in range(heads):
        g.at, g.width = before, width
        if heads > 1:
            pick(g.rng, gemm, matmul)(g)
            if g.rng.random() < 0.5:
                activation(g)
        output(g.rng.random() < 0.5)
    if g.label:
        kind = TensorProto.STRING if isinstance(g.labels[0], str) else TensorProto.INT64
        g.nodes.append(helper.make_node("Identity", [g.label], ["label"], "label"))
        outputs.insert(0, helper.make_tensor_value_info("label", kind, ["N"]))
    return outputs


def random_model(rng, given=None):
    g = b.Graph(rng, int(rng.integers(9, NEWEST + 1)))
    opset, dim = g.opset, g.dim
    if given:
        given(g)
    elif rng.random() < 0.2:
        mixed(g)
    else:
        grow(g, int(rng.integers(2, 7)))
    if not given and rng.random() < 0.25:
        pick(rng, classifier, argmax)(g)
    outputs = finish(g)
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [pick(rng, "N", None), dim])]
    if opset < 11 and rng.random() < 0.5:  # as old exporters did
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in g.constants]
    graph = helper.make_graph(g.nodes, "network", inputs, outputs, g.constants)
    sets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("ai.onnx.ml", 3)] if g.ml else [])
    return helper.make_model(graph, opset_imports=sets, ir_version=min(10, 4 + max(0, opset - 9) // 2), producer_name="networks.py"), g


def write(folder, rng, given=None, keep=40):
    model, g = random_model(rng, given)
    try:
        judge.write(folder, model, judge.hard_rows(rng, 40, g.dim, rng.random() < 0.3), {"estimator": "network"}, g.labels, keep)
    except judge.Unsure:
        write(folder, rng, given, keep)  # another one


FIXED = ["gemm", "matmul", "arithmetic", "residual", "branches", "activation", "clip", "gelu", "softmax", "batch_norm", "layer_norm", "shapes", "reduce", "rarer", "several", "choose", "columns",
         "scikit", "cubes", "classifier", "argmax", "mixed"]


def main():
    if sys.argv[1] == "fixed":
        for i, name in enumerate(FIXED):
            block = getattr(b, name)
            write(os.path.join(sys.argv[2], "bound_" + name), np.random.default_rng([3, i]), lambda g: (block(g), block(g)), keep=20)
        return
    folder, seed, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for i in range(count):
        write(os.path.join(folder, f"bound_network_{i:04}"), np.random.default_rng([seed, 9, i]))


if __name__ == "__main__":
    main()

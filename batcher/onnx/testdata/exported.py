"""Exports small networks from PyTorch and writes them with hard rows and two answers.

    pip install torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnx-ir==1.1.0 onnxruntime==1.31.1 numpy==2.4.6
    python exported.py fixed .      # the folders torch_* beside this file

    pip install torch==2.6.0 onnx==1.17.0 onnxscript==0.2.0 onnxruntime==1.31.1 numpy==2.1.3 protobuf==5.29.6
    python exported.py functions .  # those whose names end in functions

raw.npy is what onnxruntime answers with one thread: its float outputs side by side.
exact.npy is what the module answers in float64. class.npy is the integer output where there is one.
Both of PyTorch's exporters write each network, for several opsets: the old one, which traces (folders
named old), and the new one. A graph that differs from one before only in the opset's number is left out.
"""
import io
import logging
import os
import sys
import warnings
import zlib

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import nn

from modules import NETWORKS

EXPORTERS = {"old9": (False, 9), "old11": (False, 11), "old13": (False, 13), "old17": (False, 17), "new20": (True, 20), "new18": (True, 18)}
ROWS, ODD = 60, 6  # the last rows have NaN, infinities and numbers near the end of float32


def hard_rows(rng, dim):
    """Rows of several sizes with odd numbers put in; the last ones have no finite answer of much use."""
    rows = rng.normal(size=(ROWS, dim)) * rng.choice([0.01, 1, 1, 1, 30], (ROWS, 1))
    odd = [0.0, -0.0, 1e-45, -1e-40, 0.5, 1, -3, 3, 1e-3, 100]
    rows = np.where(rng.random(rows.shape) < 0.3, rng.choice(odd, rows.shape), rows)
    rows[:2] = [[0.0], [-0.0]]
    for i, x in enumerate([np.nan, np.inf, -np.inf, 3e38, -3e38, np.nan]):
        rows[ROWS - ODD + i, slice(None) if i == ODD - 1 else i % dim] = x
    return rows.astype(np.float32)


def build(name):
    """The network in eval mode, with numbers that look trained, its dim and rows for it."""
    dim, make = NETWORKS[name]
    seed = zlib.crc32(name.encode())  # a new network leaves the others as they are
    torch.manual_seed(seed)
    net = make().eval()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.1, 3)
            if isinstance(module, (nn.BatchNorm1d, nn.LayerNorm)) and module.weight is not None:
                module.weight.uniform_(-2, 2)
                module.bias.normal_()
    return net, dim, hard_rows(np.random.default_rng(seed), dim)


def export(net, dim, new, opset, batch=True):
    """The network as an exporter writes it for an opset, for any number of rows or, without batch, for one."""
    given = {"input_names": ["input"], "opset_version": opset, "dynamo": new, "verbose": False}
    x = torch.zeros(3 if batch else 1, dim)
    if new:
        program = torch.onnx.export(net, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},) if batch else None, **given)
        return program.model_proto
    file = io.BytesIO()
    torch.onnx.export(net, (x,), file, dynamic_axes={"input": {0: "batch"}} if batch else None, **given)
    return onnx.load_from_string(file.getvalue())


def trimmed(model):
    """The model without the longest notes on each node: most of the file, and full of the names of folders."""
    for n in [*model.graph.node, *(n for f in model.functions for n in f.node)]:
        kept = [p for p in n.metadata_props if not p.key.endswith(("stack_trace", "fx_node"))]
        del n.metadata_props[:]
        n.metadata_props.extend(kept)
    return model


def shape_of(model):
    """What tells one graph from another: operators, how they hang together, attributes and constants' shapes."""
    graph = model.graph
    names = {"": "none", **{t.name: f"{t.data_type}{list(t.dims)}" for t in graph.initializer}}
    said = []
    for i, n in enumerate(graph.node):
        names.update((o, f"{i}.{k}") for k, o in enumerate(n.output))
        a = [str(a) for a in sorted(n.attribute, key=lambda a: a.name)]
        said.append((n.domain, n.op_type, [names.get(x, x) for x in n.input], a))
    return str(said)


def side_by_side(outputs, rows):
    """The float outputs as one matrix, and the integer ones."""
    floats = [np.asarray(o).reshape(rows, -1) for o in outputs if np.asarray(o).dtype.kind == "f"]
    return np.concatenate(floats, axis=1), [np.asarray(o) for o in outputs if np.asarray(o).dtype.kind == "i"]


def answers(data, rows, calls):
    """What onnxruntime answers to the rows in a number of calls."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    parts = [side_by_side(session.run(None, {"input": part}), len(part)) for part in np.split(rows, calls)]
    labels = [np.concatenate([part[1][0] for part in parts])] if parts[0][1] else []
    return np.concatenate([part[0] for part in parts]), labels


def write(folder, net, model, rows, calls=1):
    data = trimmed(model).SerializeToString(deterministic=True)
    raw, labels = answers(data, rows, calls)
    with torch.no_grad():
        outputs = net.double()(torch.from_numpy(rows).double())
        net.float()
    exact, _ = side_by_side(outputs if isinstance(outputs, tuple) else [outputs], len(rows))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(data)
    np.save(os.path.join(folder, "rows.npy"), rows)
    np.save(os.path.join(folder, "raw.npy"), raw)
    np.save(os.path.join(folder, "exact.npy"), exact)
    if labels:
        np.save(os.path.join(folder, "class.npy"), labels[0].astype(np.int32))


def fixed(folder):
    """Each network by each exporter, and some that are exported for one row."""
    for name in NETWORKS:
        net, dim, rows = build(name)
        seen = set()
        for label, (new, opset) in EXPORTERS.items():
            if name == "bends_rest" and opset < 12:
                continue  # nn.CELU needs opset 12
            model = export(net, dim, new, opset)
            if shape_of(model) not in seen:
                seen.add(shape_of(model))
                write(os.path.join(folder, f"torch_{name}_{label}"), net, model, rows)
            if name == "views" and label in ("old17", "new20"):
                write(os.path.join(folder, f"torch_{name}_one_{label}"), net, export(net, dim, new, opset, batch=False), rows, ROWS)


def functions(folder):
    """Some networks by the new exporter of PyTorch 2.6, which leaves functions in the file, used or not."""
    for name in ("relu", "gelu", "standard", "views"):
        net, dim, rows = build(name)
        write(os.path.join(folder, f"torch_{name}_functions"), net, export(net, dim, True, None), rows)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    {"fixed": fixed, "functions": functions}[sys.argv[1]](sys.argv[2])

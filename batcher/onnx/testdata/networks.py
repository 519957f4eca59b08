"""Exports small networks from PyTorch and writes them with hard rows and two answers.

    pip install torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.31.1 numpy==2.4.6
    python networks.py fixed .      # the folders torch_* beside this file

    pip install torch==2.6.0 onnx==1.17.0 onnxscript==0.2.0 onnxruntime==1.31.1 numpy==2.1.3 protobuf==5.29.6
    python networks.py functions .  # those whose names end in functions

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
from torch.nn import functional as F

EXPORTERS = {"old9": (False, 9), "old11": (False, 11), "old13": (False, 13), "old17": (False, 17), "new20": (True, 20), "new18": (True, 18)}
ROWS, ODD = 60, 6  # the last rows have NaN, infinities and numbers near the end of float32


class Relu(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 2))


class Norm(nn.Sequential):
    """Batch normalisation before and after layers, and dropout."""

    def __init__(self):
        super().__init__(nn.BatchNorm1d(4), nn.Linear(4, 8, bias=False), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Dropout(0.3),
                         nn.Linear(8, 8), nn.LeakyReLU(), nn.BatchNorm1d(8, affine=False), nn.Linear(8, 1))


class Gelu(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 6), nn.LayerNorm(6, elementwise_affine=False),
                         nn.GELU(approximate="tanh"), nn.Linear(6, 2))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.inner, self.outer, self.last = nn.Linear(4, 6), nn.Linear(6, 10), nn.Linear(10, 6), nn.Linear(6, 1)

    def forward(self, x):
        x = F.silu(self.first(x))
        x = x + self.outer(F.silu(self.inner(x)))
        return self.last(x)


class Bends(nn.Module):
    """A layer before each of the activations given, and their outputs joined."""

    def __init__(self, *activations):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(3, 2), a) for a in activations)

    def forward(self, x):
        return torch.cat([layer(x) for layer in self.layers], dim=1)


class Classifier(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 4))

    def forward(self, x):
        x = super().forward(x)
        return torch.softmax(x, dim=1), torch.argmax(x, dim=1)


class LogSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 8), nn.Sigmoid(), nn.Linear(8, 3), nn.LogSoftmax(dim=-1))


class Views(nn.Module):
    """Reshapes that leave a row a row."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x):
        x = self.one(x.view(x.size(0), -1)).relu()
        x = self.two(torch.flatten(x, 1)).relu()
        return self.three(x.reshape(-1, 6))


class Scalar(nn.Sequential):
    """One number for a row, without a second dimension."""

    def __init__(self):
        super().__init__(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))

    def forward(self, x):
        return torch.sigmoid(super().forward(x)).squeeze(-1)


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.mean, self.spread = nn.Linear(4, 6), nn.Linear(6, 2), nn.Linear(6, 3)

    def forward(self, x):
        x = torch.tanh(self.trunk(x))
        return self.mean(x), self.spread(x).exp()


class Standard(nn.Module):
    """Standardises with numbers that the module keeps, and scales the answer back."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(4))
        self.register_buffer("std", torch.rand(4) + 0.5)
        self.body = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))

    def forward(self, x):
        return self.body((x - self.mean) / self.std) * 2.5 + 10


class Squares(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(9, 2)

    def forward(self, x):
        return self.layer(torch.cat([x, x ** 2, x.abs().sqrt()], dim=1))


class Clamp(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 6), nn.ReLU6(), nn.Linear(6, 4))

    def forward(self, x):
        x = super().forward(x.clamp(-3, 3))
        return torch.cat([x.clamp(min=0), x.clamp(max=0.25)], dim=1)


class WideDeep(nn.Module):
    """Some columns go through a network, and others straight to the answer."""

    def __init__(self):
        super().__init__()
        self.deep, self.wide = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1)), nn.Linear(2, 1, bias=False)

    def forward(self, x):
        return torch.sigmoid(self.deep(x[:, :4]) + self.wide(x[:, 4:]))


class Impute(nn.Sequential):
    """Puts numbers in the place of NaN, and says where."""

    def __init__(self):
        super().__init__(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1))
        self.register_buffer("means", torch.randn(3))

    def forward(self, x):
        missing = torch.isnan(x)
        return super().forward(torch.cat([torch.where(missing, self.means, x), missing.to(x.dtype)], dim=1))


class Cross(nn.Module):
    """A cross layer, and rows of length 1."""

    def __init__(self):
        super().__init__()
        self.cross, self.last = nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        y = F.normalize(x, dim=1)
        y = y * self.cross(y) + y
        return self.last(y - y.mean(dim=1, keepdim=True))


class Length(nn.Module):
    """Rows of length 1 as exporters before 2.7 wrote F.normalize, and distances."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(6, 1)
        self.register_buffer("centre", torch.randn(1, 3))

    def forward(self, x):
        length = x.abs().pow(2).sum(1, keepdim=True).pow(0.5)
        y = x / length.clamp(min=1e-12).expand_as(x)
        near = torch.exp(-(y - self.centre) ** 2)
        return self.last(torch.cat([y, near], 1)) / (torch.log1p(length) + 1) - near.amax(1).unsqueeze(1)


class Constants(nn.Module):
    """Weights that the module computes when it is called."""

    def __init__(self):
        super().__init__()
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(4, 5))
        self.table, self.gain = nn.Parameter(torch.randn(3, 5)), nn.Parameter(torch.randn(3))

    def forward(self, x):
        x = torch.relu(self.normed(x))
        return (x @ self.table.t()) * self.gain.exp() + torch.zeros(3) - self.table.sum(1)


class Gate(nn.Module):
    """A gated layer, cut in two, and weights of a parameter's own."""

    def __init__(self):
        super().__init__()
        self.both, self.last = nn.Linear(4, 12), nn.Parameter(torch.randn(6, 2))

    def forward(self, x):
        left, right = self.both(x).chunk(2, dim=-1)
        return (left * torch.sigmoid(right)) @ self.last


NETWORKS = {
    "relu": (5, Relu),
    "norm": (4, Norm),
    "gelu": (4, Gelu),
    "residual": (4, Residual),
    "bends": (3, lambda: Bends(nn.Hardswish(), nn.Softplus(), nn.ELU(0.7), nn.Mish())),
    "bends_more": (3, lambda: Bends(nn.SELU(), nn.PReLU(2), nn.Softsign(), nn.Hardsigmoid())),
    "bends_rest": (3, lambda: Bends(nn.Hardtanh(-0.5, 2), nn.CELU(0.5), nn.Softplus(2))),
    "log_sigmoid": (3, lambda: Bends(nn.LogSigmoid())),
    "classifier": (5, Classifier),
    "log_softmax": (5, LogSoftmax),
    "views": (4, Views),
    "scalar": (4, Scalar),
    "heads": (4, Heads),
    "standard": (4, Standard),
    "squares": (3, Squares),
    "clamp": (4, Clamp),
    "wide_deep": (6, WideDeep),
    "impute": (3, Impute),
    "cross": (4, Cross),
    "length": (3, Length),
    "constants": (4, Constants),
    "gate": (4, Gate),
}


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

"""Pieces of random networks. Each makes a graph grow by some nodes."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

import make


def pick(rng, *of):
    return of[rng.integers(len(of))]


class Graph:
    """A graph that grows at the value at, of so many columns."""

    def __init__(self, rng, opset):
        self.rng, self.opset, self.nodes, self.constants, self.count = rng, opset, [], [], 0
        self.labels, self.label = None, None
        self.at, self.dim, self.ml = "input", self.some(), False
        self.width = self.dim
        self.nodes_for_constants = rng.random() < 0.2

    def name(self, of):
        self.count += 1
        return f"{of}_{self.count}"

    def constant(self, value):
        value, name = np.asarray(value), self.name("constant")
        short = self.opset >= 12 and value.dtype == np.float32 and value.ndim < 2
        if not self.nodes_for_constants:
            packed = self.rng.random() < 0.5 or value.dtype != np.float32
            t = numpy_helper.from_array(value, name) if packed else helper.make_tensor(name, TensorProto.FLOAT, value.shape, value.ravel().tolist())
            self.constants.append(t)
        elif short and self.rng.random() < 0.5:
            given = {"value_floats": value.tolist()} if value.ndim else {"value_float": float(value)}
            self.nodes.append(helper.make_node("Constant", [], [name], name, **given))
        else:
            self.nodes.append(helper.make_node("Constant", [], [name], name, value=numpy_helper.from_array(value)))
        return name

    def node(self, operator, *inputs, domain=None, outputs=1, **attributes):
        name = self.name(operator)
        out = [name + "_out"] + [f"{name}_out{i}" for i in range(1, outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), out, name if self.rng.random() < 0.9 else None, domain=domain, **attributes))
        return out[0] if outputs == 1 else out

    def grow(self, operator, *inputs, **attributes):
        """Replaces the value by what a node makes of it."""
        self.at = self.node(operator, *(inputs or [self.at]), **attributes)

    def some(self):
        """A count of columns."""
        return int(self.rng.integers(1, 13) if self.rng.random() < 0.95 else self.rng.integers(13, 140))

    def weights(self, *shape):
        return self.rng.normal(size=shape, scale=1 / np.sqrt(shape[0])).astype(np.float32)

    def vector(self):
        """A constant that is added to the columns."""
        return self.weights(self.width) if self.rng.random() < 0.7 else pick(self.rng, self.weights(1, self.width), self.weights(1), self.weights(1).reshape(()))

    def axes(self, operator, axes, since=13, **more):
        """A node whose axes became an input."""
        if self.opset < since:
            self.grow(operator, axes=axes, **more)
        else:
            self.grow(operator, self.at, self.constant(np.int64(axes)), **more)


def gemm(g):
    width = g.some()
    turned = bool(g.rng.random() < 0.7)
    w, inputs, given = g.weights(g.width, width), [g.at], {}
    inputs.append(g.constant(np.ascontiguousarray(w.T) if turned else w))
    if g.opset < 11 or g.rng.random() < 0.8:
        inputs.append(g.constant(pick(g.rng, g.weights(width), g.weights(width), g.weights(1, width), g.weights(1), g.weights(1).reshape(()))))
    if turned or g.rng.random() < 0.5:
        given["transB"] = int(turned)
    for name in ("alpha", "beta"):
        if g.rng.random() < 0.3:
            given[name] = pick(g.rng, 0.5, 2.0, 0.3, -1.0)
    if g.rng.random() < 0.2:
        given["transA"] = 0
    g.grow("Gemm", *inputs, **given)
    g.width = width


def matmul(g):
    width = g.some()
    g.grow("MatMul", g.at, g.constant(g.weights(g.width, width)))
    g.width = width
    if g.rng.random() < 0.8:
        both = [g.at, g.constant(g.vector())]
        g.grow("Add", *(both if g.rng.random() < 0.5 else both[::-1]))


def arithmetic(g):
    operator, c = pick(g.rng, "Add", "Sub", "Mul", "Div"), g.vector()
    turned = g.rng.random() < 0.4
    if operator == "Div" and not turned:
        c = (np.sign(c) * (np.abs(c) + np.float32(0.3))).astype(np.float32)
    if operator == "Div" and turned:
        g.grow("Softplus")
    both = [g.at, g.constant(c)]
    g.grow(operator, *(both[::-1] if turned else both))


def residual(g):
    before, width = g.at, g.width
    for _ in range(2):
        pick(g.rng, gemm, activation, matmul)(g)
    if g.width != width:
        g.grow("MatMul", g.at, g.constant(g.weights(g.width, width)))
        g.width = width
    g.grow(pick(g.rng, "Add", "Add", "Sub", "Mul"), *([before, g.at] if g.rng.random() < 0.5 else [g.at, before]))


def branches(g):
    before, width, parts, total = g.at, g.width, [], 0
    for _ in range(int(g.rng.integers(2, 4))):
        g.at, g.width = before, width
        pick(g.rng, gemm, activation, matmul)(g)
        parts.append(g.at)
        total += g.width
    g.grow("Concat", *parts, axis=pick(g.rng, 1, -1))
    g.width = total


def activation(g):
    kind = pick(g.rng, "Relu", "Relu", "LeakyRelu", "Elu", "Tanh", "Sigmoid", "Softplus", "HardSigmoid", "clip", "gelu", "silu")
    if kind == "clip":
        return clip(g)
    if kind == "gelu":
        return gelu(g)
    if kind == "silu":
        both = [g.at, g.node("Sigmoid", g.at)]
        return g.grow("Mul", *(both if g.rng.random() < 0.5 else both[::-1]))
    given = {}
    if kind in ("LeakyRelu", "Elu", "HardSigmoid") and g.rng.random() < 0.7:
        given["alpha"] = pick(g.rng, 0.01, 0.2, 0.7, 1.5)
    if kind == "HardSigmoid" and g.rng.random() < 0.5:
        given["beta"] = 0.3
    g.grow(kind, **given)


def rarer(g):
    """Activations and functions that few exporters write."""
    kinds = ["Selu", "ThresholdedRelu", "Softsign", "PRelu", "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Erf", "Floor", "Ceil", "Sign"]
    kinds += ["Round"] * (g.opset >= 11) + ["Celu"] * (g.opset >= 12) + ["HardSwish"] * (g.opset >= 14) + ["Mish"] * (g.opset >= 18)
    kind = pick(g.rng, *kinds)
    if kind in ("Log", "Sqrt", "Reciprocal"):
        g.grow(pick(g.rng, "Softplus", "Sigmoid"))
    elif kind == "Exp":
        g.grow("Tanh")
    if kind == "PRelu":
        slope = np.abs(g.weights(g.width)) if g.rng.random() < 0.7 else np.float32([0.2])
        return g.grow("PRelu", g.at, g.constant(slope))
    g.grow(kind, **({"alpha": pick(g.rng, 0.5, 1.5)} if kind in ("Selu", "Celu", "ThresholdedRelu") and g.rng.random() < 0.5 else {}))


def several(g):
    """Operators of any number of values."""
    inputs = [g.at, g.constant(g.vector())]
    if g.rng.random() < 0.5:
        inputs.append(g.node(pick(g.rng, "Tanh", "Relu"), g.at))
    if g.rng.random() < 0.5:
        inputs.reverse()
    g.grow(pick(g.rng, "Max", "Min", "Sum", "Mean"), *inputs)


def choose(g):
    """One value or another, by a comparison."""
    kind = pick(g.rng, *["Greater", "Less"] + ["GreaterOrEqual", "LessOrEqual"] * (g.opset >= 12))
    condition = g.node(kind, g.at, g.constant(g.vector()))
    if g.rng.random() < 0.3:
        condition = g.node("Not", condition)
    if g.rng.random() < 0.3:
        condition = g.node(pick(g.rng, "And", "Or", "Xor"), condition, g.node("Less", g.at, g.constant(np.float32(0.5))))
    if g.rng.random() < 0.3:
        factor = g.node("Cast", condition, to=TensorProto.FLOAT)
        return g.grow("Mul", g.at, factor)
    g.grow("Where", condition, g.at, g.node("Tanh", g.at) if g.rng.random() < 0.5 else g.constant(np.float32(0.25)))


def power(g):
    if g.rng.random() < 0.5:
        return g.grow("Pow", g.at, g.constant(np.float32(pick(g.rng, 2, 3))))
    g.grow("Pow", g.constant(np.float32(pick(g.rng, 2, 0.5))), g.node("Tanh", g.at))


def columns(g):
    """Some columns, or all of them in another order."""
    kind, count = pick(g.rng, "Gather", "Slice", "Split", "ArrayFeatureExtractor"), int(g.rng.integers(1, g.width + 1))
    if kind == "Gather":
        g.grow("Gather", g.at, g.constant(np.int64(g.rng.integers(g.width, size=count))), axis=pick(g.rng, 1, -1))
    elif kind == "ArrayFeatureExtractor":
        g.ml = True
        g.grow("ArrayFeatureExtractor", g.at, g.constant(np.int64(g.rng.integers(g.width, size=count))), domain="ai.onnx.ml")
    elif kind == "Slice":
        first = int(g.rng.integers(0, g.width - count + 1))
        end = first + count if first + count < g.width else pick(g.rng, g.width, 2**31 - 1)
        if g.opset < 10:
            g.grow("Slice", axes=[1], starts=[first], ends=[end])
        else:
            g.grow("Slice", g.at, *[g.constant(np.int64([v])) for v in (first, end, 1)])
    elif g.width > 1:
        first = int(g.rng.integers(1, g.width))
        sizes = [first, g.width - first]
        parts = g.node("Split", g.at, outputs=2, axis=1, split=sizes) if g.opset < 13 else g.node("Split", g.at, g.constant(np.int64(sizes)), outputs=2, axis=1)
        g.at = parts[0]
        g.width = first
        if g.rng.random() < 0.6:
            g.grow("Concat", parts[1], parts[0], axis=1)
            g.width = sum(sizes)
        return
    else:
        return
    g.width = count


def scikit(g):
    """Operators that scikit-learn's converter writes, which need no model of scikit-learn."""
    g.ml = True
    kind, width = pick(g.rng, "Normalizer", "Imputer", "LinearRegressor", "LinearClassifier", "LpNormalization", "FeatureVectorizer"), int(g.rng.integers(1, 6))
    if kind == "Normalizer":
        g.grow(kind, domain="ai.onnx.ml", norm=pick(g.rng, "L1", "L2", "MAX"))
    elif kind == "Imputer":
        values = g.weights(g.width) if g.rng.random() < 0.7 else g.weights(1)
        g.grow(kind, domain="ai.onnx.ml", imputed_value_floats=values.tolist(), replaced_value_float=pick(g.rng, float("nan"), 0.0))
    elif kind == "LpNormalization":
        g.grow(kind, **pick(g.rng, {}, {"p": 1, "axis": 1}, {"p": 2, "axis": -1}))
    elif kind == "FeatureVectorizer":
        g.grow(kind, g.at, g.at, domain="ai.onnx.ml", inputdimensions=[g.width, g.width])
        g.width *= 2
    elif kind == "LinearRegressor":
        given = {"intercepts": g.weights(width).tolist()} if g.rng.random() < 0.7 else {}
        g.grow(kind, domain="ai.onnx.ml", coefficients=g.weights(g.width, width).T.ravel().tolist(), targets=width, post_transform=pick(g.rng, "NONE", "NONE", "SOFTMAX", "LOGISTIC"), **given)
        g.width = width
    else:
        classifier(g)


def classifier(g):
    """A LinearClassifier, whose label the graph may answer."""
    g.ml = True
    labels = int(g.rng.integers(2, 5))
    scores = 1 if labels == 2 and g.rng.random() < 0.5 else labels
    texts = g.rng.random() < 0.3
    g.labels = [f"label {k}" for k in range(labels)] if texts else [3 * k - 1 for k in range(labels)]
    outputs = g.node("LinearClassifier", g.at, domain="ai.onnx.ml", outputs=2, coefficients=g.weights(g.width, scores).T.ravel().tolist(), intercepts=g.weights(scores).tolist(),
                     post_transform=pick(g.rng, "NONE", "SOFTMAX", "LOGISTIC") if scores > 1 else pick(g.rng, "NONE", "LOGISTIC"), **{"classlabels_strings" if texts else "classlabels_ints": g.labels})
    g.label, g.at, g.width = outputs[0], outputs[1], labels


def argmax(g):
    """The label as scikit-learn's converter writes it for networks."""
    g.ml = True
    if g.width == 1:
        g.grow("Concat", g.at, g.node("Tanh", g.at), axis=1)
        g.width = 2
    texts = g.rng.random() < 0.3
    g.labels = [f"label {k}" for k in range(g.width)] if texts else [2 * k + 1 for k in range(g.width)]
    place = g.node("ArgMax", g.at, axis=1)
    if g.rng.random() < 0.3:  # the place itself
        g.labels = list(range(g.width))
        g.label = g.node("Reshape", place, g.constant(np.int64([-1])))
        return
    table = g.constant(np.array(g.labels, object if texts else np.int64))
    label = g.node("ArrayFeatureExtractor", table, place, domain="ai.onnx.ml")
    g.label = g.node("Reshape", label, g.constant(np.int64([-1])))


def clip(g):
    low, high = pick(g.rng, None, 0.0, -0.5), pick(g.rng, None, 6.0, 0.5)
    if g.opset < 11:
        return g.grow("Clip", **{n: v for n, v in (("min", low), ("max", high)) if v is not None})
    inputs = [g.at] + [g.constant(np.float32(v)) if v is not None else "" for v in (low, high)]
    while inputs[-1] == "":
        inputs.pop()
    g.grow("Clip", *inputs)


def gelu(g):
    x = g.at
    form = pick(g.rng, "operator", "erf", "tanh")
    if form == "operator" and g.opset >= 20:
        return g.grow("Gelu", **pick(g.rng, {}, {"approximate": "none"}, {"approximate": "tanh"}))
    number = lambda v: g.constant(np.float32(v))
    if form == "tanh":
        cube = g.node("Mul", g.node("Mul", x, x), x) if g.rng.random() < 0.5 else g.node("Pow", x, number(3))
        inner = g.node("Add", x, g.node("Mul", number(0.044715), cube))
        step = g.node("Tanh", g.node("Mul", number(np.sqrt(2 / np.pi)), inner))
    else:
        step = g.node("Erf", g.node("Div", x, number(np.sqrt(2))) if g.rng.random() < 0.5 else g.node("Mul", x, number(np.sqrt(0.5))))
    one = g.node("Add", step, number(1))
    if g.rng.random() < 0.5:
        g.grow("Mul", g.node("Mul", x, one), number(0.5))
    else:
        g.grow("Mul", g.node("Mul", number(0.5), x), one)


def softmax(g):
    g.grow(pick(g.rng, "Softmax", "Softmax", "LogSoftmax"), **pick(g.rng, {}, {"axis": 1}, {"axis": -1}))


def batch_norm(g):
    positive = (0.3 + g.rng.random(g.width)).astype(np.float32)
    inputs = [g.at, g.weights(g.width) + 1, g.weights(g.width), g.weights(g.width), positive]
    given = pick(g.rng, {}, {"epsilon": 1e-3}, {"momentum": 0.8})
    if g.opset >= 14 and g.rng.random() < 0.3:
        given = given | {"training_mode": 0}
    g.grow("BatchNormalization", g.at, *[g.constant(np.float32(c)) for c in inputs[1:]], **given)


def layer_norm(g):
    scale, bias = g.constant(np.float32(1 + 0.3 * g.weights(g.width))), g.constant(g.weights(g.width))
    if g.opset >= 17 and g.rng.random() < 0.7:
        given = pick(g.rng, {}, {"axis": -1}, {"axis": 1}, {"epsilon": 1e-3})
        return g.grow("LayerNormalization", *([g.at, scale, bias] if g.rng.random() < 0.7 else [g.at, scale]), **given)
    x = g.at
    g.axes("ReduceMean", [-1], 18)
    difference = g.node("Sub", x, g.at)
    g.at = g.node("Pow", difference, g.constant(np.float32(2))) if g.rng.random() < 0.6 else g.node("Mul", difference, difference)
    g.axes("ReduceMean", [-1], 18)
    root = g.node("Sqrt", g.node("Add", g.at, g.constant(np.float32(1e-5))))
    g.grow("Add", g.node("Mul", g.node("Div", difference, root), scale), bias)


def shapes(g):
    kind = pick(g.rng, "Identity", "Cast", "Flatten", "Reshape", "Dropout", "Squeeze")
    if kind == "Cast":
        g.grow("Cast", to=TensorProto.FLOAT)
    elif kind == "Flatten":
        g.grow("Flatten", **pick(g.rng, {}, {"axis": 1}))
    elif kind == "Reshape":
        g.grow("Reshape", g.at, g.constant(np.int64([pick(g.rng, -1, 0), g.width])))
    elif kind == "Dropout" and g.opset >= 12:
        inputs = [g.at, g.constant(np.float32(0.5)), g.constant(np.array(False))]
        g.grow("Dropout", *inputs[:g.rng.integers(1, 4)])
    elif kind == "Dropout":
        g.grow("Dropout", ratio=0.3)
    elif kind == "Squeeze":
        g.axes("Unsqueeze", [1])
        g.axes("Squeeze", [1])
    else:
        g.grow("Identity")


def cubes(g):
    """Rows as matrices for a while."""
    a, k = int(g.rng.integers(1, 5)), int(g.rng.integers(1, 5))
    g.grow("MatMul", g.at, g.constant(g.weights(g.width, a * k)))
    g.grow("Reshape", g.at, g.constant(np.int64([pick(g.rng, -1, 0), a, k])))
    for _ in range(int(g.rng.integers(1, 4))):
        kind = pick(g.rng, "MatMul", "Transpose", "softmax", "activation", "Add", "layer_norm", "Mul")
        if kind == "MatMul":
            width = int(g.rng.integers(1, 5))
            g.grow("MatMul", g.at, g.constant(g.weights(k, width)))
            k = width
        elif kind == "Transpose":
            g.grow("Transpose", perm=[0, 2, 1])
            a, k = k, a
        elif kind in ("Add", "Mul"):
            g.grow(kind, g.at, g.constant(pick(g.rng, g.weights(a, k), g.weights(a, 1), g.weights(k), g.weights(1, 1, k))))
        elif kind == "softmax":
            axis = pick(g.rng, 2, -1, 1 if g.opset < 13 else 2)  # a newer one over other axes than the last is refused
            g.grow(pick(g.rng, "Softmax", "LogSoftmax"), axis=axis)
        elif kind == "activation":
            activation(g)
        elif g.opset >= 17:
            axis = pick(g.rng, 1, -1, 2)
            shape = (a, k) if axis == 1 else (k,)
            g.grow("LayerNormalization", g.at, g.constant(1 + g.weights(*shape)), g.constant(g.weights(*shape)), axis=axis)
    g.width = a * k
    if g.rng.random() < 0.4:
        operator, axis = pick(g.rng, "ReduceMean", "ReduceSum", "ReduceMax"), int(g.rng.integers(1, 3))
        g.axes(operator, [axis], 13 if operator == "ReduceSum" else 18, keepdims=0)
        g.width = k if axis == 1 else a
    elif g.rng.random() < 0.5:
        g.grow("Flatten")
    else:
        g.grow("Reshape", g.at, g.constant(np.int64([-1, g.width])))


def reduce(g):
    """The mean or the sum of the columns, beside them or instead of them."""
    x, operator = g.at, pick(g.rng, "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceProd")
    g.axes(operator, [pick(g.rng, 1, -1)], 13 if operator == "ReduceSum" else 18, **pick(g.rng, {}, {"keepdims": 1}))
    if g.rng.random() < 0.5:
        g.grow("Concat", x, g.at, axis=1)
        g.width += 1
    else:
        g.grow("Sub", x, g.at)


BLOCKS = [gemm, gemm, gemm, matmul, matmul, arithmetic, residual, branches, activation, activation, activation, activation, softmax, batch_norm, layer_norm, shapes, reduce, rarer, several, choose, power, columns, scikit, cubes]


def standardise(g):
    """Columns brought to one scale, as settled by their bits."""
    offset, scale = g.weights(g.width), (0.5 + g.rng.random(g.width)).astype(np.float32)
    if g.rng.random() < 0.5:
        g.ml = True
        return g.grow("Scaler", domain="ai.onnx.ml", offset=offset.tolist(), scale=scale.tolist())
    g.grow("Sub", g.at, g.constant(offset))
    g.grow(pick(g.rng, "Div", "Mul"), g.at, g.constant(scale))


def trees(g):
    """A tree ensemble that reads the value. Its scores replace the value."""
    g.ml = True
    targets, count = int(g.rng.integers(1, 4)), int(g.rng.integers(1, 8))
    all_ = [make.tree(g.rng, g.width, int(g.rng.integers(1, 5)), make.MODES[:2], np.float32([0, 0.5])) for _ in range(count)]
    leaves = [{i: make.weights(g.rng, targets, "all", False) for i, n in enumerate(nodes) if n[0] == "LEAF"} for nodes in all_]
    g.grow("TreeEnsembleRegressor", domain="ai.onnx.ml", n_targets=targets, post_transform="NONE", aggregate_function="SUM", **make.lists(all_, leaves, "target"))
    g.width = targets


def mixed(g):
    """Trees behind a scaler, alone, in front of a network, or beside one."""
    x, width = g.at, g.width
    if g.rng.random() < 0.8:
        standardise(g)
    trees(g)
    kind = g.rng.integers(3)
    if kind == 1:
        grow(g, 1)
    elif kind == 2:
        at, count = g.at, g.width
        g.at, g.width = x, width
        grow(g, 2)
        g.grow("Concat", at, g.at, axis=1)
        g.width += count


def grow(g, blocks):
    for _ in range(blocks):
        pick(g.rng, *BLOCKS)(g)

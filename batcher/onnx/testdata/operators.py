"""The operators of ONNX on the numbers of bounded.py.

Each takes the evaluation, the node's attributes, and its inputs.
"""
import math

import numpy as np
from onnx import helper, numpy_helper

import bounded as b
from bounded import Choice, Number


def attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def wrap(array):
    return Number(array) if array.dtype.kind == "f" else Choice(array)


def choices(op, x, y):
    f = {"Add": np.add, "Mul": np.multiply, "Sub": np.subtract}[op]
    return Choice(f(x.value, y.value), x.free | y.free)


def axes_of(e, a, given, rank, default=None):
    axes = [int(x) for x in np.ravel(given.value)] if given is not None else a.get("axes", default)
    return tuple(x % rank for x in axes) if axes else tuple(range(rank))


def fold(f):
    def run(e, a, *inputs):
        x = inputs[0]
        for y in inputs[1:]:
            x = f(x, y)
        return x
    return run


def two(f):
    return lambda e, a, x, y: f(x, y)


def function(f, count=b.FUNCTION):
    return lambda e, a, x: b.monotone(x, f, count)


def number(x):
    """Where a choice is free, a number made of it is any."""
    return x if isinstance(x, Number) else Number(x.value.astype(np.float64), np.where(x.free, np.inf, 0))


def compare(f):
    def run(e, a, x, y):
        if isinstance(x, Choice) and isinstance(y, Choice):
            return Choice(f(x.value, y.value), x.free | y.free)
        x, y = number(x), number(y)
        near = ~(np.abs(x.value - y.value) > x.bound + y.bound) & (x.bound + y.bound > 0)
        return Choice(f(x.value, y.value), near)
    return run


def truth(f):
    return lambda e, a, x, y: Choice(f(x.value, y.value), x.free | y.free)


def largest(sign):
    def run(e, a, x, **_):
        axis, keep = a.get("axis", 0), a.get("keepdims", 1)
        v = sign * x.value
        v0 = np.where(np.isnan(v), -np.inf, v)
        best = v0.argmax(axis=axis) if not a.get("select_last_index") else v.shape[axis] - 1 - np.flip(v0, axis).argmax(axis=axis)
        at = np.expand_dims(best, axis)
        range_ = Number(v0, x.bound)
        rival = (range_.high() >= np.take_along_axis(range_.low(), at, axis)) & (np.arange(v.shape[axis]).reshape([-1 if i == axis % v.ndim else 1 for i in range(v.ndim)]) != at)
        loose = (x.bound > 0) | np.take_along_axis(x.bound > 0, at, axis)
        free = (rival & loose).any(axis=axis) | np.isnan(v).any(axis=axis)
        return Choice(np.expand_dims(best, axis) if keep else best, np.expand_dims(free, axis) if keep else free)
    return run


def post(name, x):
    if name in (b"NONE", "NONE"):
        return x
    if x.value.shape[1] == 1:
        return x
    if name == b"LOGISTIC":
        return b.monotone(x, lambda v: 1 / (1 + np.exp(-v)), absolute=2 * b.UNIT)
    if name == b"SOFTMAX":
        return b.softmax(x)
    raise NotImplementedError(name)


def extreme(f):
    """The largest or smallest. What onnxruntime makes of NaN among the numbers depends on its place."""
    def of(x, axes, keep):
        among = np.isnan(x.value).any(axis=axes, keepdims=keep)
        return Number(f(x.value, axis=axes, keepdims=keep), np.where(among, np.inf, x.bound.max(axis=axes, keepdims=keep)))
    return of


def reduce(f):
    def run(e, a, x, axes=None):
        return f(x, axes_of(e, a, axes, x.value.ndim), bool(a.get("keepdims", 1)))
    return run


def mean(x, axes, keep):
    return b.divide(b.total(x, axes, keep), Number(float(math.prod(x.value.shape[i] for i in axes))))


def reshape(shape):
    def f(v):
        return v.reshape([v.shape[i] if n == 0 else int(n) for i, n in enumerate(shape)])
    return f


def pieces(x, at, axis):
    return [x.shaped(lambda v: np.split(v, at, axis)[i]) for i in range(len(at) + 1)]


def softmax(log):
    def run(e, a, x):
        new = e.opset[""] >= 13
        axis = a.get("axis", -1 if new else 1)
        y = x if new else x.shaped(lambda v: v.reshape(math.prod(v.shape[:axis % v.ndim]) if axis else 1, -1))
        axis = axis if new else -1
        r = b.subtract(y, b.log_sum(y, (axis % y.value.ndim,), True, False)) if log else b.softmax(y, axis)
        return r.shaped(lambda v: v.reshape(x.value.shape))
    return run


def clip(e, a, x, low=None, high=None):
    low = low.value if low is not None else a.get("min", -b.GREATEST)
    high = high.value if high is not None else a.get("max", b.GREATEST)
    return b.select(x, lambda v: np.minimum(np.maximum(v, low), high))


def gemm(e, a, x, w, c=None):
    x = x.shaped(np.transpose) if a.get("transA") else x
    w = w.shaped(np.transpose) if a.get("transB") else w
    y = b.multiply(Number(a.get("alpha", 1.0)), b.dot(x, w))
    return y if c is None else b.add(y, b.multiply(Number(a.get("beta", 1.0)), c))


def layer_norm(e, a, x, scale, bias=None):
    axes = tuple(range(a.get("axis", -1) % x.value.ndim, x.value.ndim))
    d = b.subtract(x, mean(x, axes, True))
    # The spread of a few numbers is that of their differences from the first: without the error of the mean.
    v = mean(b.multiply(d, d), axes, True)
    y = b.multiply(b.divide(d, b.monotone(b.add(v, Number(np.float32(a.get("epsilon", 1e-5)))), np.sqrt, 1)), scale)
    return y if bias is None else b.add(y, bias)


def batch_norm(e, a, x, scale, bias, m, var):
    root = b.monotone(b.add(var, Number(np.float32(a.get("epsilon", 1e-5)))), np.sqrt, 1)
    y = b.multiply(b.divide(b.subtract(x, m), root), scale)
    # Folded into a factor and a term: the terms are as large as x and m times the factor.
    factor = b.divide(scale, root)
    error = 4 * b.UNIT * (np.abs(factor.value) * (b.finite(x.value) + np.abs(m.value)) + np.abs(bias.value))
    r = b.add(y, bias)
    return b.rounded(r.value, r.bound, error)


def gelu(e, a, x):
    if a.get("approximate", b"none") == b"tanh":
        y = b.steep(x, lambda v: 0.5 * v * (1 + np.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3))), 1.2)
    else:
        y = b.steep(x, lambda v: 0.5 * v * (1 + b.erf(v / math.sqrt(2))), 1.2)
    return Number(y.value, np.where(np.isneginf(x.value), np.inf, y.bound))  # the limit is 0, and the formula's answer NaN


def normalize(x, norm, axis):
    size = {"MAX": lambda: Number(np.fmax(np.fmax.reduce(x.value, axis=axis, keepdims=True), -b.GREATEST), x.bound.max(axis=axis, keepdims=True)),  # without NaN
            "L1": lambda: b.total(Number(np.abs(x.value), x.bound), (axis,), True),
            "L2": lambda: b.total(b.multiply(x, x), (axis,), True)}[norm]()
    if norm == "L2":  # onnxruntime takes the root of a quotient of squares
        y = root(b.divide(b.multiply(x, x), size))
        y = Number(np.copysign(y.value, x.value), y.bound)
    else:
        y = b.divide(x, size)
    zero = size.value == 0
    return Number(np.where(zero, x.value, y.value), np.where(zero & (size.bound == 0), x.bound, y.bound))


def cast(e, a, x):
    to = a["to"]
    if to in (1, 10, 11):
        if isinstance(x, Choice) and x.value.dtype.kind in "OUS":
            return Number(x.value.astype(np.float64), np.where(x.free, np.inf, 0))
        return number(x)
    if to == 8:
        return Choice(np.array([str(v) for v in x.value.ravel()], object).reshape(x.value.shape), x.free)
    if isinstance(x, Choice):
        return Choice(x.value.astype({9: bool, 6: np.int32, 7: np.int64}[to]), x.free)
    if to == 9:
        return Choice(x.value != 0, (np.abs(x.value) <= x.bound) & (x.bound > 0))
    whole = np.trunc(x.value)
    return Choice(np.where(np.isfinite(whole) & (np.abs(whole) < 2**31), whole, -2**31).astype(np.int64), ~(np.trunc(x.low()) == np.trunc(x.high())) & ~np.isnan(x.value))


def extract(e, a, x, at):
    at_flat = at.value.ravel()
    v = x.value.reshape(-1, x.value.shape[-1])[:, at_flat]
    if isinstance(x, Number):
        return Number(v, np.where(at.free.ravel(), np.inf, x.bound.reshape(-1, x.value.shape[-1])[:, at_flat]))
    return Choice(v, np.broadcast_to(at.free.ravel(), v.shape) | x.free.reshape(-1, x.value.shape[-1])[:, at_flat])


def label_encoder(e, a, x):
    keys = next(a[k] for k in ("keys_int64s", "keys_strings", "keys_floats") if k in a)
    kind = next(k for k in ("values_floats", "values_int64s", "values_strings") if k in a)
    table = dict(zip(keys, a[kind]))
    v = np.array([table.get(k, -0.0) for k in x.value.ravel().tolist()]).reshape(x.value.shape)
    free = x.free if isinstance(x, Choice) else x.bound > 0
    return Number(v, np.where(free, np.inf, 0)) if kind == "values_floats" else Choice(v, free)


def one_hot(e, a, x):
    free = x.free if isinstance(x, Choice) else x.bound > 0
    hot = np.trunc(x.value)[..., None] == np.array(a["cats_int64s"])
    return Number(np.float64(hot), np.where(free[..., None] & np.ones(hot.shape, bool), 1.0, 0.0))


def linear_classifier(e, a, x):
    labels = a.get("classlabels_ints") or a.get("classlabels_strings")
    w = np.float64(a["coefficients"]).reshape(-1, x.value.shape[1])
    s = b.add(b.dot(x, Number(w.T)), Number(np.float64(a.get("intercepts") or [0.0] * len(w))))
    best = largest(1)(e, {"axis": 1, "keepdims": 0}, s)
    if len(w) == 1:  # one score for two classes
        one = s.shaped(lambda v: v[:, 0])
        best = Choice((one.value > 0).astype(int), np.isnan(one.value) | ((np.abs(one.value) <= one.bound) & (one.bound > 0)))
        minus = b.negative(s) if a.get("post_transform") == b"LOGISTIC" else b.subtract(Number(1.0), s)
        s = Number(np.concatenate([minus.value, s.value], 1), np.concatenate([minus.bound, s.bound], 1))
        if a.get("post_transform") != b"LOGISTIC":
            a = a | {"post_transform": b"NONE"}
    table = np.array([x.decode() if isinstance(x, bytes) else x for x in labels], object if isinstance(labels[0], bytes) else np.int64)
    return Choice(table[best.value], best.free), post(a.get("post_transform", b"NONE"), s)


def linear_regressor(e, a, x):
    w = np.float64(a["coefficients"]).reshape(a.get("targets", 1), -1)
    s = b.dot(x, Number(w.T))
    s = b.add(s, Number(np.float64(a["intercepts"]))) if a.get("intercepts") else s
    return post(a.get("post_transform", b"NONE"), s)


def imputer(e, a, x):
    by = np.float64(a["imputed_value_floats"])
    missing = a.get("replaced_value_float", 0.0)
    gone = np.isnan(x.value) if math.isnan(missing) else x.value == missing
    near = ~gone & (np.abs(x.value - missing) <= x.bound) & (x.bound > 0)
    either = np.where(near | (gone & (x.bound > 0) & ~np.isnan(x.value)), np.abs(by - x.value) + x.bound, x.bound)
    return Number(np.where(gone, by, x.value), np.where(gone & (np.isnan(x.value) & np.isfinite(x.bound)), 0, either))


def scaler(e, a, x):
    return b.multiply(b.subtract(x, Number(np.float64(a["offset"]))), Number(np.float64(a["scale"])))


def slice_(e, a, x, starts=None, ends=None, axes=None, steps=None):
    get = lambda given, name: [int(v) for v in given.value.ravel()] if given is not None else a.get(name)
    starts, ends = get(starts, "starts"), get(ends, "ends")
    axes = get(axes, "axes") or list(range(len(starts)))
    steps = get(steps, "steps") or [1] * len(starts)
    at = [slice(None)] * x.value.ndim
    for s, t, axis, step in zip(starts, ends, axes, steps):
        at[axis] = slice(s, t if abs(t) < 2**31 else None, step)
    return x.shaped(lambda v: v[tuple(at)])


def split(e, a, x, given=None):
    axis, sizes = a.get("axis", 0), given.value if given is not None else a.get("split")
    if sizes is None:
        sizes = [x.value.shape[axis] // a["num_outputs"]] * a["num_outputs"]
    return pieces(x, list(np.cumsum(sizes)[:-1]), axis)


def constant(e, a):
    (name, value), = a.items()
    if name == "value":
        return wrap(numpy_helper.to_array(value))
    return wrap(np.array(value, np.float32 if "float" in name else np.int64))


def where(e, a, c, x, y):
    if isinstance(x, Number):
        v = np.where(c.value, x.value, y.value)
        either = np.maximum(np.abs(x.value - v) + x.bound, np.abs(y.value - v) + y.bound)
        either = np.where(np.isnan(either), np.inf, either)
        return Number(v, np.where(c.free, either, np.where(c.value, x.bound, y.bound)))
    return Choice(np.where(c.value, x.value, y.value), c.free | np.where(c.value, x.free, y.free))


def binarizer(e, a, x):
    t = np.float64(a.get("threshold", 0.0))
    near = ~(np.abs(x.value - t) > x.bound) & (x.bound > 0)
    return Number(x.value > t, np.where(near, np.maximum(1, np.where(np.isinf(x.bound), np.inf, 0)), 0))


def power(e, a, x, y):
    if np.ndim(y.value) == 0 or y.value.size == 1:
        p = float(y.value.ravel()[0])
        if p == 2:
            return b.multiply(x, x)
        if p == 0.5:
            return b.monotone(x, np.sqrt, 4)
        if p == 3:
            return b.monotone(x, lambda v: v * v * v, 4)
    return b.rounded(np.power(x.value, y.value), np.where((x.bound > 0) | (y.bound > 0), np.inf, 0), b.units(np.power(x.value, y.value), b.FUNCTION)) if np.any(x.bound) else b.monotone(y, lambda v: np.power(x.value, v))


def combine(f):
    def run(e, a, *inputs):
        x = inputs[0]
        for y in inputs[1:]:
            x = Number(f(x.value, y.value), np.maximum(x.bound, y.bound))
        return x
    return run


def concat(e, a, *inputs):
    axis = a["axis"]
    if isinstance(inputs[0], Choice):
        return Choice(np.concatenate([i.value for i in inputs], axis), np.concatenate([i.free for i in inputs], axis))
    return Number(np.concatenate([i.value for i in inputs], axis), np.concatenate([i.bound for i in inputs], axis))


def expand(v, axes):
    return np.expand_dims(v, axes)


def leaky(e, a, x):
    alpha = float(np.float32(a.get("alpha", 0.01)))
    return b.monotone(x, lambda v: np.where(v < 0, alpha * v, v), 1) if alpha >= 0 else b.steep(x, lambda v: np.where(v < 0, alpha * v, v), max(1, -alpha))


def elu(e, a, x):
    alpha = float(np.float32(a.get("alpha", 1.0)))
    return b.steep(x, lambda v: np.where(v < 0, alpha * np.expm1(v), v), max(1, alpha))


def hard_sigmoid(e, a, x):
    alpha, beta = float(np.float32(a.get("alpha", 0.2))), float(np.float32(a.get("beta", 0.5)))
    y = b.add(b.multiply(x, Number(alpha)), Number(beta))
    return b.select(y, lambda v: np.minimum(np.maximum(v, 0), 1))


def p_relu(e, a, x, slope):
    y = b.multiply(x, slope)
    v = np.where(x.value < 0, y.value, x.value)
    either = np.maximum(1, np.abs(slope.value)) * x.bound + b.units(v)
    return Number(v, np.where(x.value + x.bound < 0, y.bound, np.where(x.value - x.bound >= 0, x.bound, either)))


def steps(f):
    """Functions that rise in steps."""
    return lambda e, a, x: b.monotone(x, f, 0)


def selu(e, a, x):
    alpha, gamma = float(np.float32(a.get("alpha", 1.67326319))), float(np.float32(a.get("gamma", 1.05070102)))
    return b.steep(x, lambda v: gamma * np.where(v < 0, alpha * np.expm1(v), v), gamma * max(1, alpha))


def celu(e, a, x):
    alpha = float(np.float32(a.get("alpha", 1.0)))
    return b.steep(x, lambda v: np.where(v < 0, alpha * np.expm1(v / alpha), v), 1, 2 * b.FUNCTION)


def hard_swish(e, a, x):
    return b.steep(x, lambda v: v * np.minimum(np.maximum(v / 6 + 0.5, 0), 1), 1.5)


def mish(e, a, x):
    return b.steep(x, lambda v: v * np.tanh(np.logaddexp(0, v)), 1.1, 2 * b.FUNCTION)


def silu(e, a, x):
    y = b.steep(x, lambda v: v / (1 + np.exp(-v)), 1.1)
    return Number(y.value, np.where(np.isneginf(x.value), np.inf, y.bound))


def thresholded(e, a, x):
    t = float(np.float32(a.get("alpha", 1.0)))
    near = (np.abs(x.value - t) <= x.bound) & (x.bound > 0)
    return Number(np.where(x.value > t, x.value, 0), np.where(near, np.abs(t) + x.bound + np.abs(x.value), np.where(x.value > t, x.bound, np.where(np.isinf(x.bound), np.inf, 0))))


def absolute(x):
    return Number(np.abs(x.value), x.bound)


def average(e, a, *inputs):
    return b.divide(fold(b.add)(e, a, *inputs), Number(float(len(inputs))))


def root(x):
    return b.monotone(x, lambda v: np.sqrt(np.maximum(v, 0)), 1)


def product(x, axes, keep):
    r = x.shaped(lambda v: np.take(v, 0, axes[0]))
    for i in range(1, x.value.shape[axes[0]]):
        r = b.multiply(r, x.shaped(lambda v: np.take(v, i, axes[0])))
    return r.shaped(lambda v: np.expand_dims(v, axes[0])) if keep else r


class Operators:
    Add, Sub, Mul, Div = two(b.add), two(b.subtract), two(b.multiply), two(b.divide)
    MatMul, Gemm, Sum = two(b.dot), gemm, fold(b.add)
    Neg = lambda e, a, x: b.negative(x)
    Abs = lambda e, a, x: absolute(x)
    Floor, Ceil, Round, Sign = steps(np.floor), steps(np.ceil), steps(np.round), steps(np.sign)
    Selu, Celu, HardSwish, Mish, Swish, ThresholdedRelu, PRelu, Mean = selu, celu, hard_swish, mish, silu, thresholded, p_relu, average
    Softsign = lambda e, a, x: b.monotone(x, lambda v: v / (1 + np.abs(v)))
    Relu = lambda e, a, x: b.select(x, lambda v: np.maximum(v, 0))
    LeakyRelu, Elu, HardSigmoid, Clip = leaky, elu, hard_sigmoid, clip
    Tanh, Exp, Erf = function(np.tanh), function(np.exp), function(b.erf)
    Sigmoid = function(lambda v: 1 / (1 + np.exp(-v)))
    Softplus = function(lambda v: np.logaddexp(0, v))
    Log, Sqrt = function(np.log), function(np.sqrt, 1)
    Reciprocal = lambda e, a, x: b.divide(Number(1.0), x)
    Pow, Max, Min = power, combine(np.maximum), combine(np.minimum)
    Gelu, Softmax, LogSoftmax = gelu, softmax(False), softmax(True)
    BatchNormalization, LayerNormalization = batch_norm, layer_norm
    LpNormalization = lambda e, a, x: normalize(x, {1: "L1", 2: "L2"}[a.get("p", 2)], a.get("axis", -1) % x.value.ndim)
    ReduceSum, ReduceMean, ReduceLogSumExp = reduce(b.total), reduce(mean), reduce(b.log_sum)
    ReduceMax, ReduceMin = reduce(extreme(np.max)), reduce(extreme(np.min))
    ReduceProd = reduce(product)
    ReduceSumSquare = reduce(lambda x, axes, keep: b.total(b.multiply(x, x), axes, keep))
    ReduceL1 = reduce(lambda x, axes, keep: b.total(absolute(x), axes, keep))
    ReduceL2 = reduce(lambda x, axes, keep: root(b.total(b.multiply(x, x), axes, keep)))
    Identity = lambda e, a, x: x
    Dropout = lambda e, a, x, ratio=None, training=None: x
    Cast, Where, Concat, Split, Slice, Constant = cast, where, concat, split, slice_, constant
    Flatten = lambda e, a, x: x.shaped(lambda v: v.reshape(math.prod(v.shape[:a.get("axis", 1)]), -1))
    Reshape = lambda e, a, x, shape=None: x.shaped(reshape(shape.value))
    Squeeze = lambda e, a, x, axes=None: x.shaped(lambda v: v.squeeze(axes_of(e, a, axes, v.ndim)))
    Unsqueeze = lambda e, a, x, axes=None: x.shaped(lambda v: expand(v, axes_of(e, a, axes, v.ndim + len(a.get("axes") or axes.value))))
    Transpose = lambda e, a, x: x.shaped(lambda v: np.transpose(v, a.get("perm")))
    Gather = lambda e, a, x, at: x.shaped(lambda v: np.take(v, at.value, a.get("axis", 0)))
    Shape = lambda e, a, x: Choice(np.int64(x.value.shape))
    ConstantOfShape = lambda e, a, shape: wrap(np.full(shape.value, numpy_helper.to_array(a["value"])[0]))
    Equal, Less, Greater = compare(np.equal), compare(np.less), compare(np.greater)
    LessOrEqual, GreaterOrEqual = compare(np.less_equal), compare(np.greater_equal)
    Not = lambda e, a, x: Choice(~x.value, x.free)
    And, Or, Xor = truth(np.logical_and), truth(np.logical_or), truth(np.logical_xor)
    IsNaN = lambda e, a, x: Choice(np.isnan(x.value), np.isinf(x.bound))
    Expand = lambda e, a, x, shape: x.shaped(lambda v: np.broadcast_to(v, np.broadcast_shapes(v.shape, tuple(shape.value))))
    FeatureVectorizer = lambda e, a, *inputs: concat(e, {"axis": 1}, *inputs)
    ArgMax, ArgMin = largest(1), largest(-1)
    ArrayFeatureExtractor, LabelEncoder, ZipMap = extract, label_encoder, lambda e, a, x: x
    OneHotEncoder = one_hot
    LinearRegressor, LinearClassifier = linear_regressor, linear_classifier
    Imputer, Scaler, Binarizer = imputer, scaler, binarizer
    Normalizer = lambda e, a, x: normalize(x, a.get("norm", b"MAX").decode(), 1)

"""Arithmetic in float64 that carries how far float32 arithmetic may end from it.

A Number has exact values and, for each, a bound. Each operation adds to the bounds of what it reads
the error of its own: one unit (2**-24 of the value) for an addition or a product, K + 2 units of the
sum of magnitudes for a dot product of K terms in any order, 4 units for a function such as exp.
Where float32 may overflow the bound is inf: any answer is right.
"""
import math

import numpy as np

UNIT = 2.0 ** -24
LEAST = 2.0 ** -149
GREATEST = float(np.finfo(np.float32).max)
FUNCTION = 4


class Number:
    def __init__(self, value, bound=None):
        self.value = np.asarray(value, np.float64)
        self.bound = np.zeros(self.value.shape) if bound is None else np.broadcast_to(bound, self.value.shape)

    def shaped(self, f):
        """Moves values with f, which changes none."""
        return Number(f(self.value), f(self.bound))

    def low(self):
        return np.where(np.isinf(self.bound), -np.inf, self.value - self.bound)

    def high(self):
        return np.where(np.isinf(self.bound), np.inf, self.value + self.bound)


class Choice:
    """Integers, truths or texts. Where free, float32 arithmetic may choose another."""

    def __init__(self, value, free=None):
        self.value = np.asarray(value)
        self.free = np.zeros(self.value.shape, bool) if free is None else np.broadcast_to(free, self.value.shape)

    def shaped(self, f):
        return Choice(f(self.value), f(self.free))


def times(a, b):
    """A product with a bound. An infinite one stays so: the answer may be NaN."""
    return np.where(np.isinf(a) | np.isinf(b), np.inf, a * b)


def finite(a):
    return np.where(np.isfinite(a), np.abs(a), 0)


def rounded(value, bound, error):
    """A result with the bounds that it was given, and an error of its own."""
    value = np.asarray(value, np.float64)
    bound = np.broadcast_to(np.where(np.isnan(bound), np.inf, bound), value.shape)
    sure = np.isfinite(value)
    bound = np.where(sure, bound + np.where(sure, error, 0), np.where(np.isinf(bound), np.inf, 0))
    return Number(value, np.where(sure & (np.abs(value) + bound > GREATEST), np.inf, bound))


def units(value, count=1):
    return count * (UNIT * finite(value) + LEAST)


def add(a, b):
    v = a.value + b.value
    return rounded(v, a.bound + b.bound, units(v))


def negative(a):
    return Number(-a.value, a.bound)


def subtract(a, b):
    return add(a, negative(b))


def multiply(a, b):
    v = a.value * b.value
    bound = times(finite(a.value), b.bound) + times(finite(b.value), a.bound) + times(a.bound, b.bound)
    return rounded(v, bound, units(v))


def divide(a, b):
    v = a.value / b.value
    least = np.abs(b.value) - b.bound
    bound = np.where(b.bound + a.bound == 0, 0, np.where(least > 0, (a.bound + times(finite(v), b.bound)) / np.where(least > 0, least, 1), np.inf))
    return rounded(v, np.where(np.isinf(b.value) & (b.bound == 0) & np.isfinite(a.value), 0, bound), units(v))


def dot(a, b):
    """The matrix product a @ b."""
    v = a.value @ b.value
    k = a.value.shape[-1]
    big = finite(a.value) @ finite(b.value)
    infinite = np.isinf(a.bound).any(axis=-1, keepdims=b.value.ndim > 1) | np.isinf(b.bound).any()
    bound = finite(a.value) @ finite(b.bound) + finite(a.bound) @ (finite(b.value) + finite(b.bound))
    r = rounded(v, np.where(infinite, np.inf, bound), (k + 2) * (UNIT * big + LEAST))
    return Number(r.value, np.where(np.isfinite(v) & (big + bound > GREATEST), np.inf, r.bound))


def total(a, axis, keep):
    """The sum along an axis, in any order."""
    v = a.value.sum(axis=axis, keepdims=keep)
    k = math.prod(a.value.shape[i] for i in axis)
    big = finite(a.value).sum(axis=axis, keepdims=keep)
    r = rounded(v, a.bound.sum(axis=axis, keepdims=keep), (k + 1) * (UNIT * big + LEAST))
    return Number(r.value, np.where(np.isfinite(v) & (big > GREATEST), np.inf, r.bound))


def monotone(a, f, count=FUNCTION, absolute=0.0):
    """f of a value lies between f of the ends, for f that rises or falls everywhere."""
    v, low, high = f(a.value), f(a.low()), f(a.high())
    bound = np.where(a.bound == 0, 0, np.fmax(np.abs(low - v), np.abs(high - v)))
    bound = np.where(np.isinf(a.bound) | (a.bound > 0) & (np.isnan(low) | np.isnan(high)), np.inf, bound)
    return rounded(v, bound, units(v, count) + absolute)


def steep(a, f, slope, count=FUNCTION):
    """f whose slope is bounded, and whose terms are as large as a or f(a)."""
    v = f(a.value)
    return rounded(v, slope * a.bound, units(v, count) + units(a.value, count))


def select(a, f):
    """Minimum, maximum and clipping with constants: no error of its own."""
    return Number(f(a.value), a.bound)


erf = np.vectorize(math.erf, otypes=[np.float64])


def exponential(a):
    return monotone(a, np.exp)


def softmax(a, axis=-1):
    """exp(a - max) / sum: relative errors of a difference, of exp and of the sum."""
    m = a.value.max(axis=axis, keepdims=True)
    e = np.exp(a.value - m)
    v = e / e.sum(axis=axis, keepdims=True)
    relative = np.expm1(a.bound + a.bound.max(axis=axis, keepdims=True) + UNIT * finite(a.value - m)) + UNIT * (a.value.shape[axis] + 2 * FUNCTION)
    relative = np.where(np.isinf(a.value) & (a.bound == 0) & (v == 0), 0, relative)
    bound = np.where(np.isinf(a.bound).any(axis=axis, keepdims=True), np.inf, np.minimum(times(v, relative), 1))
    return rounded(v, bound, LEAST * 4)


def log_sum(a, axis, keep, shift=True):
    """log(sum(exp)). The largest value is taken out first, an infinite one only if shift is false."""
    m = a.value.max(axis=axis, keepdims=True)
    m0 = np.where(np.isfinite(m), m, 0) if shift else m
    v = np.log(np.exp(a.value - m0).sum(axis=axis, keepdims=True)) + m0
    k = math.prod(a.value.shape[i] for i in axis)
    r = rounded(v, a.bound.max(axis=axis, keepdims=True), units(v, 2) + units(m0, 2) + UNIT * (k + 2 * FUNCTION))
    return r if keep else r.shaped(lambda x: x.squeeze(axis))

"""Checks of the arrays that callers pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._errors import RowsError
from ._wire import Model

Floats = npt.NDArray[np.float32]
_LITTLE = np.dtype("<f4")


def as_rows(x: Any, dim: int, cast: bool) -> Floats:
    """Return x as it can be sent: float32, C-contiguous, a row or a matrix of rows."""
    if type(x) is not np.ndarray or x.dtype is not _LITTLE or not x.flags.c_contiguous:
        if cast:
            x = np.ascontiguousarray(x, _LITTLE)
        elif type(x) is not np.ndarray or x.dtype != _LITTLE or not x.flags.c_contiguous:
            raise TypeError(_why_not(x))
    shape = x.shape
    if not 1 <= len(shape) <= 2 or shape[-1] != dim:
        raise RowsError(f"the rows have shape {shape}: ({dim},) for one row or (n, {dim}) is allowed")
    return x  # type: ignore[no-any-return]


def _why_not(x: Any) -> str:
    if not isinstance(x, np.ndarray):
        what = f"{type(x).__module__}.{type(x).__qualname__}".removeprefix("builtins.")
    elif x.dtype != _LITTLE:
        what = f"an array of {x.dtype}"
    elif not x.flags.c_contiguous:
        what = "an array that is not C-contiguous"
    else:
        what = f"a subclass of numpy.ndarray, {type(x).__qualname__}"
    return (
        f"the rows are {what}: a C-contiguous numpy array of float32 is sent without a copy;"
        " make one with numpy.ascontiguousarray(x, 'float32'), or let score do it with cast=True"
    )


def scores_for(rows: Floats, model: Model, out: Floats | None) -> Floats:
    """Return out if the scores of rows fit into it, or a new array."""
    shape = rows.shape[:-1]
    if model.outputs > 1 or not shape:
        shape += (model.outputs,)
    if out is None:
        return np.empty(shape, _LITTLE)
    if not isinstance(out, np.ndarray) or out.dtype != _LITTLE or not (out.flags.c_contiguous and out.flags.writeable):
        raise TypeError("out must be a C-contiguous, writeable numpy array of float32")
    if out.shape != shape:
        raise RowsError(f"out has shape {out.shape}: the scores have shape {shape}")
    if np.may_share_memory(rows, out):
        raise RowsError("out shares memory with the rows: scores would be written over rows that are not scored yet")
    return out


def as_bytes(a: Floats) -> memoryview:
    """Return the memory of a, without a copy."""
    return a.data.cast("B") if a.size else memoryview(b"")

"""Compares served scores with those of the library that has trained the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._rows import Floats


@dataclass(frozen=True)
class Comparison:
    """What verify has found.

    rows: how many were compared
    differ: how many of them have a score whose bits are not those of the library, as float32
    first: the first of these, or -1
    largest: the largest difference between two scores
    """

    rows: int
    differ: int
    first: int
    largest: float

    def __str__(self) -> str:
        if not self.differ:
            return f"all {self.rows} rows have the library's scores, bit for bit"
        return f"{self.differ} of {self.rows} rows differ, first row {self.first}, by at most {self.largest:g}"


def compare(served: Floats, expected: Any) -> Comparison:
    """Compare two matrices of scores."""
    want = np.ascontiguousarray(expected, np.float32).reshape(len(served), -1)
    have = np.ascontiguousarray(served).reshape(len(served), -1)
    if want.shape != have.shape:
        raise ValueError(f"the server gives {have.shape[1]} scores per row and the model {want.shape[1]}: do both give the same output?")
    same = (have.view(np.uint32) == want.view(np.uint32)) | (np.isnan(have) & np.isnan(want))
    rows = np.flatnonzero(~same.all(axis=1))
    largest = float(np.abs(have.astype(np.float64) - want)[~same].max()) if len(rows) else 0.0
    return Comparison(len(served), len(rows), int(rows[0]) if len(rows) else -1, largest)


def expected(model: Any, rows: Floats, kind: str) -> Any:
    """Return what a fitted model of LightGBM, XGBoost or scikit-learn says of rows, as scores of this kind."""
    libraries = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    if "lightgbm" in libraries:
        booster = getattr(model, "booster_", model)
        return _scores(booster.predict(rows, raw_score=kind == "raw"), kind)
    if "xgboost" in libraries:
        import xgboost

        booster = model.get_booster() if hasattr(model, "get_booster") else model
        return _scores(booster.predict(xgboost.DMatrix(rows), output_margin=kind == "raw"), kind)
    if "sklearn" in libraries:
        if kind == "class":
            return model.predict(rows)
        return model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
    raise TypeError(f"the model is a {type(model).__qualname__}: a fitted model of LightGBM, XGBoost or scikit-learn is allowed")


def _scores(predicted: Any, kind: str) -> Any:
    """Return scores, or the classes that they say are most likely."""
    if kind != "class":
        return predicted
    return predicted.argmax(axis=1) if predicted.ndim == 2 else predicted > 0.5

"""Measures Local beside the library that trained the model: one thread each, the same rows, in turns.

    python client/python/bench_local.py FOLDER

Models and rows are those of server/bench/engines, which trains what FOLDER does not have yet. It needs LightGBM, XGBoost and
CatBoost, and a daemon that Local finds.
"""

from __future__ import annotations

import argparse
import importlib
import pathlib
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import disrust

ENGINES = pathlib.Path(__file__).resolve().parents[2] / "server" / "bench" / "engines"
SIZES = (1, 64, 1024, 20_000)
ROUNDS, SECONDS = 5, 0.2


def library(name: str, file: pathlib.Path) -> Callable[[Any], Any]:
    """Return the call of the library that scores rows soonest on one thread, as its users make it."""
    kind = name.partition("-")[0]
    module: Any = importlib.import_module(kind)
    if kind == "lightgbm":
        booster = module.Booster(model_file=file)
        return lambda rows: booster.predict(rows, raw_score=True, num_threads=1)
    if kind == "xgboost":
        booster = module.Booster({"nthread": 1}, model_file=file)
        return lambda rows: booster.inplace_predict(rows, predict_type="margin")
    regressor = module.CatBoostRegressor().load_model(str(file))
    return lambda rows: regressor.predict(rows, prediction_type="RawFormulaVal", thread_count=1)


def seconds(call: Callable[[Any], Any], rows: Any, size: int) -> float:
    """Return the time for a call, over calls with other rows each."""
    calls, at, begin = 0, 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < SECONDS:
        call(rows[at : at + size])
        calls, at = calls + 1, at + size if at + 2 * size <= len(rows) else 0
    return spent / calls


def measure(name: str, file: pathlib.Path, rows: Any) -> None:
    with disrust.Local(file, output="raw", flags=["--io-threads", "1", "--batch-threads", "0"]) as local:
        ways: list[Callable[[Any], Any]] = [library(name, file), local.score]
        first, second = (np.asarray(way(rows), "float32").ravel() for way in ways)
        assert np.array_equal(first, second), f"{name}: the scores differ"
        for size in SIZES:
            spent: list[list[float]] = [[], []]
            for _ in range(ROUNDS):
                for each, way in zip(spent, ways, strict=True):
                    each.append(seconds(way, rows, size))
            theirs, ours = (statistics.median(each) * 1e6 for each in spent)
            print(f"| {name} | {size:,} | {theirs:,.1f} | {ours:,.1f} | {theirs / ours:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder: pathlib.Path = parser.parse_args().folder
    sys.path.insert(0, str(ENGINES))
    models: Any = importlib.import_module("models")
    folder.mkdir(exist_ok=True)
    models.write_rows(folder)
    print("| model | rows in a call | library, us | Local, us | library / Local |\n|---|---|---|---|---|")
    for name, model in models.MODELS.items():
        if model.exact:
            if failed := models.make(folder, name, model):
                sys.exit(f"{name}: {failed}")
            measure(name, folder / name / model.file, models.read_rows(folder))


if __name__ == "__main__":
    main()

"""Compares this engine with LightGBM's and XGBoost's own C calls, one thread each.

    python batcher/forest/bench/compare.py FOLDER

It runs in the root of the repository, with lightgbm 4.7.0, xgboost-cpu 3.2.0 and numpy, and needs about three
minutes. The first time it trains one model of each library and draws rows; all of that stays in FOLDER. No row is
scored twice in succession: a processor that sees a row again predicts each branch of a plain walk.

The libraries and the engine take turns. The table has the median of the rounds, and the least and the most.
"""
import ctypes
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import lightgbm
import numpy as np
import xgboost

ROUNDS = 5
SECONDS = 0.2  # of one measurement
SIZES = 1, 8, 64, 1024  # rows per call
DIM, TREES, TRAINED, SCORED = 128, 500, 60_000, 4096


def features(random, rows):
    """Columns of four kinds, as tables have them: normal, heavy-tailed, small whole numbers, and mostly zero."""
    x = random.standard_normal((rows, DIM))
    x[:, 1::4] = np.exp(x[:, 1::4])
    x[:, 2::4] = np.floor(np.exp(x[:, 2::4]))
    x[:, 3::4] *= random.random((rows, DIM // 4)) < 0.3
    return x.astype(np.float32)


def target(random, x):
    """Some columns matter much more than others, and some pairs together. A third is noise with heavy tails."""
    y = np.tanh(x) @ random.exponential(1, DIM) ** 2
    for i in range(0, DIM, 8):
        y += 2 * x[:, i] * np.sin(x[:, i + 1]) + (x[:, i + 2] > 2) * x[:, i + 3]
    return y + 0.5 * y.std() * random.standard_t(3, len(y))


def train(folder):
    random = np.random.default_rng(1)
    x = features(random, TRAINED)
    y = target(random, x)
    np.save(folder / "rows.npy", features(random, SCORED))
    parameters = {"objective": "regression", "num_leaves": 31, "seed": 1, "verbose": -1}
    lightgbm.train(parameters, lightgbm.Dataset(x, y), TREES).save_model(folder / "lightgbm.txt")
    parameters = {"objective": "reg:squarederror", "max_depth": 6, "tree_method": "hist", "seed": 1}
    xgboost.train(parameters, xgboost.DMatrix(x, y), TREES).save_model(folder / "xgboost.json")


def library(package, pattern):
    return ctypes.CDLL(str(next(pathlib.Path(package.__file__).parent.glob(pattern))))


class LightGBM:
    """The fast calls for one row, and else the call for a matrix."""

    name, model = "LightGBM", "lightgbm.txt"

    def __init__(self, file, rows):
        self.c, self.rows = library(lightgbm, "**/lib_lightgbm.*"), rows
        self.booster, self.fast, out = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int()
        self.c.LGBM_BoosterCreateFromModelfile(str(file).encode(), ctypes.byref(out), ctypes.byref(self.booster))
        raw, float32 = 1, 0
        self.c.LGBM_BoosterPredictForMatSingleRowFastInit(
            self.booster, raw, 0, -1, float32, DIM, b"num_threads=1", ctypes.byref(self.fast))
        self.count, self.scores = ctypes.c_int64(), np.empty(max(SIZES))

    def calls(self, size):
        """A function and what it is called with, for one call after the other."""
        answer = ctypes.byref(self.count), ctypes.c_void_p(self.scores.ctypes.data)
        at = [ctypes.c_void_p(self.rows[i:].ctypes.data) for i in range(0, SCORED, size)]
        if size == 1:
            return self.c.LGBM_BoosterPredictForMatSingleRowFast, [(self.fast, row, *answer) for row in at]
        shape = 0, size, DIM, 1, 1, 0, -1, b"num_threads=1"  # float32, row after row, raw scores of all trees
        return self.c.LGBM_BoosterPredictForMat, [(self.booster, row, *shape, *answer) for row in at]


class XGBoost:
    """The call behind inplace_predict."""

    name, model = "XGBoost", "xgboost.json"

    def __init__(self, file, rows):
        self.c, self.rows, self.booster = library(xgboost, "lib/*xgboost.*"), rows, ctypes.c_void_p()
        self.c.XGBoosterCreate(None, 0, ctypes.byref(self.booster))
        self.c.XGBoosterLoadModel(self.booster, str(file).encode())
        self.c.XGBoosterSetParam(self.booster, b"nthread", b"1")
        self.out = ctypes.c_void_p(), ctypes.c_uint64(), ctypes.c_void_p()

    def calls(self, size):
        margin = {"type": 1, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False,
                  "missing": float("nan"), "cache_id": 0}
        answer = json.dumps(margin).encode(), None, *map(ctypes.byref, self.out)
        each = []
        for i in range(0, SCORED, size):
            array = {"data": [self.rows[i:].ctypes.data, True], "shape": [size, DIM], "typestr": "<f4", "version": 3}
            each.append((self.booster, json.dumps(array).encode(), *answer))
        return self.c.XGBoosterPredictFromDense, each


def measure(call, each):
    """Seconds per call."""
    for arguments in each[:100]:
        if call(*arguments):
            sys.exit("the library refuses the call")
    count, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        for arguments in each:
            call(*arguments)
        count += len(each)
    return took / count


def engine(test, model, rows):
    """Nanoseconds per row of this engine, for each size."""
    ran = subprocess.run(
        [test, "-test.run", "^$", "-test.bench", "^BenchmarkScore$", "-test.benchtime", f"{SECONDS}s"],
        env={**os.environ, "MODEL": str(model), "ROWS": str(rows), "GOMAXPROCS": "1"},
        cwd="batcher/forest", check=True, capture_output=True, text=True).stdout
    return {int(size): float(took) for size, took in re.findall(r"^BenchmarkScore/(\d+)\S*\s.*?([\d.]+) ns/row", ran, re.M)}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "xgboost.json").exists():
        train(folder)
    subprocess.run(["go", "test", "-c", "-o", folder / "forest.test", "."], cwd="batcher/forest", check=True)
    rows = np.ascontiguousarray(np.load(folder / "rows.npy"))
    contenders = [kind(folder / kind.model, rows) for kind in (LightGBM, XGBoost)]
    took = {}
    for _ in range(ROUNDS):
        for c in contenders:
            for size in SIZES:
                took.setdefault((c.name, size, "library"), []).append(measure(*c.calls(size)) / size * 1e6)
            for size, nanos in engine(folder / "forest.test", folder / c.model, folder / "rows.npy").items():
                took.setdefault((c.name, size, "engine"), []).append(nanos / 1e3)
    print("| us per row | rows per call | the library | this engine | times as fast |\n|---|---|---|---|---|")
    for c in contenders:
        for size in SIZES:
            both = [took[c.name, size, who] for who in ("library", "engine")]
            cells = [f"{statistics.median(t):.2f} ({min(t):.2f} to {max(t):.2f})" for t in both]
            print(f"| {c.name} | {size} | {cells[0]} | {cells[1]} | {statistics.median(both[0]) / statistics.median(both[1]):.1f} |")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())

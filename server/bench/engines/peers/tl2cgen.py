"""tl2cgen compiles trees that treelite has read, by way of C. Its function takes a row, and is called for each.

Its own predictor for a matrix does the same: in a batch of one thread, it takes as long.
"""
import ctypes

import numpy as np
import tl2cgen
import treelite

from calls import FromC


def read(folder):
    if (folder / "model.txt").exists():
        return treelite.frontend.load_lightgbm_model(str(folder / "model.txt"))
    return treelite.frontend.load_xgboost_model(str(folder / "model.json"))


def prepare(folder, file):
    tl2cgen.export_lib(read(folder), toolchain="gcc", libpath=str(file), params={"parallel_comp": 32})


class Peer:
    call = "C: predict of the compiled library, row by row"

    def __init__(self, folder, rows):
        file = folder / "tl2cgen.so"
        about = tl2cgen.Predictor(str(file), nthread=1)
        self.rows = rows.astype(about.threshold_type)  # its union of a feature and a mark has this size
        self.score = np.zeros(1, about.leaf_output_type)
        arguments = [(row, 1, self.score) for row in self.rows]  # 1: raw scores
        self.row = FromC(ctypes.CDLL(str(file)).predict, arguments, 1, lambda: self.score, checked=False)

    def calls(self, size, parts):
        return RowByRow(self.row, size)


class RowByRow:
    def __init__(self, row, size):
        self.row, self.size = row, size

    def answers(self, i):
        return np.concatenate([self.answer(i * self.size + k) for k in range(self.size)])

    def answer(self, row):
        self.row.scores()[:] = 0  # the function adds to it
        return self.row.answers(row)

    def time(self, seconds):
        return self.row.time(seconds) * self.size

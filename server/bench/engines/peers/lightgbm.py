"""LightGBM's own C API: the call that is made for single rows, and the one for a matrix."""
import ctypes
import pathlib

import lightgbm
import numpy as np

from calls import FromC


class Peer:
    call = "C: LGBM_BoosterPredictForMatSingleRowFast, for more rows PredictForMat"

    def __init__(self, folder, rows):
        self.rows, self.scores = rows, np.zeros(1024)
        self.c = ctypes.CDLL(str(next(pathlib.Path(lightgbm.__file__).parent.glob("**/lib_lightgbm.*"))))
        self.booster, self.fast, out = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int()
        self.check(self.c.LGBM_BoosterCreateFromModelfile(
            str(folder / "model.txt").encode(), ctypes.byref(out), ctypes.byref(self.booster)))
        raw, float32 = 1, 0
        self.check(self.c.LGBM_BoosterPredictForMatSingleRowFastInit(
            self.booster, raw, 0, -1, float32, rows.shape[1], b"num_threads=1", ctypes.byref(self.fast)))
        self.count = ctypes.c_int64()

    def check(self, failed):
        if failed:
            self.c.LGBM_GetLastError.restype = ctypes.c_char_p
            raise RuntimeError(self.c.LGBM_GetLastError().decode())

    def calls(self, size, parts):
        if size == 1:
            function = self.c.LGBM_BoosterPredictForMatSingleRowFast
            arguments = [(self.fast, part, self.count, self.scores) for part in parts]
        else:
            function = self.c.LGBM_BoosterPredictForMat
            shape = 0, size, self.rows.shape[1], 1, 1, 0, -1, b"num_threads=1"  # float32, row after row, raw, all trees
            arguments = [(self.booster, part, *shape, self.count, self.scores) for part in parts]
        return FromC(function, arguments, size, lambda: self.scores[:size])

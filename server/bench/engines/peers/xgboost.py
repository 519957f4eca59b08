"""XGBoost's own C API: the call behind inplace_predict, which makes no DMatrix. All its JSON is made beforehand."""
import ctypes
import json
import pathlib

import xgboost

from calls import FromC


class Peer:
    call = "C: XGBoosterPredictFromDense (inplace)"

    def __init__(self, folder, rows):
        self.rows, self.booster = rows, ctypes.c_void_p()
        self.c = ctypes.CDLL(str(next(pathlib.Path(xgboost.__file__).parent.glob("lib/*xgboost.*"))))
        self.check(self.c.XGBoosterCreate(None, 0, ctypes.byref(self.booster)))
        self.check(self.c.XGBoosterLoadModel(self.booster, str(folder / "model.json").encode()))
        self.check(self.c.XGBoosterSetParam(self.booster, b"nthread", b"1"))
        self.shape, self.dimensions = ctypes.c_void_p(), ctypes.c_uint64()
        self.scores = ctypes.POINTER(ctypes.c_float)()

    def check(self, failed):
        if failed:
            self.c.XGBGetLastError.restype = ctypes.c_char_p
            raise RuntimeError(self.c.XGBGetLastError().decode())

    def calls(self, size, parts):
        margin = json.dumps({"type": 1, "training": False, "iteration_begin": 0, "iteration_end": 0,
                             "strict_shape": False, "missing": float("nan"), "cache_id": 0}).encode()
        shape = ctypes.c_void_p(ctypes.addressof(self.shape))
        arguments = []
        for part in parts:
            array = {"data": [part.ctypes.data, True], "shape": list(part.shape), "typestr": "<f4", "version": 3}
            arguments.append((self.booster, json.dumps(array).encode(), margin, None, shape, self.dimensions, self.scores))
        return FromC(self.c.XGBoosterPredictFromDense, arguments, size, lambda: self.scores[:size])

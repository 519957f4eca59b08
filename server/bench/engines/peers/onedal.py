"""oneDAL by daal4py, which makes its own model from the library's. It scores in float32, on one thread."""
import importlib

import daal4py
import daal4py.mb

from calls import FromPython


def booster(folder):
    """The library's model. Each file is read by its own library."""
    if (folder / "model.txt").exists():
        return importlib.import_module("lightgbm").Booster(model_file=str(folder / "model.txt"))
    if (folder / "model.json").exists():
        return importlib.import_module("xgboost").Booster(model_file=str(folder / "model.json"))
    return importlib.import_module("catboost").CatBoost().load_model(str(folder / "model.cbm"))


class Peer:
    call = "Python: gbt_regression_prediction(fptype='float').compute"

    def __init__(self, folder, rows):
        daal4py.daalinit(1)
        self.rows, self.model = rows, daal4py.mb.convert_model(booster(folder)).daal_model_

    def calls(self, size, parts):
        algorithm = daal4py.gbt_regression_prediction(fptype="float")  # it is bound to the size of its first call
        return FromPython(lambda part: algorithm.compute(part, self.model).prediction, [(part,) for part in parts], size)

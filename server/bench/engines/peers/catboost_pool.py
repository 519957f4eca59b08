"""CatBoost's innermost call from Python, for Pools that were made beforehand: what a server cannot do."""
import catboost
import numpy as np

from calls import FromPython


class Peer:
    call = "Python: _base_predict, from a Pool that is there"

    def __init__(self, folder, rows):
        self.rows, self.model = rows, catboost.CatBoost().load_model(str(folder / "model.cbm"))

    def calls(self, size, parts):
        return FromPython(self.predict, [(catboost.Pool(np.asfortranarray(part)),) for part in parts], size)

    def predict(self, pool):
        return self.model._base_predict(pool, "RawFormulaVal", 0, 0, 1, False, "CPU")

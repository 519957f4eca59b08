"""CatBoost's predict on a NumPy array, on one thread. It makes a Pool of the rows in each call."""
import catboost
import numpy as np

from calls import FromPython


class Peer:
    call = "Python: predict, from an array in Fortran's order"

    def __init__(self, folder, rows):
        self.rows, self.model = rows, catboost.CatBoost().load_model(str(folder / "model.cbm"))

    def calls(self, size, parts):
        return FromPython(self.predict, [(np.asfortranarray(part),) for part in parts], size)

    def predict(self, part):
        return self.model.predict(part, prediction_type="RawFormulaVal", thread_count=1)

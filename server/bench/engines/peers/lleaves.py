"""lleaves compiles a LightGBM model with LLVM. The compiled function is called from C, with rows in float64."""
import ctypes

import lleaves
import numpy as np

from calls import FromC


def compiled(folder, file):
    model = lleaves.Model(model_file=str(folder / "model.txt"))
    model.compile(cache=str(file), raw_score=True)
    return model


prepare = compiled


class Peer:
    call = "C: the compiled function, rows in float64"

    def __init__(self, folder, rows):
        self.model, self.rows = compiled(folder, folder / "lleaves.bin"), rows.astype(np.float64)
        self.function = self.model._execution_engine.get_function_address("forest_root")

    def calls(self, size, parts):
        scores = np.zeros(size)
        arguments = [(part, scores, 0, size) for part in parts]
        return FromC(ctypes.c_void_p(self.function), arguments, size, lambda: scores, checked=False)

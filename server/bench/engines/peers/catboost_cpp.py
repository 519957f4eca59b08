"""The C++ that CatBoost writes for a model (save_model with format="cpp"), compiled with all optimizations."""
import ctypes
import subprocess

import numpy as np

from calls import FromC

CALL = """
extern "C" void scores(const float *rows, int count, int dim, double *scores) {
	static std::vector<float> row;
	for (int i = 0; i < count; i++) {
		row.assign(rows + i * dim, rows + (i + 1) * dim);
		scores[i] = ApplyCatboostModel(row);
	}
}
"""


def prepare(folder, file):
    source = (folder / "model.cpp").read_text() + CALL
    subprocess.run(["g++", "-O3", "-march=native", "-shared", "-fPIC", "-x", "c++", "-", "-o", str(file)],
                   input=source, text=True, check=True)


class Peer:
    call = "C++: ApplyCatboostModel of the exported model, row by row"

    def __init__(self, folder, rows):
        self.rows, self.function = rows, ctypes.CDLL(str(folder / "catboost_cpp.so")).scores

    def calls(self, size, parts):
        scores = np.zeros(size)
        arguments = [(part, size, part.shape[1], scores) for part in parts]
        return FromC(self.function, arguments, size, lambda: scores, checked=False)

"""onnxruntime's C API: Run with input and output in place, one thread. The library lies in the Python package."""
import ctypes
import pathlib

import numpy as np
import onnxruntime

from calls import FromC

# Places of functions in OrtApi, a struct that only grows (onnxruntime_c_api.h).
ERROR, ENVIRONMENT, SESSION, RUN, OPTIONS, INTRA, INTER, TENSOR, MEMORY = 2, 3, 7, 9, 10, 24, 25, 49, 69
FLOAT = 1


class Peer:
    call = "C: Run, into a tensor of the caller's"

    def __init__(self, folder, rows):
        if not (folder / "model.onnx").exists():
            raise RuntimeError("the model is not there in ONNX: its converter is not installed")
        self.rows = rows
        self.names = self.ends(folder / "model.onnx")
        self.api = self.functions()
        environment, options, self.session, self.memory = (ctypes.c_void_p() for _ in range(4))
        self.do(ENVIRONMENT, 3, b"run", ctypes.byref(environment))
        self.do(OPTIONS, ctypes.byref(options))
        self.do(INTRA, options, 1)
        self.do(INTER, options, 1)
        self.do(SESSION, environment, str(folder / "model.onnx").encode(), options, ctypes.byref(self.session))
        self.do(MEMORY, 0, 0, ctypes.byref(self.memory))

    @staticmethod
    def ends(file):
        """The names of the input, and of the output with the scores."""
        session = onnxruntime.InferenceSession(file)
        return [(ctypes.c_char_p * 1)(end[0].name.encode()) for end in (session.get_inputs(), session.get_outputs())]

    @staticmethod
    def functions():
        file = next((pathlib.Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"))
        base = ctypes.CDLL(str(file)).OrtGetApiBase
        base.restype = ctypes.POINTER(ctypes.c_void_p)
        get = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint32)(base()[0])
        return get(14)  # a version with all that is called here

    def do(self, place, *arguments):
        status = ctypes.CFUNCTYPE(ctypes.c_void_p)(self.api[place])(*arguments)
        if status:
            message = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)(self.api[ERROR])
            raise RuntimeError(message(status).decode())

    def tensor(self, array):
        value, shape = ctypes.c_void_p(), (ctypes.c_int64 * array.ndim)(*array.shape)
        self.do(TENSOR, self.memory, ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes), shape,
                ctypes.c_size_t(array.ndim), FLOAT, ctypes.byref(value))
        return (ctypes.c_void_p * 1)(value.value)

    def calls(self, size, parts):
        scores = np.zeros((size, 1), np.float32)
        output = self.tensor(scores)
        arguments = [(self.session, None, self.names[0], self.tensor(part), 1, self.names[1], 1, output) for part in parts]
        return FromC(ctypes.c_void_p(self.api[RUN]), arguments, size, lambda: scores)

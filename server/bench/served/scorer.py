"""A model's probabilities, by LightGBM or by ONNX Runtime, on the calling thread."""

import os

import numpy as np

DIM = 128


def load(folder, engine):
    """Returns a function from rows, float32 of shape (n, 128), to n scores in float32."""
    return {"lightgbm": lightgbm, "onnx": onnx}[engine](folder)


def lightgbm(folder):
    import lightgbm

    booster = lightgbm.Booster(model_file=os.path.join(folder, "model.txt"))
    return lambda rows: booster.predict(rows, num_threads=1).astype(np.float32)


def onnx(folder):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda rows: session.run(["probabilities"], {name: rows})[0][:, 1]

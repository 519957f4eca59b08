"""Trains the model and writes what the peers and the generator share: prepare.py FOLDER [TREES]

model.txt   a LightGBM model: binary, 128 features, 500 trees (or TREES) of 31 leaves
model.onnx  the same in ONNX
rows.f32    4,096 rows, float32
scores.f32  LightGBM's probability of each, rounded to float32

What is there already stays.
"""

import os
import sys

import lightgbm
import numpy as np

DIM, LEAVES, ROWS = 128, 31, 4096


def features(count, seed):
    """Columns of several kinds: normal, in quarter steps, and with a long tail."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, DIM))
    rows[:, 1::4] = np.round(4 * rows[:, 1::4]) / 4
    rows[:, 3::4] = np.exp(rows[:, 3::4])
    return rows.astype(np.float32)


def labels(rows, seed):
    """What the trees learn: weights on half of the columns, two products and noise."""
    random = np.random.default_rng(seed)
    score = rows[:, : DIM // 2] @ random.standard_normal(DIM // 2) / 4
    score += np.sin(3 * rows[:, 0]) * rows[:, 4] + rows[:, 8] * np.log(rows[:, 11])
    return score - np.median(score) + random.standard_normal(len(rows)) / 2 > 0


def train(name, trees):
    rows = features(120 * trees, 1)
    parameters = dict(objective="binary", num_leaves=LEAVES, learning_rate=0.05, num_threads=2, seed=1, verbose=-1)
    lightgbm.train(parameters, lightgbm.Dataset(rows, labels(rows, 2)), trees).save_model(name)


def convert(booster, name):
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    kind = [("rows", FloatTensorType([None, DIM]))]
    model = onnxmltools.convert_lightgbm(booster, initial_types=kind, zipmap=False, target_opset=15)
    with open(name, "wb") as f:
        f.write(model.SerializeToString())


def main(folder, trees="500"):
    os.makedirs(folder, exist_ok=True)
    file = lambda name: os.path.join(folder, name)
    if not os.path.exists(file("model.txt")):
        train(file("model.txt"), int(trees))
    booster = lightgbm.Booster(model_file=file("model.txt"))
    if not os.path.exists(file("model.onnx")):
        try:
            convert(booster, file("model.onnx"))
        except ImportError as e:
            print(f"there is no model.onnx: {e}", file=sys.stderr)
    rows = features(ROWS, 3)
    rows.tofile(file("rows.f32"))
    booster.predict(rows).astype(np.float32).tofile(file("scores.f32"))


main(*sys.argv[1:])

"""Train a model with LightGBM, score with disrust in its place, and compare the bits."""

import lightgbm
import numpy

import disrust

x = numpy.random.default_rng(1).normal(size=(10_000, 8)).astype("float32")
booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, x[:, 0] * x[:, 1] > 0), 100)
booster.save_model("model.txt")

with disrust.Local("model.txt", output="raw") as model:
    scores = model.score(x)
    comparison = model.verify(booster, x)

assert numpy.array_equal(scores, booster.predict(x, raw_score=True).astype("float32"))
print(comparison)
assert comparison.differ == 0

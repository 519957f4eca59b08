"""BentoML: POST /score takes {"rows": [[...], ...]} and gives a list of scores.

FOLDER=... WORKERS=N python -m bentoml serve bento_app:Scorer
"""

import os
from typing import Annotated

import bentoml
import numpy as np
from bentoml.validators import DType, Shape

import scorer

Rows = Annotated[np.ndarray, DType("float32"), Shape((-1, scorer.DIM))]


@bentoml.service(
    workers=int(os.environ["WORKERS"]),
    traffic={"timeout": 30, "max_concurrency": 4096},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class Scorer:
    def __init__(self):
        self.scores = scorer.load(os.environ["FOLDER"], "lightgbm")

    @bentoml.api
    async def score(self, rows: Rows) -> np.ndarray:
        return self.scores(rows)

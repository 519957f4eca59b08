"""FastAPI: POST /score takes packed float32 rows and gives packed scores.

FOLDER=... ENGINE=lightgbm|onnx python -m uvicorn fastapi_app:app
"""

import os

import numpy as np
from fastapi import FastAPI, Request, Response

import scorer

score = scorer.load(os.environ["FOLDER"], os.environ["ENGINE"])
app = FastAPI()


@app.post("/score")
async def answer(request: Request):
    rows = np.frombuffer(await request.body(), np.float32).reshape(-1, scorer.DIM)
    return Response(score(rows).tobytes(), media_type="application/octet-stream")

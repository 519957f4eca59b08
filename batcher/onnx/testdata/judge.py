"""Writes a model with rows, onnxruntime's answers, and what float64 arithmetic makes of the rows.

    rows.npy                 float32
    raw.npy                  onnxruntime's float outputs side by side, with one thread
    exact.npy, bound.npy     the same outputs in float64, and how far an answer may lie from them:
                             0 where the operators settle each bit, which are then onnxruntime's,
                             and inf where float32 may overflow
    class.npy                the index of the label, or -1 where the best scores are too near
    about.json               the estimator, the operators, and judge: bits or bound
"""
import json
import os

import numpy as np

from bounded import Number
from evaluate import Evaluation, session

HARD = np.float32([0, -0.0, 1e-45, -1e-40, np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-20, 1e6, -1e6, 1e4, -300, 0.5, 1, 2, 3])


class Unsure(Exception):
    """Trees read every row so near a threshold that float32 arithmetic may take either side."""


def hard_rows(rng, count, dim, missing, splits=()):
    """Ordinary rows, and rows with numbers put in that are hard on arithmetic."""
    rows = rng.normal(size=(count, dim)).astype(np.float32) * np.float32(rng.choice([0.5, 1, 1, 3]))
    usual = HARD[np.isfinite(HARD)]
    usual = np.concatenate([usual[np.abs(usual) < 1e5]] + [np.float32(splits)])
    some = rng.random(rows.shape) < 0.2
    rows = np.where(some & (np.arange(count) % 3 == 1)[:, None], rng.choice(usual, rows.shape), rows)
    values = HARD if missing else HARD[np.isfinite(HARD)]
    rows = np.where(some & (np.arange(count) % 6 == 5)[:, None], rng.choice(values, rows.shape), rows)
    return rows.astype(np.float32)


def matrix(value, count, labels):
    if isinstance(value, list):
        return np.float32([[row[k] for k in labels] for row in value])
    if len(value) != count:
        raise ValueError(f"{len(value)} rows of answers for {count} rows")
    return np.asarray(value, np.float32).reshape(count, -1)


def write(folder, model, rows, about, labels=None, keep=40):
    """labels are those of the model's own list, in its order."""
    name = model.graph.input[0].name
    e = Evaluation(model, rows)
    sure = np.flatnonzero(~e.unsure)[:keep]
    rows = rows[sure]
    if not len(rows):
        raise Unsure
    s = session(model)
    raw, exact, bound, label = [], [], [], None
    for output, answer in zip(s.get_outputs(), s.run(None, {name: rows})):
        value = e.values[output.name]
        if not isinstance(value, Number):
            label = value
            continue
        raw.append(matrix(answer, len(rows), labels))
        shape = len(e.rows), -1
        if output.name in e.settled:
            exact.append(np.float64(raw[-1]))
            bound.append(np.zeros(raw[-1].shape))
        else:
            exact.append(value.value.reshape(shape)[sure])
            bound.append(value.bound.reshape(shape)[sure])
    os.makedirs(folder, exist_ok=True)
    if label is not None and labels is not None:
        chosen, free = label.value.reshape(len(e.rows), -1)[sure, 0], label.free.reshape(len(e.rows), -1)[sure, 0]
        index = {k: i for i, k in enumerate(labels)}
        np.save(os.path.join(folder, "class.npy"), np.int32([-1 if f else index[c] for c, f in zip(chosen.tolist(), free)]))
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString(deterministic=True))
    for file, array in dict(rows=rows, raw=np.concatenate(raw, 1), exact=np.concatenate(exact, 1), bound=np.concatenate(bound, 1)).items():
        np.save(os.path.join(folder, file + ".npy"), array)
    bits = not np.concatenate(bound, 1).any()
    about |= {"judge": "bits" if bits else "bound", "opset": {o.domain or "ai.onnx": o.version for o in model.opset_import}, "operators": sorted({n.op_type for n in model.graph.node})}
    with open(os.path.join(folder, "about.json"), "w") as f:
        json.dump(about, f, indent=1)
        f.write("\n")

"""Scores with one peer and one model for run.py: worker.py PEER FOLDER/MODEL ROWS

It prints "ready CALL" or "missing WHY", and then answers each line:
    time SIZE SECONDS        "ok MICROSECONDS": of a row, in calls of SIZE rows
    answers SIZE ROWS FILE   "ok": the scores of the first rows are in the file, in float64
with "error WHY" if it cannot. worker.py --prepare PEER FOLDER/MODEL FILE has the peer make the file that it loads.
"""
import importlib
import os
import pathlib
import sys

import numpy as np

import calls
import models


class Worker:
    def __init__(self, peer, rows):
        self.peer, self.rows, self.calls = peer, rows, {}

    def of(self, size):
        if size not in self.calls:
            parts = [self.rows[i:i + size] for i in range(0, len(self.rows) - size + 1, size)]
            self.calls[size] = self.peer.calls(size, parts)
        return self.calls[size]

    def answer(self, words):
        what, size = words[0], int(words[1])
        if what == "time":
            return f"ok {self.of(size).time(float(words[2])) / size * 1e6:.6f}"
        scores = [self.of(size).answers(i) for i in range(int(words[2]) // size)]
        np.concatenate(scores).tofile(words[3])
        return "ok"


def main(name, model, rows):
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no reply
    calls.use(pathlib.Path(rows).parent / "bin" / "repeat.so")
    try:
        kind = importlib.import_module("peers." + name).Peer
        peer = kind(model, models.read_rows(pathlib.Path(rows).parent))
        worker = Worker(peer, peer.rows)
    except Exception as failed:
        print("missing", one_line(failed), file=replies)
        return
    print("ready", peer.call, file=replies)
    for line in sys.stdin:
        try:
            print(worker.answer(line.split()), file=replies)
        except Exception as failed:
            print("error", one_line(failed), file=replies)


def one_line(failed):
    return " ".join(f"{type(failed).__name__}: {failed}".split())[:300]


if __name__ == "__main__":
    if sys.argv[1] == "--prepare":
        importlib.import_module("peers." + sys.argv[2]).prepare(*map(pathlib.Path, sys.argv[3:]))
    else:
        main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])

"""Compares the engines of one model: starts them, verifies their answers, and lets them take turns."""
import pathlib
import sys
import tempfile

import numpy as np

import prepare
import registry
import workers

SIZES = 1, 8, 64, 1024  # rows per call
CLOSE = 1e-5  # of 1 + the answer
STRAYS = 0.01  # of the rows that a peer may answer otherwise: its format has float32 splits, or its sums another order


class Contender:
    """An engine that takes part, with its times in microseconds per row, by size."""

    def __init__(self, engine, worker):
        self.engine, self.worker = engine, worker
        self.answers, self.times = "", {size: [] for size in SIZES}


class Comparison:
    def __init__(self, folder, name, model, options, missing):
        self.folder, self.name, self.model, self.options = folder, name, model, options
        self.missing = dict(missing)  # why a program is missing
        self.contenders, self.absent = [], []

    def run(self):
        self.start()
        try:
            self.verify()
            for i in range(self.options.rounds):
                self.round(i)
        finally:
            for c in self.contenders:
                c.worker.stop()

    def leave_out(self, engine, why):
        if engine.name == "disrust":
            sys.exit(f"disrust, {self.name}: {why}")
        print(f"{self.name}: without {engine.full_title()}: {why}", file=sys.stderr, flush=True)
        self.absent.append({"engine": engine.full_title(), "why": why})

    def start(self):
        logs = self.folder / "log"
        logs.mkdir(exist_ok=True)
        for engine in registry.engines_for(self.name, self.model, self.options.engines):
            why = self.missing.get(engine.name.split("-")[0], "") if not engine.module else ""
            if engine.compiled and not why:
                why = prepare.compile_model(engine, self.folder / self.name, self.options.patience)
            if why:
                self.leave_out(engine, why)
                continue
            command = workers.command(engine, self.folder, self.name, self.model, registry.leaves(self.model))
            try:
                worker = workers.Worker(command, self.options.cpu, logs / f"{self.name}-{engine.name}.log")
            except workers.Failed as failed:
                self.leave_out(engine, str(failed))
                continue
            self.contenders.append(Contender(engine, worker))

    def verify(self):
        """Has each engine score some rows in calls of each size. One that is wrong takes no part."""
        want = np.fromfile(self.folder / self.name / "answers.f64")
        for c in list(self.contenders):
            if c.engine.name == "floor":
                c.answers = "own trees"
                continue
            try:
                c.answers = judge(self.scores(c), want, c.engine.ours, self.model.exact)
            except workers.Failed as failed:
                self.drop(c, failed)

    def drop(self, c, failed):
        c.worker.stop()
        self.contenders.remove(c)
        if c.engine.ours:
            sys.exit(f"{c.engine.full_title()}, {self.name}: {failed}")
        self.leave_out(c.engine, str(failed))

    def scores(self, c):
        """The scores of the first rows, for each size."""
        with tempfile.TemporaryDirectory() as scratch:
            file = pathlib.Path(scratch) / "scores"
            for size in SIZES:
                c.worker.ask("answers", size, min(2048, 256 * size), file)
                yield np.fromfile(file)

    def round(self, i):
        print(f"{self.name}: round {i + 1} of {self.options.rounds}", file=sys.stderr, flush=True)
        for size in SIZES:
            for c in self.contenders[::-1 if i % 2 else 1]:  # there and back: a drift of the machine meets all
                try:
                    c.times[size].append(c.worker.time(size, self.options.seconds))
                except workers.Failed as failed:
                    self.drop(c, failed)


def judge(scores, want, ours, exact):
    """Says how the scores of each size agree with the library's. Raises Failed if they do not."""
    equal, strays, rows = True, 0, 0
    for some in scores:
        right = want[:len(some)]
        off = ~(np.abs(some - right) <= CLOSE * (1 + np.abs(right)))  # so that NaN is off
        equal &= np.array_equal(some.astype(np.float32), right.astype(np.float32))
        if off.sum() > (0 if ours else STRAYS * len(some)):
            raise workers.Failed(f"wrong answers: {off.sum()} of {len(some)} rows, the first is row {off.argmax()}: "
                                 f"{some[off.argmax()]}, and not {right[off.argmax()]}")
        strays, rows = max(strays, off.sum()), max(rows, len(some))
    if ours and exact and not equal:
        raise workers.Failed("its bits are not those of the library")
    return "bits" if equal else f"{strays} of {rows} rows differ" if strays else "within 1e-5"

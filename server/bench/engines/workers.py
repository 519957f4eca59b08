"""A worker is a process in which one engine scores with one model, pinned to the CPU that all workers share."""
import os
import pathlib
import select
import subprocess
import sys

import prepare

HERE = pathlib.Path(__file__).parent
PATIENCE = 120  # seconds that a library may take for an answer
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Failed(Exception):
    pass


class Worker:
    """call says which call scores. The constructor raises Failed, with the reason, if the engine cannot."""

    def __init__(self, command, cpu, log):
        self.log = log
        with open(log, "w") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1,
                env={**os.environ, **ONE_THREAD}, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        try:
            self.call = self.read("ready")
        except Failed:
            self.stop()
            raise

    def ask(self, *words):
        try:
            print(*words, file=self.process.stdin)
        except BrokenPipeError:
            pass  # read says why
        return self.read("ok")

    def read(self, good):
        """Reads a reply and returns what follows its first word, which must be good."""
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise Failed(f"no answer in {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            told = prepare.told(self.log.read_text(errors="replace"))
            raise Failed(f"the process ended with {self.process.wait()}: {told}")
        word, _, rest = line.strip().partition(" ")
        if word != good:
            raise Failed(rest)
        return rest

    def time(self, size, seconds):
        """Microseconds per row. A tenth of the time is for the caches, which the engine before had."""
        self.ask("time", size, seconds / 10)
        return float(self.ask("time", size, seconds))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def command(engine, folder, name, model, leaves):
    """The command that starts the worker of an engine."""
    program, rows = folder / "bin" / engine.name.split("-")[0], folder / "rows.f32"
    if engine.module:
        return [sys.executable, HERE / "worker.py", engine.module, folder / name, rows]
    if engine.name == "floor":
        return [program, str(model.trees), str(leaves)]
    return [program, folder / name / model.file, rows, *([engine.kernel] if engine.kernel else [])]

"""Runs the examples for data sets in a cgroup with a memory limit, and compares every score with the library's.

    python client/python/bench_datasets.py FOLDER

It needs Linux, root for the cgroup, Java 17, a daemon that disrust finds, LightGBM, Ray and Spark. FOLDER keeps what it makes: the
model, a data set of 4.1 GiB, and the last scores. An example, its engine, its workers and the daemon have 1 GiB together, which the
pages of files count to. The same example runs again with a stand-in for disrust that scores with LightGBM's predict.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import lightgbm
import numpy as np
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

LIMIT = 1 << 30
DIM, FILES, GROUPS, ROWS = 128, 256, 4, 8192  # features, files, groups of rows in each file, rows in each group
CPUS = 2
PATIENCE = 30  # seconds for processes to end
EXAMPLES = pathlib.Path(__file__).resolve().parent / "examples" / "datasets"

STAND_IN = """
import functools, types, lightgbm

@functools.cache
def shared(model, output):
    booster = lightgbm.Booster(model_file=model)
    return types.SimpleNamespace(score=lambda rows: booster.predict(rows, raw_score=True, num_threads=1).astype("float32"))
"""

ENGINES = {
    "Ray Data": [sys.executable, str(EXAMPLES / "ray_data.py"), "--cpus", str(CPUS)],
    "Spark": [
        str(pathlib.Path(sys.executable).parent / "spark-submit"),
        *("--master", f"local[{CPUS}]", "--driver-memory", "512m", "--driver-java-options", "-XX:+UseSerialGC"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.execution.arrow.maxRecordsPerBatch=4096"),
        str(EXAMPLES / "spark.py"),
    ],
}
ENVIRONMENT = {
    "PYSPARK_PYTHON": sys.executable,
    "RAY_USAGE_STATS_ENABLED": "0",
    # Memory that a process has freed goes back to the kernel: Ray runs a dozen of them.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


def make(folder: pathlib.Path, trees: int) -> None:
    """Make the model, the data set, and the scores that LightGBM gives it outside of any engine, unless they are there."""
    if (folder / "expected.npy").exists():
        return
    shutil.rmtree(folder / "data", ignore_errors=True)  # a part of it
    (folder / "data").mkdir(parents=True)
    random = np.random.default_rng(1)
    x = random.standard_normal((20_000, DIM), "float32")
    y = np.tanh(x) @ random.exponential(1, DIM) ** 2 + 2 * x[:, 0] * np.sin(x[:, 1])
    booster = lightgbm.train({"num_leaves": 31, "verbose": -1, "seed": 1}, lightgbm.Dataset(x, y), trees)
    booster.save_model(folder / "model.txt")
    names = ["id", *(f"f{i}" for i in range(DIM))]
    expected = np.empty((FILES, GROUPS * ROWS), "float32")
    for file in range(FILES):
        columns = random.standard_normal((DIM, GROUPS * ROWS), "float32")
        columns[columns > 2.3] = np.nan  # one in a hundred
        expected[file] = booster.predict(columns.T, raw_score=True)
        ids = np.arange(file * GROUPS * ROWS, (file + 1) * GROUPS * ROWS)
        table = pyarrow.table([ids, *columns], names=names)
        to = folder / "data" / f"{file:03}.parquet"
        pyarrow.parquet.write_table(table, to, row_group_size=ROWS, compression="none", use_dictionary=False)
    np.save(folder / "expected.npy", expected.ravel())


def forget(data: pathlib.Path) -> None:
    """Have the kernel drop the pages of files, so that the next who reads them pays for them."""
    for path in data.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Cgroup:
    """A cgroup with a memory limit and without swap, of version 1 or 2, in which processes have CPUS processors."""

    def __init__(self) -> None:
        root = pathlib.Path("/sys/fs/cgroup")
        new = (root / "cgroup.controllers").exists()
        self.path = (root if new else root / "memory") / f"disrust-{os.getpid()}"
        limits = {"memory.max": LIMIT, "memory.swap.max": 0} if new else {"memory.limit_in_bytes": LIMIT, "memory.memsw.limit_in_bytes": LIMIT}
        self._events, self._own = ("memory.events", ("anon", "shmem")) if new else ("memory.oom_control", ("total_rss", "total_shmem"))
        try:
            if new:
                (root / "cgroup.subtree_control").write_text("+memory")
            self.path.mkdir()
            for name, limit in limits.items():
                if "sw" not in name or (self.path / name).exists():  # a kernel may keep no account of swap
                    (self.path / name).write_text(str(limit))
        except OSError as error:
            sys.exit(f"no cgroup with a memory limit can be made: {error}")

    def join(self) -> None:
        (self.path / "cgroup.procs").write_text(str(os.getpid()))
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])

    def processes(self) -> list[int]:
        return [int(pid) for pid in (self.path / "cgroup.procs").read_text().split()]

    def used(self) -> int:
        """Return the bytes that processes have, without pages of files, which the kernel takes back when it needs them."""
        stat = dict(line.split() for line in (self.path / "memory.stat").read_text().splitlines())
        return sum(int(stat[name]) for name in self._own)

    def kills(self) -> int:
        """Return how many processes the kernel has killed for want of memory."""
        found = re.search(r"^oom_kill (\d+)", (self.path / self._events).read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1])

    def left(self) -> list[str]:
        """Wait until all processes have ended by themselves, and return the commands of those that have not."""
        patience = time.monotonic() + PATIENCE
        while self.processes() and time.monotonic() < patience:
            time.sleep(0.05)
        return [command(pid) for pid in self.processes()]

    def remove(self) -> None:
        while left := self.processes():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self.path.rmdir()


def command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def daemons(processes: list[int]) -> set[int]:
    """Return those of these processes that are daemons of disrust."""
    found = set()
    for pid in processes:
        with contextlib.suppress(OSError):
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "disrust\n":
                found.add(pid)
    return found


def run(folder: pathlib.Path, engine: str, data: pathlib.Path, library: bool) -> tuple[float, int]:
    """Run an example, check its scores, and return rows a second and the most bytes that its processes have had."""
    forget(data)
    rows = len(list(data.iterdir())) * GROUPS * ROWS
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    environment = {**os.environ, **ENVIRONMENT}
    if library:
        (folder / "stand-in").mkdir(exist_ok=True)
        (folder / "stand-in" / "disrust.py").write_text(STAND_IN)
        environment["PYTHONPATH"] = str(folder / "stand-in")
    cgroup, seen, used = Cgroup(), set[int](), 0
    try:
        with (folder / "log").open("w+") as log:
            example = subprocess.Popen(
                [*ENGINES[engine], str(folder / "model.txt"), str(data), str(out)],
                stdout=log, stderr=subprocess.STDOUT, env=environment, preexec_fn=cgroup.join,
            )  # fmt: skip
            while example.poll() is None:
                seen |= daemons(cgroup.processes())
                used = max(used, cgroup.used())
                time.sleep(0.1)
            log.seek(0)
            said = log.read()
        found = re.search(r"scored in ([\d.]+) s", said)
        if example.returncode or found is None or cgroup.kills():
            sys.exit(f"{engine} ended with {example.returncode}, and the kernel has killed {cgroup.kills()} processes:\n{said}")
        if left := cgroup.left():
            sys.exit(f"{engine} has ended, and these live on: {left}")
    finally:
        cgroup.remove()
    check(folder, out, rows)
    if len(seen) != (0 if library else 1):
        sys.exit(f"{engine}: the workers have used {len(seen)} daemons")
    return rows / float(found[1]), used


def check(folder: pathlib.Path, out: pathlib.Path, rows: int) -> None:
    """Check that each row has one score, whose bits are those of LightGBM."""
    table = pyarrow.dataset.dataset(out).to_table()
    ids, scores = table["id"].to_numpy(), table["score"].to_numpy()
    order = np.argsort(ids)
    if not np.array_equal(ids[order], np.arange(rows)):
        sys.exit(f"{out} has not one score for each of {rows} rows")
    expected = np.load(folder / "expected.npy")[:rows]
    differ = int((scores[order].view("uint32") != expected.view("uint32")).sum())
    if differ:
        sys.exit(f"{differ} of {rows} scores are not LightGBM's")


def measure(folder: pathlib.Path, engine: str, data: pathlib.Path, library: bool) -> float:
    """Run an example, say what it has taken, and return rows a second."""
    speed, used = run(folder, engine, data, library)
    print(f"{engine}, {'LightGBM' if library else 'disrust'}: {speed:,.0f} rows/s, {used / 2**20:,.0f} MiB at most without pages of files", flush=True)
    return speed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--trees", type=int, default=500, help="of 31 leaves (500)")
    parser.add_argument("--library-files", type=int, default=FILES, help=f"how many files of {FILES} LightGBM's predict scores (all)")
    args = parser.parse_args()
    folder = args.folder.resolve()
    make(folder, args.trees)
    data, some = folder / "data", folder / "some"
    size = sum(file.stat().st_size for file in data.iterdir())
    if size < 4 * LIMIT:
        sys.exit(f"the data set has {size} bytes, and less than four times the limit")
    shutil.rmtree(some, ignore_errors=True)
    some.mkdir()
    for file in sorted(data.iterdir())[: args.library_files]:
        os.link(file, some / file.name)
    table = ["| engine | disrust, rows/s | LightGBM's predict, rows/s | times |", "|---|---|---|---|"]
    for engine in ENGINES:
        ours, theirs = (measure(folder, engine, some if library else data, library) for library in (False, True))
        table.append(f"| {engine} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.1f} |")
    print("\n".join(table))


if __name__ == "__main__":
    main()

"""What the tests need: the programs of the repository, built once, and daemons."""

from __future__ import annotations

import itertools
import os
import pathlib
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the libraries train small models, beside other tests
settings.register_profile("no files", database=None)
settings.load_profile("no files")

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
PATIENCE = 30.0  # seconds for what takes milliseconds


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with disrust and conformance-server. DISRUST_TEST_PROGRAMS names one that is there already."""
    if built := os.environ.get("DISRUST_TEST_PROGRAMS"):
        return pathlib.Path(built)
    folder = tmp_path_factory.mktemp("programs")
    commands = ["./server/cmd/disrust", "./client/conformance/cmd/conformance-server"]
    subprocess.run(["go", "build", "-o", str(folder), *commands], cwd=REPOSITORY, check=True)
    return folder


class Daemon:
    """A disrust daemon."""

    def __init__(self, programs: pathlib.Path, *flags: str) -> None:
        where = [] if "--listen" in flags else ["--port", "0"]
        command = [str(programs / "disrust"), *where, *flags]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.match(r"disrust: ready on (\S+): ", line):
                self.addr = found[1].rstrip(":")
                return
        raise AssertionError("the daemon did not start: " + "".join(said))

    def drain(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def serve(programs: pathlib.Path) -> Iterator[Callable[..., Daemon]]:
    """Start daemons that end with the test."""
    daemons: list[Daemon] = []

    def start(*flags: str) -> Daemon:
        daemons.append(Daemon(programs, *flags))
        return daemons[-1]

    yield start
    for daemon in daemons:
        daemon.end()


@pytest.fixture(params=["uring", "epoll"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


_numbers = itertools.count()


@pytest.fixture
def unix_addr(tmp_path: pathlib.Path) -> str:
    return f"unix:{tmp_path}/s{next(_numbers)}"

"""A daemon of one's own."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from ._client import Client
from ._errors import LocalError
from ._servers import Server

_READY = b"disrust: ready on "
PATIENCE = 20.0  # seconds; the daemon's own limit for an end is 10
_log = logging.getLogger("disrust")

# What a service manager gives a service. The daemon is none, and would speak in the name of this process.
_OF_A_SERVICE = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class Local(Client):
    """Serves a model file with a daemon that only this process uses, and scores through it.

    model: a file of LightGBM, XGBoost, CatBoost or in ONNX
    output: "prob" (what the library's usual call gives, the default), "raw" (the margin) or "class"
    binary: the daemon. Without it, it is the one that DISRUST_BINARY names, or that of the wheel, or
        disrust on PATH, the first of these that there is.
    flags: more flags of the daemon, such as ["--io-threads", "4"], but not --log-format and --log-level
    options: what Client takes, such as timeout=1.0

    The daemon listens on a Unix socket in a folder that only this user can enter. It ends with close(),
    and when this process ends, however that ends. What it logs goes to the logger "disrust". A forked
    child may use the Local for as long as its parent lives.

    Raises LocalError if there is no daemon or it refuses the model; the text says why. ValueError for
    arguments that are not allowed.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        output: str | None = None,
        binary: str | os.PathLike[str] | None = None,
        flags: Sequence[str] = (),
        **options: Any,
    ) -> None:
        _refuse_logging(flags)
        command = [find(binary), "--until-eof", "--model", named(Path(model))]
        if output is not None:
            command += ["--output", output]
        folder = tempfile.mkdtemp(prefix="disrust-", dir=None if len(tempfile.gettempdir()) < 60 else "/tmp")
        addr = f"unix:{folder}/s"
        try:
            # In a session of its own, so that Ctrl-C reaches this process alone.
            self._daemon = subprocess.Popen(
                [*command, "--listen", addr, *flags],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
                env=environment(),
            )  # fmt: skip
        except OSError as error:
            shutil.rmtree(folder)
            raise LocalError(f"the daemon {command[0]} cannot be started: {error}") from None
        served: list[Server] = []
        self._end = weakref.finalize(self, _end, self._daemon, folder, served)
        try:
            assert self._daemon.stderr is not None
            _await_ready(self._daemon.stderr)
            threading.Thread(target=_forward, args=(self._daemon.stderr,), daemon=True).start()
            super().__init__(addr, **options)
            served += self._servers
        except BaseException:
            self._end()
            raise

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return self._daemon.pid

    def close(self) -> None:
        """End the daemon, which answers the calls in flight first."""
        super().close()
        self._end()

    def _after_fork(self) -> None:
        super()._after_fork()
        self._end.detach()
        for pipe in (self._daemon.stdin, self._daemon.stderr):
            if pipe is not None:
                pipe.close()
        self._daemon.returncode = 0  # the daemon is no child of this process


def find(binary: str | os.PathLike[str] | None = None) -> str:
    """Return the path of the daemon that Local starts."""
    if binary is None:
        binary = os.environ.get("DISRUST_BINARY") or None
    own = Path(__file__).parent / "bin" / "disrust"
    found = os.fspath(binary) if binary is not None else str(own) if own.exists() else shutil.which("disrust")
    if found is None:
        raise LocalError(
            "no daemon was found: this installation of disrust carries none, and PATH has no disrust;"
            " build one with 'go build ./server/cmd/disrust' and name it with binary= or DISRUST_BINARY"
        )
    return found


def named(model: Path) -> str:
    """Return the value of --model. The name is that of the file, if it can be one."""
    if model == Path("sum") and not model.exists():
        return "sum"
    name = model.name.split(".")[0] or "model"
    return f"{'model' if '=' in name else name}={model.absolute()}"


def _refuse_logging(flags: Sequence[str]) -> None:
    for flag in flags:
        name = flag.lstrip("-").partition("=")[0]
        if flag.startswith("-") and name in ("log-format", "log-level"):
            raise ValueError(
                f"flags has --{name}: Local waits for the line that says that the daemon is ready, as it is without this flag;"
                " what the daemon logs goes to the logger 'disrust', which can filter and format it"
            )


def environment() -> dict[str, str]:
    """Return what a daemon has as its environment."""
    return {name: value for name, value in os.environ.items() if name not in _OF_A_SERVICE}


def _await_ready(stderr: IO[bytes]) -> None:
    """Read what the daemon says until it is ready. It ends by itself if it will never be."""
    said = b""
    while not said.rpartition(b"\n")[0].rpartition(b"\n")[2].startswith(_READY):
        line = stderr.readline()
        if not line:
            raise LocalError(said.decode("utf-8", "replace").strip() or "the daemon ended without a word")
        said += line


def _forward(stderr: IO[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):  # the pipe is closed
        for line in stderr:
            _log.info("%s", line.decode("utf-8", "replace").rstrip())


def _end(daemon: subprocess.Popen[bytes], folder: str, servers: Sequence[Server]) -> None:
    """End the daemon and wait for it. Idle connections to servers end first: the daemon would wait for them."""
    for server in servers:
        for link in [*server.idle]:
            link.close()
    assert daemon.stdin is not None
    daemon.stdin.close()
    try:
        daemon.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    shutil.rmtree(folder, ignore_errors=True)

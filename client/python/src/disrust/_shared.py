"""A daemon that the processes of a machine share.

Each of them holds the writing end of a FIFO, whose reading end is the daemon's standard input: with --until-eof it ends when the
last of them has ended, however that was. They come one after another, under a lock. Who comes writes a byte. If the daemon takes it,
the daemon will not see the end of its input while that process lives. If it had seen the end, the byte stays until the reading end
goes away with the daemon.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import hashlib
import os
import select
import stat
import subprocess
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ._client import Client
from ._errors import LocalError, Refused, Unavailable
from ._local import PATIENCE, environment, find, is_ready, named, refuse_logging

_LOOK = 0.005  # seconds between two looks at a daemon that starts or ends


def shared(
    model: str | os.PathLike[str],
    *,
    output: str | None = None,
    binary: str | os.PathLike[str] | None = None,
    flags: Sequence[str] = (),
    **options: Any,
) -> Client:
    """Return this process's Client of a daemon that all processes of this user on this machine share.

    model, output, binary, flags, options: what Local takes

    The first process starts the daemon, and it ends with the last one, however that ends. So the workers of an engine, such
    as Ray's or Spark's, load a model once for a machine, and nobody has to start anything there. Files with the same name
    and contents are one model, wherever they are; for another output or binary, or other flags, there is another daemon.

    Calls with the same arguments return the same Client, so call shared wherever one is needed, such as for each batch, and
    leave the Client open. If the daemon is killed, calls fail as with any server, and the next shared starts another one.

    The daemon has a folder in disrust-UID, beside other temporary files, that only this user can enter: for its Unix
    socket, and for what it logs.

    Raises what Local does.
    """
    refuse_logging(flags)
    file = Path(model).absolute()
    state = file.stat() if file.exists() else None
    version = state and (state.st_ino, state.st_size, state.st_mtime_ns)
    what = (os.fspath(model), file, version, output, find(binary), *flags, *sorted(options.items()))
    with _lock:
        if what in _members and _members[what].alone():
            _members.pop(what).leave()
        if what not in _members:
            _members[what] = _Member([find(binary), *flags], Path(model), output, options)
        return _members[what].client


class _Member:
    """This process as one of those that share a daemon."""

    def __init__(self, command: list[str], model: Path, output: str | None, options: dict[str, Any]) -> None:
        name = named(model)
        self._folder = _folder_for([*command, name.partition("=")[0], output or ""], model)
        addr = f"unix:{self._folder / 'socket'}"
        self._command = [*command, "--until-eof", "--model", name, *(["--output", output] if output else []), "--listen", addr]
        with _locked(self._folder / "lock"):
            for attempt in (1, 2):
                self._input = self._join()
                try:
                    self.client = Client(addr, **options)
                    return
                except BaseException as error:
                    # If nobody answers, somebody has told the daemon to end.
                    silent = isinstance(error, Unavailable) and not any(isinstance(each, Refused) for each in error.errors)
                    again = silent and attempt == 1 and _alone(self._input, PATIENCE)
                    os.close(self._input)
                    if not again:
                        raise

    def alone(self) -> bool:
        """Return whether the daemon has ended."""
        return _alone(self._input)

    def leave(self) -> None:
        """Let the daemon end if no other process uses it."""
        os.close(self._input)

    def _join(self) -> int:
        """Return the writing end of the daemon's input. It starts a daemon if there is none, and waits until it is ready."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._folder / "input", 0o600)
        try:
            end = os.open(self._folder / "input", os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return self._start()  # nobody reads
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, end)
            os.write(end, b"\n")
            patience = time.monotonic() + PATIENCE
            while _unread(end):
                if _alone(end):
                    return self._start()
                if time.monotonic() > patience:
                    raise LocalError(f"the daemon in {self._folder} neither reads its input nor ends")
                time.sleep(_LOOK)
            self._await_ready(end)
            undo.pop_all()
        return end

    def _start(self) -> int:
        """Start a daemon, and return the writing end of its input. It waits until the daemon is ready."""
        with contextlib.ExitStack() as undo:
            both, read, end = (os.open(self._folder / "input", mode) for mode in (os.O_RDWR, os.O_RDONLY, os.O_WRONLY))
            undo.callback(os.close, end)
            try:
                # The shell's child, and not this process's: engines end the children of a worker with the worker.
                script = 'exec 3<&0; "$@" <&3 3<&- &'
                with open(self._folder / "log", "wb") as log:
                    subprocess.run(
                        ["/bin/sh", "-c", script, "sh", *self._command],
                        stdin=read, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True, env=environment(), check=True,
                    )  # fmt: skip
            finally:
                os.close(both)
                os.close(read)
            self._await_ready(end)
            undo.pop_all()
        return end

    def _await_ready(self, end: int) -> None:
        log = self._folder / "log"
        while not is_ready(log.read_bytes()):
            if _alone(end):
                raise LocalError(log.read_text("utf-8", "replace").strip() or "the daemon ended without a word")
            time.sleep(_LOOK)


_members: dict[tuple[Any, ...], _Member] = {}
_lock = threading.Lock()  # guards _members


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, which ends with the process."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _unread(end: int) -> bool:
    """Return whether a FIFO holds what nobody has read."""
    size = array.array("i", [0])
    fcntl.ioctl(end, termios.FIONREAD, size)
    return size[0] > 0


def _alone(end: int, wait: float = 0.0) -> bool:
    """Return whether nobody holds the reading end of a FIFO, and wait for that at most so many seconds."""
    poll = select.poll()
    poll.register(end, 0)
    return bool(poll.poll(wait * 1000))


def _folder_for(words: Sequence[str], model: Path) -> Path:
    """Return the folder of the daemon with these words in its command and this model."""
    temporary = tempfile.gettempdir()
    home = Path(temporary if len(temporary) < 60 else "/tmp") / f"disrust-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(0o700)
    at = home.lstat()
    if not stat.S_ISDIR(at.st_mode) or at.st_uid != os.geteuid() or at.st_mode & 0o077:
        raise LocalError(f"{home} is no folder that only this user can enter: remove it, or name another with TMPDIR")
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    if model.is_file():
        with model.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    folder = home / digest.hexdigest()[:16]
    folder.mkdir(0o700, exist_ok=True)
    return folder

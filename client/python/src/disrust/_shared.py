"""A daemon that the processes of a machine share.

Each of them holds the writing end of a FIFO, whose reading end is the daemon's standard input. With --until-eof the daemon ends when
the last of them has left. A process that joins holds a lock and writes a byte. If the daemon reads the byte, it will not see the end
of its input before that process leaves. If the daemon had seen the end already, the byte stays until the reading end goes away
with the daemon.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import hashlib
import os
import select
import shutil
import stat
import subprocess
import tempfile
import termios
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ._client import Client
from ._errors import Error, LocalError, Unavailable
from ._local import PATIENCE, environment, find, named

_LOOK = 0.005  # seconds between two looks at a daemon that starts or ends
_NOT_YET = (FileNotFoundError, ConnectionRefusedError, BlockingIOError)  # of a socket at which nobody listens


def shared(
    model: str | os.PathLike[str],
    *,
    output: str | None = None,
    binary: str | os.PathLike[str] | None = None,
    flags: Sequence[str] = (),
    **options: Any,
) -> Client:
    """Return this process's Client of a daemon that all processes of this user on this machine share.

    model, output, binary, flags, options: what Local takes; any flags but --watch

    The first process starts the daemon, and it ends with the last one, however that ends. So the workers of an engine, such
    as Ray's or Spark's, load a model once for a machine, and nobody has to start anything there. Files with the same name
    and contents are one model, wherever they are; for another output or binary, or other flags, there is another daemon.

    Calls with the same arguments return the same Client, so call shared wherever one is needed, such as for each batch, and
    leave it open. Once the file has other contents, or the daemon was killed, shared returns another Client.

    The daemon belongs to the cgroup of the process that started it: who kills all of that ends the daemon for the others,
    too, and their next shared starts another. It has a folder for its Unix socket and its log in disrust-UID, beside other
    temporary files, which only this user can enter. Processes with another TMPDIR have another daemon.

    Raises LocalError if there is no daemon or it refuses the model; the text says why. ValueError for arguments that are not
    allowed, and what Client raises.
    """
    for flag in flags:
        if flag.lstrip("-").partition("=")[0] == "watch":
            raise ValueError("flags has --watch: a shared daemon keeps its model, and shared starts another for other contents")
    found = find(binary)
    command = os.path.abspath(shutil.which(found) or found)
    file = Path(model).absolute()
    which = (str(model), str(file), output, command, tuple(flags), tuple(sorted(options.items())))
    with _lock:
        place = _places.setdefault(which, _Place())
    with place.lock:
        version = _version(file)
        if place.member is None or place.member.version != version or not place.member.stands():
            place.member = None
            try:
                place.member = _Member([command, *flags], Path(model), output, options, version)
            except OSError as error:
                if isinstance(error, Error):
                    raise
                raise LocalError(f"no daemon can be shared: {error}") from error
        return place.member.client


class _Place:
    """Holds the member for some arguments of shared."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.member: _Member | None = None


class _Member:
    """This process as one of those that share a daemon, until its Client is collected."""

    def __init__(self, command: list[str], model: Path, output: str | None, options: dict[str, Any], version: Any) -> None:
        self.version = version
        words = [*command, "--until-eof", *(["--output", output] if output else []), "--model"]
        name = named(model)
        with contextlib.ExitStack() as undo:
            kept = _open(_home(), os.O_RDONLY)
            undo.callback(_drop, kept)
            fcntl.flock(kept, fcntl.LOCK_SH)  # systemd-tmpfiles removes nothing old from a locked folder
            for _ in range(3):  # the file may be replaced meanwhile
                digest = _digest([*words, name.partition("=")[0]], model)
                self._folder = _home() / digest
                self._folder.mkdir(0o700, exist_ok=True)
                addr = f"unix:{self._folder / 'socket'}"
                with _locked(self._folder / "lock"):
                    client, end, started = self._enter([*words, name, "--listen", addr], addr, options)
                    if not started or _digest([*words, name.partition("=")[0]], model) == digest:
                        break
                    client.close()
                    _drop(end)
            else:
                raise LocalError(f"{model} changes all the time")
            undo.pop_all()
        _unshared.difference_update((kept, end))
        self.client = client
        self._input = end
        self.leave = weakref.finalize(client, _close, end, kept)

    def stands(self) -> bool:
        """Return whether the daemon lives and nobody has closed the Client."""
        return not self.client._closed and not _alone(self._input)

    def _enter(self, command: list[str], addr: str, options: dict[str, Any]) -> tuple[Client, int, bool]:
        """Return a Client, the writing end of the daemon's input, and whether this has started the daemon."""
        end = self._join()
        started = end < 0
        if started:
            end = self._start(command)
        patience = time.monotonic() + PATIENCE
        try:
            while True:
                try:
                    return Client(addr, **options), end, started
                except Unavailable as error:
                    if not all(isinstance(each, _NOT_YET) for each in error.errors):
                        raise
                if not _alone(end):
                    if not started and time.monotonic() > patience:
                        raise LocalError(f"the daemon in {self._folder} neither listens nor ends")
                    time.sleep(_LOOK)
                elif started:
                    raise LocalError(self._said())
                else:  # somebody had told it to end
                    started = True
                    _drop(end)
                    end = -1
                    end = self._start(command)
        except BaseException:
            if end >= 0:
                _drop(end)
            raise

    def _join(self) -> int:
        """Return the writing end of the input of a daemon that will read it, or -1 if there is none."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._folder / "input", 0o600)
        with contextlib.ExitStack() as undo:
            try:
                end = _open(self._folder / "input", os.O_WRONLY | os.O_NONBLOCK)
                undo.callback(_drop, end)
                os.write(end, b"\n")
            except OSError as error:
                if error.errno in (errno.ENXIO, errno.EPIPE):
                    return -1  # nobody reads
                raise
            patience = time.monotonic() + PATIENCE
            while _unread(end):
                if _alone(end):
                    return -1
                if time.monotonic() > patience:
                    raise LocalError(f"the daemon in {self._folder} neither reads its input nor ends")
                time.sleep(_LOOK)
            undo.pop_all()
        return end

    def _start(self, command: list[str]) -> int:
        """Start a daemon, and return the writing end of its input."""
        with contextlib.ExitStack() as undo, contextlib.ExitStack() as readers:
            readers.callback(_drop, _open(self._folder / "input", os.O_RDWR))  # lets the next two open at once
            read = _open(self._folder / "input", os.O_RDONLY)
            readers.callback(_drop, read)
            end = _open(self._folder / "input", os.O_WRONLY)
            undo.callback(_drop, end)
            with open(self._folder / "log", "wb") as log:
                # The shell's child, and not this process's: engines end the children of a worker with the worker.
                script = 'exec 3<&0; "$@" <&3 3<&- &'
                subprocess.run(
                    ["/bin/sh", "-c", script, "sh", *command],
                    stdin=read, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True, env=environment(), check=True,
                )  # fmt: skip
            undo.pop_all()
        return end

    def _said(self) -> str:
        """Return what the daemon has said before it ended."""
        with contextlib.suppress(OSError):
            if said := (self._folder / "log").read_text("utf-8", "replace").strip():
                return said
        return "the daemon ended without a word"


_places: dict[tuple[Any, ...], _Place] = {}
_lock = threading.Lock()  # guards _places
_unshared: set[int] = set()  # files that a forked child must not keep: a lock, and the ends of a FIFO while this process joins


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for place in _places.values():
        place.lock = threading.Lock()
    for file in _unshared:
        with contextlib.suppress(OSError):
            os.close(file)
    _unshared.clear()


os.register_at_fork(after_in_child=_after_fork)


def _open(path: Path, mode: int) -> int:
    """Open a file that forked children do not keep, until it is dropped or no longer in _unshared."""
    file = os.open(path, mode, 0o600)
    _unshared.add(file)
    return file


def _drop(file: int) -> None:
    _unshared.discard(file)
    os.close(file)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, which ends with the process."""
    file = _open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        _drop(file)


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


def _unread(end: int) -> bool:
    """Return whether a FIFO holds what nobody has read."""
    size = array.array("i", [0])
    fcntl.ioctl(end, termios.FIONREAD, size)
    return size[0] > 0


def _alone(end: int) -> bool:
    """Return whether nobody holds the reading end of a FIFO."""
    poll = select.poll()
    poll.register(end, 0)
    return bool(poll.poll(0))


def _version(file: Path) -> tuple[int, ...] | None:
    """Return what changes with the contents of a file, if there is one."""
    try:
        at = file.stat()
    except OSError:
        return None
    return at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns


def _home() -> Path:
    """Return the folder for all daemons of this user."""
    temporary = tempfile.gettempdir()
    home = Path(temporary if len(temporary) < 60 else "/tmp") / f"disrust-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(0o700)
    at = home.lstat()
    if not stat.S_ISDIR(at.st_mode) or at.st_uid != os.geteuid() or at.st_mode & 0o077:
        raise LocalError(f"{home} is no folder that only this user can enter: remove it, or name another with TMPDIR")
    return home


def _digest(words: Sequence[str], model: Path) -> str:
    """Return what a command, the contents of a model's file and this start of the machine have as a name."""
    digest = hashlib.sha256()
    with contextlib.suppress(OSError):  # a folder of temporary files may be shared by machines, but sockets are not
        digest.update(Path("/proc/sys/kernel/random/boot_id").read_bytes())
    for word in words:
        digest.update(os.fsencode(word) + b"\0")
    with contextlib.suppress(OSError), model.open("rb") as file:  # the daemon says why a file cannot be read
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()[:16]

"""shared: one daemon for the processes of a machine."""

from __future__ import annotations

import gc
import os
import pathlib
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import lightgbm
import numpy as np
import pytest
from conftest import PATIENCE

import disrust
from disrust import _shared

X = np.random.default_rng(1).normal(size=(500, 8)).astype("float32")


@pytest.fixture(autouse=True)
def daemon(programs: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has folders of its own, and the members of this process leave at its end."""
    monkeypatch.setenv("DISRUST_BINARY", str(programs / "disrust"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(_shared, "_places", {})
    yield
    leave()


def leave() -> None:
    """Have this process leave all daemons."""
    while _shared._places:
        member = _shared._places.popitem()[1].member
        if member is not None:
            member.client.close()
            member.leave()


@pytest.fixture
def model(tmp_path: pathlib.Path) -> pathlib.Path:
    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, X[:, 0] * X[:, 1]), 10)
    booster.save_model(tmp_path / "model.txt")
    return tmp_path / "model.txt"


def pid_of(client: disrust.Client) -> int:
    """Return the process of the daemon."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(client._settings.addrs[0].removeprefix("unix:"))
        return int(struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])


MEMBER = """
import socket, struct, sys, numpy, disrust
print("here", flush=True)
sys.stdin.readline()
client = disrust.shared("sum", binary=sys.argv[1] if sys.argv[1:] else None)
assert client.score(numpy.ones(128, "float32"))[0] == 128
peer = socket.socket(socket.AF_UNIX)
peer.connect(client._settings.addrs[0].removeprefix("unix:"))
print(struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0], flush=True)
sys.stdin.readline()
"""


def members(count: int, *binary: pathlib.Path) -> list[subprocess.Popen[str]]:
    """Start processes that score at the same moment, say which daemon they have, and end after a line."""
    command = [sys.executable, "-c", MEMBER, *map(str, binary)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(count)]
    for each in started:
        assert each.stdout is not None and each.stdout.readline() == "here\n"
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
    return started


def daemon_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def end(process: subprocess.Popen[str], kill: bool) -> None:
    process.kill() if kill else process.communicate("\n", PATIENCE)
    process.wait(PATIENCE)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()


def ended(watched: int) -> bool:
    """Wait for the end of a process, which is no child of this one."""
    try:
        return bool(select.select([watched], [], [], PATIENCE)[0])
    finally:
        os.close(watched)


@pytest.mark.parametrize("kill", [False, True], ids=["exit", "kill"])
def test_one_daemon(kill: bool, tmp_path: pathlib.Path, programs: pathlib.Path) -> None:
    """Processes that start at once share a daemon, which one of them starts. It lives as long as any of them."""
    binary = tmp_path / "counted"
    binary.write_text(f'#!/bin/sh\necho >>{tmp_path / "starts"}\nexec {programs / "disrust"} "$@"\n')
    binary.chmod(0o755)
    those = members(6, binary)
    pids = {daemon_of(each) for each in those}
    assert len(pids) == 1 and (tmp_path / "starts").read_text() == "\n"
    daemon = pids.pop()
    watched = os.pidfd_open(daemon)
    while len(those) > 1:
        end(those.pop(random.randrange(len(those))), kill)
        assert not select.select([watched], [], [], 0)[0]
        (later,) = members(1, binary)
        assert daemon_of(later) == daemon
        end(later, kill)
    end(those.pop(), kill)
    assert ended(watched)


def test_come_and_go() -> None:
    """Whenever others come and go, each process has a daemon that lives as long as it does."""
    those: list[subprocess.Popen[str]] = []
    for _ in range(15):
        those += members(random.randint(1, 2))
        while len(those) > 2 or random.random() < 0.5 and those:
            leaving = those.pop(0)
            daemon_of(leaving)
            end(leaving, random.random() < 0.5)
    assert len({daemon_of(each) for each in those}) <= 1
    for each in those:
        end(each, False)


LATE = """#!/bin/sh
hold=$(mktemp -u)
mkfifo $hold
{daemon} "$@" <$hold &
exec 4>$hold 5<&0
rm $hold
{read}
until [ -e {folder}/go ]; do sleep 0.01; done
rm {folder}/go
exec 4>&-
[ -z "$reader" ] || kill $reader
wait
"""


def late(tmp_path: pathlib.Path, programs: pathlib.Path, read: str) -> pathlib.Path:
    """Return a daemon which ends when there is a file go, and whose input a command reads."""
    binary = tmp_path / "late"
    binary.write_text(LATE.format(daemon=programs / "disrust", folder=tmp_path, read=read))
    binary.chmod(0o755)
    return binary


def test_late_end(tmp_path: pathlib.Path, programs: pathlib.Path) -> None:
    """Who comes when the daemon has seen the end of its input, but still serves, gets another."""
    binary = late(tmp_path, programs, f"cat <&5; touch {tmp_path / 'seen'}")
    first = pid_of(disrust.shared("sum", binary=binary))
    leave()
    until(lambda: (tmp_path / "seen").exists())

    def go() -> None:
        until(lambda: waits(tmp_path))
        (tmp_path / "go").touch()

    waiting = threading.Thread(target=go)
    waiting.start()
    second = disrust.shared("sum", binary=binary)
    assert pid_of(second) != first and second.score(np.ones(128, "float32"))[0] == 128
    waiting.join()
    (tmp_path / "go").touch()


def test_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that does nothing is an error."""
    monkeypatch.setattr(_shared, "PATIENCE", 0.1)
    pid = pid_of(disrust.shared("sum"))
    os.kill(pid, signal.SIGSTOP)
    until(lambda: "\nState:\tT" in pathlib.Path(f"/proc/{pid}/status").read_text())
    try:
        with pytest.raises(disrust.Error, match="neither|no welcome"):
            disrust.shared("sum", timeout=9.0, dial_timeout=0.1)
    finally:
        os.kill(pid, signal.SIGCONT)


def waits(tmp_path: pathlib.Path) -> bool:
    """Return whether somebody has written to the input of a daemon, which has not read it."""
    (fifo,) = tmp_path.glob("disrust-*/*/input")
    end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return _shared._unread(end)
    finally:
        os.close(end)


def until(condition: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_told_to_end(tmp_path: pathlib.Path, programs: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when somebody has told the daemon to end, which takes a while, gets another when it has ended."""
    binary = late(tmp_path, programs, "cat <&5 & reader=$!")
    watched = os.pidfd_open(pid_of(disrust.shared("sum", binary=binary)))
    signal.pidfd_send_signal(watched, signal.SIGTERM)
    assert ended(watched)
    _, first = _shared._places.popitem()
    alone = _shared._alone

    def waits(end: int) -> bool:
        if not _shared._unread(end):  # then nobody listens
            monkeypatch.setattr(_shared, "_alone", alone)
            (tmp_path / "go").touch()
        return alone(end)

    monkeypatch.setattr(_shared, "_alone", waits)
    second = disrust.shared("sum", binary=binary)
    assert first.member is not None
    first.member.leave()
    assert second.score(np.ones(128, "float32"))[0] == 128
    assert not (tmp_path / "go").exists()
    (tmp_path / "go").touch()


def test_killed() -> None:
    """After the daemon was killed, shared starts another."""
    client = disrust.shared("sum")
    assert disrust.shared("sum") is client and disrust.shared("sum", timeout=9.0) is not client
    pid = pid_of(client)
    assert os.getsid(pid) != os.getsid(0)  # Ctrl-C does not reach it
    watched = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert ended(watched)
    with pytest.raises(disrust.Error):
        client.score(np.ones(128, "float32"))
    assert disrust.shared("sum").score(np.ones(128, "float32"))[0] == 128


def test_fork() -> None:
    """A forked child uses the daemon after its parent has ended."""
    program = (
        "import os, sys, numpy, disrust\n"
        "client, x = disrust.shared('sum'), numpy.ones(128, 'float32')\n"
        "if os.fork(): client.score(x); os._exit(0)\n"
        "sys.stdin.readline(); print(disrust.shared('sum').score(x)[0], client.score(x)[0], disrust.shared('sum') is client)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.wait(PATIENCE)
        assert process.communicate("\n", PATIENCE)[0] == "128.0 128.0 True\n"


def test_what_is_shared(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Same name and contents: the same daemon. Another output, other flags, other contents: another."""
    first = disrust.shared(model, output="raw")
    assert first.verify(lightgbm.Booster(model_file=model), X).differ == 0
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "model.txt"
    copy.write_bytes(model.read_bytes())
    assert pid_of(disrust.shared(copy, output="raw")) == pid_of(first)
    others = [disrust.shared(model), disrust.shared(model, output="raw", flags=["--io-threads", "1"])]
    other = lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, X[:, 2]), 10)
    other.save_model(model)
    others.append(disrust.shared(model, output="raw"))
    assert others[2].verify(other, X).differ == 0
    assert len({pid_of(each) for each in [first, *others]}) == 4


def test_replaced(model: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is replaced while the daemon starts is scored as it is in the end, and the daemon of an old file ends."""
    old, new = model.read_bytes(), lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, X[:, 2]), 10)
    start = _shared._Member._start

    def replaced(member: Any, command: list[str]) -> int:
        new.save_model(model)
        return start(member, command)

    with monkeypatch.context() as patch:
        patch.setattr(_shared._Member, "_start", replaced)
        client = disrust.shared(model, output="raw")
    assert client.verify(new, X).differ == 0
    watched = os.pidfd_open(pid_of(client))
    model.write_bytes(old)
    other = disrust.shared(model, output="raw")
    assert other.verify(new, X).differ > 0
    assert client.verify(new, X).differ == 0
    del client
    gc.collect()
    assert ended(watched)


def test_fork_while_another_starts(tmp_path: pathlib.Path, programs: pathlib.Path) -> None:
    """A child that is forked while a thread starts a daemon holds nothing of that."""
    binary = tmp_path / "slow"
    binary.write_text(f'#!/bin/sh\n>{tmp_path / "begun"}\nuntil [ -e {tmp_path / "go"} ]; do sleep 0.01; done\nexec {programs / "disrust"} "$@"\n')
    binary.chmod(0o755)
    starting = threading.Thread(target=disrust.shared, args=("sum",), kwargs={"binary": binary})
    starting.start()
    until(lambda: (tmp_path / "begun").exists())
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        right = disrust.shared("sum", binary=binary).score(np.ones(128, "float32"))[0] == 128
        leave()
        os.read(read, 1)
        os._exit(0 if right else 1)
    os.close(read)
    (tmp_path / "go").touch()
    starting.join()
    (later,) = members(1, binary)
    first = daemon_of(later)
    end(later, False)
    watched = os.pidfd_open(first)
    leave()
    assert ended(watched)  # also for the child
    (later,) = members(1, binary)
    assert daemon_of(later) != first
    end(later, False)
    os.close(write)
    assert os.waitpid(child, 0)[1] == 0


def test_refusals(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is said in the daemon's words, and the next may be right."""
    with pytest.raises(disrust.LocalError, match="no such file"):
        disrust.shared(tmp_path / "absent.txt")
    with pytest.raises(disrust.LocalError, match="absent"):
        disrust.shared("sum", binary=tmp_path / "absent")
    with pytest.raises(ValueError, match="watch"):
        disrust.shared("sum", flags=["--watch"])
    with pytest.raises(disrust.Error, match="dim"):
        disrust.shared("sum", dim=5)
    (tmp_path / "m.txt").write_text("no model")
    with pytest.raises(disrust.LocalError, match="m.txt"):
        disrust.shared(tmp_path / "m.txt")
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
        with pytest.raises(disrust.LocalError, match="absent"):
            disrust.shared("sum")
    client = disrust.shared("sum", flags=["--log-format", "json"])
    assert client.score(np.ones(128, "float32"))[0] == 128
    client.close()
    assert disrust.shared("sum", flags=["--log-format", "json"]).score(np.ones(128, "float32"))[0] == 128


@pytest.mark.parametrize("mode", [0o755, 0o702, 0o700, None])
def test_folder_of_others(tmp_path: pathlib.Path, mode: int | None) -> None:
    """A folder that others can enter, or of another user, or that is none, is not used."""
    home = tmp_path / f"disrust-{os.geteuid()}"
    if mode is None:
        home.symlink_to(tmp_path)
    else:
        home.mkdir()
        home.chmod(mode)
        if mode == 0o700:  # another user's
            if os.geteuid():
                return
            os.chown(home, 12345, 12345)
    with pytest.raises(disrust.LocalError, match="this user"):
        disrust.shared("sum")


def open_files() -> dict[str, Any]:
    return {name: os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")}


def test_leaves_nothing_open(tmp_path: pathlib.Path) -> None:
    """What failed holds no file, so a daemon would end."""
    before = open_files()
    for _ in range(3):
        with pytest.raises(disrust.LocalError):
            disrust.shared(tmp_path / "absent.txt")
    assert not open_files().items() - before.items()

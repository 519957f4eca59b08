"""One connection: the same scores come out however the kernel splits what is sent and received."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
from typing import Any

import numpy as np
import pytest
from conftest import REPOSITORY
from hypothesis import example, given, settings
from hypothesis import strategies as st

from disrust import _wire as wire
from disrust._call import Call
from disrust._errors import ConnectionLost, ModelFailed
from disrust._link import Ended, Link

ZEROS = "00" * 32
NOTICES = [b"", struct.pack("<II", 0xC0000000 + 77, 8) + b"\x01\0\0\0\0\0\0\x80", struct.pack("<II", 0xFFFFFFFF, 0)]


class Kernel:
    """The kernel's side of a socket. It takes and gives as many bytes as pieces says, but not twice none."""

    def __init__(self, *pieces: int) -> None:
        self.sent = bytearray()
        self.arrived = bytearray()
        self.ended = False
        self._pieces = {"send": itertools.cycle(pieces), "receive": itertools.cycle(pieces)}
        self._refused = {"send": False, "receive": False}

    def _piece(self, way: str) -> int:
        count = next(self._pieces[way])
        if count == 0 and self._refused[way]:
            count = 1
        self._refused[way] = count == 0
        return count

    def fileno(self) -> int:
        return 0

    def send(self, data: Any, flags: int = 0) -> int:
        return self.sendmsg([data])

    def sendmsg(self, buffers: Any, ancillary: Any = (), flags: int = 0) -> int:
        data = b"".join(buffers)
        count = min(self._piece("send"), len(data))
        if count == 0:
            raise BlockingIOError
        self.sent += data[:count]
        return count

    def recv_into(self, room: Any, size: int = 0, flags: int = 0) -> int:
        count = min(self._piece("receive"), len(room), len(self.arrived))
        if count == 0 and not (self.ended and not self.arrived):
            raise BlockingIOError
        room[:count] = self.arrived[:count]
        del self.arrived[:count]
        return count

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        pass


def answers(sent: bytearray, model: wire.Model, poisoned: set[int], notices: Any) -> bytes:
    """Remove whole requests from sent and return their answers, as a server would send them."""
    reply = b""
    while len(sent) >= 4:
        (vectors,) = struct.unpack_from("<I", sent)
        assert 1 <= vectors <= model.max_vectors
        size = 4 + 4 * vectors * model.dim
        if len(sent) < size:
            break
        rows = np.frombuffer(bytes(sent[4:size]), "<f4").reshape(vectors, model.dim)
        del sent[:size]
        reply += notices()
        bad = [n for n, row in enumerate(rows) if int(row[0]) in poisoned]
        if bad:
            reply += struct.pack("<II", 0x80000001, bad[0])
        else:
            reply += struct.pack("<I", vectors) + scores(rows, model).tobytes()
    return reply


def scores(rows: Any, model: wire.Model) -> Any:
    return (rows[:, :1] * np.arange(1, model.outputs + 1, dtype="<f4")).astype("<f4")


@st.composite
def models(draw: Any) -> wire.Model:
    # Some requests are above 8 KiB, and some answers above 4 KiB.
    dim = draw(st.sampled_from([1, 3, 700]))
    return wire.Model("m", dim, draw(st.sampled_from([1, 2, 600])), draw(st.integers(1, 9)), "raw", ZEROS)


def unsent(link: Link) -> int:
    return sum(run.total - run.sent for run in link.queue)


@settings(max_examples=100, deadline=None)
@given(models(), st.lists(st.integers(0, 12), min_size=1, max_size=4), st.data())
def test_any_split(model: wire.Model, sizes: list[int], data: st.DataObject) -> None:
    """Each call gets the scores of its own rows, or the failure of its first request with a bad row."""
    pieces = data.draw(st.lists(st.sampled_from([0, 1, 3, 100, 5_000, 1 << 20]), min_size=1, max_size=8), "pieces")
    kernel = Kernel(*pieces, 1 << 20)
    poisoned = set(data.draw(st.lists(st.integers(0, 80), max_size=2), "poisoned"))
    notice = data.draw(st.sampled_from(NOTICES), "notice")
    link = Link(kernel, "here", model, 2)  # type: ignore[arg-type]
    calls, wants, first = [], [], 0
    for size in sizes:
        rows = np.zeros((size, model.dim), "<f4")
        rows[:, 0] = np.arange(first, first + size)
        first += size
        calls.append(Call(rows, np.full((size, model.outputs), -1, "<f4"), model))
        wants.append(rows)
    memory = [np.frombuffer(call.out, "<f4").reshape(-1, model.outputs) if len(call.out) else None for call in calls]
    for call in calls:
        while call.todo:
            link.push(call.take(model.max_vectors))
    for _ in range(10_000):
        link.write()
        kernel.arrived += answers(kernel.sent, model, poisoned, lambda: notice)
        assert link.unsent == unsent(link)
        link.read()
        if all(call.over for call in calls) and not link.busy:
            break
    for call, rows, out in zip(calls, wants, memory, strict=True):
        bad = [n for n in range(len(rows)) if int(rows[n, 0]) in poisoned]
        if bad:
            assert isinstance(call.error, ModelFailed) and call.error.row == bad[0]
        else:
            assert call.over and call.error is None
            assert out is None or np.array_equal(out, scores(rows, model))
    assert not link.busy


class Prompt(Kernel):
    """A kernel whose server answers what was sent as soon as it is whole, with notices around each answer."""

    def __init__(self, model: wire.Model, notice: bytes, sends: list[int], receives: list[int]) -> None:
        super().__init__()
        self._pieces = {"send": itertools.cycle([*sends, 1 << 20]), "receive": itertools.cycle([*receives, 1 << 20])}
        self._model, self._notice = model, notice

    def sendmsg(self, buffers: Any, ancillary: Any = (), flags: int = 0) -> int:
        count = super().sendmsg(buffers)
        reply = answers(self.sent, self._model, set(), lambda: self._notice)
        self.arrived += reply + self._notice if reply else b""
        return count


@settings(max_examples=200, deadline=None)
@given(
    models(),
    st.lists(st.integers(1, 12), min_size=1, max_size=6),
    st.sampled_from(NOTICES),
    st.lists(st.sampled_from([1, 3, 100, 5_000, 1 << 20]), max_size=4),
    st.lists(st.integers(1, 50) | st.just(5_000), max_size=4),
)
@example(wire.Model("m", 1, 1, 4, "raw", ZEROS), [1, 1], NOTICES[1], [], [30])  # part of a notice waits at the second call
@example(wire.Model("m", 700, 1, 4, "raw", ZEROS), [4, 1], NOTICES[0], [5_000], [])  # a large request is sent in parts
def test_ask_any_split(model: wire.Model, sizes: list[int], notice: bytes, sends: list[int], receives: list[int]) -> None:
    """One call after the other takes the shortest way as far as that goes, also with more rows than the server allows."""
    link = Link(Prompt(model, notice, sends, receives), "here", model, 2)  # type: ignore[arg-type]
    for first, size in enumerate(sizes):
        rows = np.full((size, model.dim), first, "<f4")
        out = np.full((size, model.outputs), -1, "<f4")
        if not link.ask(size, rows, out, None):
            call = Call(rows, out, model)
            link.resume(call.take(model.max_vectors))
            while not call.over:
                assert link.unsent == unsent(link)
                while call.todo:
                    link.push(call.take(model.max_vectors))
                link.write()
                assert link.read() or link.queue
            assert call.error is None
        assert np.array_equal(out, scores(rows, model))
        assert not link.busy and link.unsent == 0


def test_silence_begins_when_a_request_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time in which ask waits in vain counts."""
    model = wire.Model("m", 1, 1, 4, "raw", ZEROS)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = Link(ours, "here", model, 2)
        call = Call(np.ones((1, 1), "<f4"), np.zeros((1, 1), "<f4"), model)
        monkeypatch.setattr("disrust._link.monotonic", lambda: 100.0)
        assert not link.ask(1, np.ones((1, 1), "<f4"), np.zeros((1, 1), "<f4"), 0.0)
        monkeypatch.setattr("disrust._link.monotonic", lambda: 107.0)
        link.resume(call.take(4))
        assert link.waiting and link.heard == 100.0


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 30), st.integers(0, 400), st.booleans(), st.integers(1, 50))
def test_lost_anywhere(rows: int, cut: int, in_order: bool, piece: int) -> None:
    """After an end, scores are right or their rows wait for another connection, or the call has failed."""
    model = wire.Model("m", 2, 1, 4, "raw", ZEROS)
    kernel = Kernel(piece)
    x = np.arange(2 * rows, dtype="<f4").reshape(rows, 2)
    out = np.full(rows, -1, "<f4")
    call = Call(x, out, model)
    link = Link(kernel, "here", model, 2)  # type: ignore[arg-type]
    while call.todo:
        link.push(call.take(4))
    arrived = 0
    with contextlib.suppress(Ended):
        while not call.over:
            link.write()
            reply = answers(kernel.sent, model, set(), lambda: b"")[: cut - arrived]
            arrived += len(reply)
            kernel.arrived += reply
            if arrived == cut:
                kernel.ended = True
            link.read()
    assert link.unsent == unsent(link)
    link.lost(Ended("cut", in_order), lambda: True, 1, 0)
    assert link.unsent == 0
    todo = sorted(n for piece_ in call.todo for n in range(piece_.first, piece_.stop))
    if call.error is not None:
        assert not in_order and isinstance(call.error, ConnectionLost)
    else:
        done = [n for n in range(rows) if n not in todo]
        assert len(done) == rows - call.open and len(set(todo)) == len(todo)
        assert np.array_equal(out[done], x[done, 0])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=64), max_size=6), st.booleans())
def test_any_bytes(chunks: list[bytes], old: bool) -> None:
    """Whatever a server sends, a connection goes on or ends."""
    model = wire.Model("m", 1, 1, 8, "raw", ZEROS)
    kernel = Kernel(1 << 20)
    call = Call(np.ones((3, 1), "<f4"), np.zeros(3, "<f4"), model)
    link = Link(kernel, "here", model, 1 if old else 2)  # type: ignore[arg-type]
    link.push(call.take(8))
    link.write()
    with contextlib.suppress(Ended):
        for chunk in chunks:
            kernel.arrived += chunk
            link.read()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_welcome(body: bytes) -> None:
    with contextlib.suppress(wire.Malformed):
        _, sentence, model = wire.parse_welcome(body)
        assert sentence.isprintable() and model.name.isprintable()


FRAMES = REPOSITORY / "wire" / "testdata" / "frames.jsonl"


@pytest.mark.parametrize("frame", [json.loads(line) for line in FRAMES.open()], ids=lambda frame: frame["name"])
def test_golden_frames(frame: Any) -> None:
    """The repository's golden frames mean what they must."""
    raw, want = bytes.fromhex(frame["hex"]), frame["outcome"]
    if frame["direction"] == "client":
        if want["is"] == "hello" and frame["encodes"]:
            kinds = ["unstated", "raw", "prob", "class"]
            if want["kind"] < len(kinds):
                stated = {name: want[name] for name in ("dim", "outputs", "max_vectors")}
                hello = wire.Expected(**stated, kind=kinds[want["kind"]], model=want["name"]).hello()
                assert hello == raw[: want["bytes"]]
    elif frame["first"] and frame["version"] == 2:
        _welcome(raw, want)
    else:
        _reply(frame, raw, want)


def _welcome(raw: bytes, want: Any) -> None:
    if want["is"] == "incomplete":
        missing = 8 - len(raw) if len(raw) < 8 else 8 + wire.body_size(raw[:8]) - len(raw)
        assert missing == want["more"]
    elif want["is"] == "welcome":
        body = raw[8 : 8 + wire.body_size(raw[:8])]
        status, sentence, model = wire.parse_welcome(body)
        assert (status, sentence, model.name) == (want["status"], want["sentence"], want["name"])
        assert (model.dim, model.outputs, model.max_vectors) == (want["dim"], want["outputs"], want["max_vectors"])
        assert model.identity == want["identity"]
    else:
        with pytest.raises(wire.Malformed):
            status, _, model = wire.parse_welcome(raw[8 : 8 + wire.body_size(raw[:8])])
            if status == 0 and not model.valid():
                raise wire.Malformed


def _reply(frame: Any, raw: bytes, want: Any) -> None:
    """Let the frame answer a request of as many rows as its first word says, if it can say that."""
    model = wire.Model("m", frame["dim"], frame["outputs"], frame["max_vectors"], "raw", ZEROS)
    word = struct.unpack_from("<I", raw)[0] if len(raw) >= 4 else 1
    rows = word if 1 <= word <= model.max_vectors else 1
    call = Call(np.zeros((rows, model.dim), "<f4"), np.zeros((rows, model.outputs), "<f4"), model)
    out = call.out
    kernel = Kernel(1 << 24)
    link = Link(kernel, "here", model, frame["version"])  # type: ignore[arg-type]
    link.push(call.take(model.max_vectors))
    link.write()
    kernel.arrived += raw[: want.get("bytes", len(raw))]
    if want["is"] == "violation":
        with pytest.raises(Ended):
            link.read()
        return
    if raw:
        link.read()
    if want["is"] == "answer":
        assert call.error is None and call.over
        assert np.frombuffer(out, "<u4").tolist() == want["bits"]
    elif want["is"] == "failure":
        assert isinstance(call.error, ModelFailed) and call.error.code == want["code"]
        assert call.error.row == (want["detail"] if want["detail"] < rows else -1)
    else:
        assert not call.over  # a notice, or the beginning of something


def test_memory_after_the_end() -> None:
    """A large answer that is being received when its call gives up is not written to the caller's memory."""
    model = wire.Model("m", 1, 2_000, 4, "raw", ZEROS)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        out = np.zeros((1, 2_000), "<f4")
        call = Call(np.ones((1, 1), "<f4"), out, model)
        link = Link(ours, "here", model, 2)
        link.push(call.take(4))
        link.write()
        answer = struct.pack("<I", 1) + b"\xff" * 8_000
        theirs.sendall(answer[:3_000])
        link.read()
        half = out.copy()
        call.fail(TimeoutError())
        link.abandon(call)
        second = Call(np.ones((1, 1), "<f4"), np.zeros((1, 2_000), "<f4"), model)
        link.push(second.take(4))
        link.write()
        theirs.sendall(answer[3_000:] + answer)
        while not second.over:
            link.read()
        assert np.array_equal(out.view("u4"), half.view("u4")) and second.error is None
        assert bytes(second.out) == answer[4:]


def test_errors_survive_processes() -> None:
    import pickle

    for error in (ConnectionLost("a", "b"), ModelFailed("a", 1, 2)):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)

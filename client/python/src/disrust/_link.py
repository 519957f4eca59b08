"""One connection after its welcome: what it sends, and what it makes of what it receives.

A Link never waits unless it is told to. The clients wait: one in poll, the other in an event loop.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from time import monotonic

import numpy as np

from . import _wire as wire
from ._call import Call, Run
from ._errors import ModelFailed
from ._rows import Floats

_WORD = struct.Struct("<I")
_COPIED = 8 << 10  # requests below this size are copied side by side; larger ones are sent from the caller's memory
SHORT = _STAGED = 64 << 10  # bytes of copied requests per send
_SEGMENTS = 512  # buffers per sendmsg; the kernel allows 1024
_BUFFER = 256 << 10  # more than twice the largest notice
_DIRECT = 4 << 10  # an answer of this size is received into the caller's memory
_NOW = socket.MSG_DONTWAIT


class Ended(Exception):
    """The connection has ended. in_order says whether unanswered requests may simply be sent again."""

    def __init__(self, reason: str, in_order: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.in_order = reason, in_order


class Link:
    """One connection. Not for two threads at once."""

    def __init__(self, sock: socket.socket, addr: str, model: wire.Model, version: int) -> None:
        self.sock, self.addr, self.model, self.version = sock, addr, model, version
        self.queue: deque[Run] = deque()  # runs that are not wholly sent
        self.unsent = 0  # bytes of them that wait to be sent
        self.waiting: deque[Run] = deque()  # runs that were begun and are not wholly answered
        self.leaving = False  # the server is going away
        self.half_closed = False
        self.broken = ""  # why nothing more can be sent
        self.answers = 0  # that have come
        self.home: list[Link] = []  # where it is while nobody uses it
        self.rested = 0.0  # when a client last had it in use
        self.heard = 0.0  # when the server last sent or took something
        self.poller = select.poll()
        self.poller.register(sock, select.POLLIN)
        self._memory = bytearray(_BUFFER)
        self._view = memoryview(self._memory)
        self._words = np.frombuffer(self._memory, "<u4")
        self._bytes = np.frombuffer(self._memory, np.uint8)
        self._read = self._filled = 0  # what is between them was received and not understood yet
        self._direct: memoryview | None = None  # where the rest of a large answer goes
        self._direct_run: Run | None = None
        self._staged: memoryview | None = None  # requests that were copied and are not wholly sent
        self._asked: tuple[bytes, int, int, str] = (b"", 0, -1, "")  # what ask sent and received, if it failed

    # The shortest way, for one small request on a connection without others

    def ask(self, vectors: int, rows: Floats, scores: Floats, timeout: float | None) -> bool:
        """Send a request, wait for its answer for the timeout or the stall timeout, and take the scores.

        If it returns False, something else has happened, and resume goes on from there.
        """
        sent, received, error = 0, -1, ""
        message = b""
        try:
            if vectors <= self.model.max_vectors and self._read == self._filled and not self.busy:
                message = b"".join((_WORD.pack(vectors), rows.data))
                sent = self.sock.send(message, _NOW)
                self.heard = monotonic()
                if sent == len(message) and (timeout is None or self.poller.poll(timeout * 1000)):
                    received = self.sock.recv_into(self._view)
                    if received == 4 + scores.nbytes and _WORD.unpack_from(self._memory)[0] == vectors:
                        scores.data.cast("B")[:] = self._view[4:received]
                        self.answers += 1
                        return True
        except BlockingIOError:
            error = "the server has been silent for too long" if sent else ""
        except OSError as failed:
            error = str(failed)
        self._asked = message, sent, received, error
        return False

    def resume(self, run: Run) -> None:
        """Go on where ask has stopped. run is its request, or what the server allows of it if it was too large.

        It raises Ended as read does.
        """
        message, sent, received, error = self._asked
        run.sent = sent
        if sent < run.total:
            self.queue.append(run)
            self.unsent += run.total - sent
        if sent:
            if sent < run.total and run.size < _COPIED:
                self._staged = memoryview(message)[sent:]
            self._begin(run)
        if error:
            raise Ended(error)
        if received >= 0:
            self._read = self._filled = 0
            self._received(received)

    # Sending

    def push(self, run: Run) -> None:
        """Queue requests. Only write sends them."""
        self.queue.append(run)
        self.unsent += run.total

    @property
    def busy(self) -> bool:
        return bool(self.queue or self.waiting)

    def write(self) -> None:
        """Send as much as the kernel takes without waiting."""
        while self.queue:
            run = self.queue[0]
            if self.leaving or run.call.over:
                self._cut(run)
                if run.sent == run.total:
                    self.queue.popleft()
                    continue
            if self.broken or not self._send(run):
                return
            if run.sent == run.total:
                self.queue.popleft()
        if self.leaving and not self.half_closed:
            self.half_closed = True
            with contextlib.suppress(OSError):  # the connection has ended, and read will say how
                self.sock.shutdown(socket.SHUT_WR)

    def _cut(self, run: Run) -> None:
        """Send no request of run that was not begun."""
        total = run.total
        run.cut()
        self.unsent -= total - run.total
        left = run.total - run.sent
        if self._staged is not None:
            self._staged = self._staged[:left] if left else None
        if run.done == run.count and self.waiting and self.waiting[-1] is run:
            self.waiting.pop()

    def _send(self, run: Run) -> bool:
        """Send bytes of run once. Return False if the kernel took only a part."""
        try:
            if run.size >= _COPIED:
                buffers = self._segments(run)
                size = sum(map(len, buffers))
                sent = self.sock.sendmsg(buffers, (), _NOW)
            else:
                staged = self._staged
                if staged is None:
                    staged = self._stage(run)
                size = len(staged)
                sent = self.sock.send(staged, _NOW)
                self._staged = None if sent == size else staged[sent:]
        except BlockingIOError:
            return False
        except OSError as error:
            self.broken = str(error)  # what the server sent before may still be there: read finds it, and then the end
            return False
        if run.sent == 0:
            self._begin(run)
        run.sent += sent
        self.unsent -= sent
        self.heard = monotonic()
        return sent == size

    def _begin(self, run: Run) -> None:
        self.waiting.append(run)
        run.call.written = True

    def _stage(self, run: Run) -> memoryview:
        """Copy whole requests of run side by side."""
        call = run.call
        at = run.sent // run.size  # requests that are sent: what is copied is always sent as a whole
        count = min(run.count - at, max(_STAGED // run.size, 1))
        first = (run.first + at * run.vectors) * call.row_bytes
        frames = np.empty((count, run.size), np.uint8)
        frames[:, :4] = np.frombuffer(_WORD.pack(run.vectors), np.uint8)
        rows = np.frombuffer(call.rows, np.uint8, count * (run.size - 4), first)
        frames[:, 4:] = rows.reshape(count, run.size - 4)
        return frames.reshape(-1).data

    def _segments(self, run: Run) -> list[memoryview]:
        """Return the bytes of run from sent on, as views of the caller's memory."""
        call, size = run.call, run.size - 4
        header = memoryview(_WORD.pack(run.vectors))
        begin, offset = divmod(run.sent, run.size)
        buffers: list[memoryview] = []
        for at in range(begin, min(run.count, begin + _SEGMENTS // 2)):
            first = (run.first + at * run.vectors) * call.row_bytes
            buffers += (header, call.rows[first : first + size])
        if offset < 4:
            buffers[0] = header[offset:]
        else:
            buffers[:2] = [buffers[1][offset - 4 :]]
        return buffers

    # Receiving

    def read(self, flags: int = 0) -> bool:
        """Receive once and understand what came. Return False if nothing was there.

        Without socket.MSG_DONTWAIT it waits. It raises Ended when the connection has ended.
        """
        try:
            if self._direct is not None:
                count = self.sock.recv_into(self._direct, 0, flags)
            else:
                if self._read == self._filled:
                    self._read = self._filled = 0
                elif self._filled > _BUFFER - (_BUFFER >> 2):
                    self._memory[: self._filled - self._read] = self._memory[self._read : self._filled]
                    self._read, self._filled = 0, self._filled - self._read
                count = self.sock.recv_into(self._view[self._filled :] if self._filled else self._view, 0, flags)
        except BlockingIOError:
            return False
        except OSError as error:
            raise Ended(str(error)) from None
        self._received(count)
        return True

    def _received(self, count: int) -> None:
        """Understand the count bytes that were received."""
        if count == 0:
            between = self._direct is None and self._read == self._filled
            in_order = between and not self.broken and self.version > 1
            raise Ended(self.broken or "the server closed the connection", in_order)
        if self._direct is not None:
            self._direct = self._direct[count:]
            if not self._direct:
                run, self._direct, self._direct_run = self._direct_run, None, None
                assert run is not None
                self._answered(run, 1)
        else:
            self._filled += count
            while self._understand():
                pass
        if self.waiting:
            self.heard = monotonic()

    def _understand(self) -> bool:
        """Take one message from the buffer, or answers of one run. Return False if none is whole."""
        read, have = self._read, self._filled - self._read
        if have < 4:
            return False
        (word,) = _WORD.unpack_from(self._memory, read)
        if self.waiting:
            run = self.waiting[0]
            if word == run.vectors and run.done < run.begun:
                return self._answers(run, have)
        if self.version == 1 or word < wire.FAILURE:
            wanted = f"a request of {self.waiting[0].vectors} rows" if self.waiting else "no request"
            raise Ended(f"the server broke the protocol: it sent {word:#x} in answer to {wanted}")
        if have < 8:
            return False
        (detail,) = _WORD.unpack_from(self._memory, read + 4)
        return self._notice(word & wire.LOW_BITS, detail, have) if word >= wire.NOTICE else self._failure(word, detail)

    def _answers(self, run: Run, have: int) -> bool:
        """Take the answers to requests of run, as many as are whole."""
        call, read, size = run.call, self._read, run.answer
        at = (run.first + run.done * run.vectors) * call.out_bytes
        if have < size:
            if size < _DIRECT:
                return False
            part, rest = have - 4, size - have
            target = memoryview(bytearray(size - 4)) if call.over else call.out[at : at + size - 4]
            target[:part] = self._view[read + 4 : self._filled]
            self._direct, self._direct_run = target[part : part + rest], run
            self._read = self._filled = 0
            return False
        count = min(have // size, run.begun - run.done)
        if count > 1:
            count = self._same(run, count)
        if not call.over:
            if count == 1:
                call.out[at : at + size - 4] = self._view[read + 4 : read + size]
            else:
                target_rows = np.frombuffer(call.out, np.uint8, count * (size - 4), at).reshape(count, size - 4)
                target_rows[:] = self._bytes[read : read + count * size].reshape(count, size)[:, 4:]
        self._read = read + count * size
        self._answered(run, count)
        return True

    def _same(self, run: Run, count: int) -> int:
        """Return how many of count messages that follow each other have the first word of an answer to run.

        All messages are multiples of four bytes, so their words lie at multiples of four in the buffer.
        """
        words = run.answer // 4
        heads = self._words[self._read // 4 :][: count * words : words]
        wrong = np.flatnonzero(heads != run.vectors)
        return int(wrong[0]) if len(wrong) else count

    def _answered(self, run: Run, count: int) -> None:
        self.answers += count
        run.done += count
        if run.done == run.count and run.sent >= run.total:
            self.waiting.popleft()
        call = run.call
        if not call.over:
            call.open -= count * run.vectors
            if call.open == 0:
                call.changed()

    def _failure(self, word: int, detail: int) -> bool:
        if not self.waiting:
            raise Ended("the server broke the protocol: it failed a request that it did not get")
        run = self.waiting[0]
        row = run.first + run.done * run.vectors + detail if detail < run.vectors else -1
        run.call.fail(ModelFailed(self.addr, word & wire.LOW_BITS, row))
        self._read += 8
        self._answered(run, 1)
        return True

    def _notice(self, kind: int, size: int, have: int) -> bool:
        known = {wire.GOING_AWAY: 0, wire.ANOTHER_MODEL: wire.IDENTITY_BYTES}
        if size % 4 or size > wire.MAX_NOTICE or known.get(kind, size) != size:
            raise Ended(f"the server broke the protocol: it sent a notice of type {kind} with {size} bytes")
        if have < 8 + size:
            return False
        if kind == wire.GOING_AWAY:
            self.leaving = True
        elif kind == wire.ANOTHER_MODEL:
            identity = self._memory[self._read + 8 : self._read + 8 + size].hex()
            self.model = wire.Model(**{**vars(self.model), "identity": identity})
        self._read += 8 + size
        return True

    # Ending

    def abandon(self, call: Call) -> None:
        """Stop touching the memory of a call that is over. Late answers are received and dropped."""
        if self._direct is not None and self._direct_run is not None and self._direct_run.call is call:
            self._direct = memoryview(bytearray(len(self._direct)))

    def lost(self, end: Ended, spend: Callable[[], bool], moves: int, retries: int) -> None:
        """Return the rows of all requests without answers to their calls, or fail these, when the connection has ended."""
        runs = list(self.waiting)
        runs += [run for run in self.queue if run.sent == 0]
        self.waiting.clear()
        self.queue.clear()
        self.unsent = 0
        for run in reversed(runs):
            run.give_back(self.addr, end.reason, end.in_order, moves, retries, spend)

    def close(self) -> None:
        self.sock.close()

"""Calls, and the runs of requests that they become."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ._errors import ConnectionLost
from ._rows import Floats, as_bytes
from ._wire import Model

CHUNK = 1 << 20
"""Bytes of rows that a connection is given at once, if a request is not larger."""


class Piece(NamedTuple):
    """Rows of a call that wait for a connection, from first up to stop."""

    first: int
    stop: int
    moves: int = 0  # how often they were sent again after a connection ended in order
    retries: int = 0  # and after one ended otherwise


class Call:
    """One call of score: its memory, and what is left to do.

    Invariant: once over is true, no connection writes to out.
    """

    __slots__ = ("rows", "out", "row_bytes", "out_bytes", "todo", "open", "error", "written", "wake")

    def __init__(self, rows: Floats, out: Floats, model: Model, wake: Callable[[], object] | None = None) -> None:
        self.rows, self.out = as_bytes(rows), as_bytes(out)
        self.row_bytes, self.out_bytes = 4 * model.dim, 4 * model.outputs
        self.open = len(self.rows) // self.row_bytes  # rows without scores
        self.todo = deque([Piece(0, self.open)] if self.open else ())
        self.error: Exception | None = None
        self.written = False
        self.wake = wake

    @property
    def over(self) -> bool:
        return self.open == 0 or self.error is not None

    def fail(self, error: Exception) -> None:
        """End the call with an error, unless it has ended."""
        if not self.over:
            self.error = error
            self.todo.clear()
            self.changed()

    def changed(self) -> None:
        """Tell the caller that the call is over or has rows to do."""
        if self.wake is not None:
            self.wake()

    def take(self, max_vectors: int) -> Run:
        """Remove rows from todo and return the run of requests that asks for their scores."""
        piece = self.todo.popleft()
        rows = piece.stop - piece.first
        if rows > max_vectors:
            whole = max(CHUNK // (self.row_bytes * max_vectors), 1)  # requests in a chunk
            rows = min(rows // max_vectors, whole) * max_vectors
            if piece.first + rows < piece.stop:
                self.todo.appendleft(piece._replace(first=piece.first + rows))
        return Run(self, piece, rows, min(rows, max_vectors))

    def put_back(self, piece: Piece) -> None:
        """Return rows that a connection has not brought the scores of."""
        if not self.over:
            self.todo.appendleft(piece)
            self.changed()


class Run:
    """Requests of equal size for rows of one call that follow each other, on one connection."""

    __slots__ = ("call", "piece", "first", "count", "vectors", "size", "answer", "total", "sent", "done")

    def __init__(self, call: Call, piece: Piece, rows: int, vectors: int) -> None:
        self.call, self.piece, self.first = call, piece, piece.first
        self.vectors, self.count = vectors, rows // vectors
        self.size = 4 + vectors * call.row_bytes  # of a request
        self.answer = 4 + vectors * call.out_bytes  # of an answer
        self.total = self.count * self.size
        self.sent = 0  # bytes that the kernel has taken
        self.done = 0  # requests that were answered or have failed

    @property
    def begun(self) -> int:
        """Return how many requests the kernel has taken, at least in part."""
        return -(-self.sent // self.size)

    def cut(self) -> None:
        """Drop the requests that were not begun, and return their rows to the call."""
        begun = self.begun
        if begun < self.count:
            stop = self.first + self.count * self.vectors
            self.count, self.total = begun, begun * self.size
            self.call.put_back(Piece(self.first + begun * self.vectors, stop, self.piece.moves, self.piece.retries))

    def give_back(self, addr: str, reason: str, in_order: bool, moves: int, retries: int, spend: Callable[[], bool]) -> None:
        """Return all rows that were not answered to the call, or fail it if they may not be sent again.

        What was begun counts as a move if the connection ended in order, and as a retry otherwise.
        """
        self.cut()
        if self.done == self.count or self.call.over:
            return
        piece = Piece(self.first + self.done * self.vectors, self.first + self.count * self.vectors, *self.piece[2:])
        if in_order and piece.moves < moves:
            self.call.put_back(piece._replace(moves=piece.moves + 1))
        elif piece.retries < retries and spend():
            self.call.put_back(piece._replace(retries=piece.retries + 1))
        else:
            self.call.fail(ConnectionLost(addr, reason))

"""The errors of disrust. Each can be pickled, so that it survives a pool of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._wire import Model

_MODEL_ERROR, _MODEL_PANIC, _COUNT_DENIED = 1, 2, 3


class Error(Exception):
    """The base of all errors of this package."""


class ClosedError(Error):
    """The call was started after close()."""

    def __str__(self) -> str:
        return "the client is closed"


class GaveUp(Error, TimeoutError):
    """The timeout of a call passed before all its scores came.

    written says whether a request of the call was written, at least in part. If it is False, no
    server has seen the call.
    """

    def __init__(self, written: bool) -> None:
        super().__init__(written)
        self.written = written

    def __str__(self) -> str:
        return "gave up " + ("while waiting for the answer" if self.written else "before a request was written")


class ConnectionLost(Error, ConnectionError):
    """A request was written, then its connection ended without the answer, and no retry was left."""

    def __init__(self, addr: str, reason: str) -> None:
        super().__init__(addr, reason)
        self.addr, self.reason = addr, reason

    def __str__(self) -> str:
        return f"connection to {self.addr} lost while waiting for the answer: {self.reason}"


class ModelFailed(Error):
    """The model returned an error or panicked on a request of the call.

    row is the first row of the call that fails even alone, or -1 if the server does not know it.
    The same rows would probably fail again, so the client does not send them again.
    """

    def __init__(self, addr: str, code: int, row: int) -> None:
        super().__init__(addr, code, row)
        self.addr, self.code, self.row = addr, code, row

    def __str__(self) -> str:
        row = f" for row {self.row}" if self.row >= 0 else ""
        if self.code == _MODEL_ERROR:
            return f"the model of {self.addr} returned an error{row}; the server's log has it"
        if self.code == _MODEL_PANIC:
            return f"the model of {self.addr} panicked{row}; the server's log says more"
        if self.code == _COUNT_DENIED:
            return f"{self.addr} does not allow the number of rows of a request"
        return f"{self.addr} failed a request with code {self.code}"


class Refused(Error):
    """The server does not serve what the client asks for, or not what the first server serves.

    status is the number in the server's welcome, or 0 if the client itself found the difference.
    sentence is what the server says, and server is what it serves.
    """

    def __init__(self, addr: str, status: int, sentence: str, server: Model) -> None:
        super().__init__(addr, status, sentence, server)
        self.addr, self.status, self.sentence, self.server = addr, status, sentence, server

    def __str__(self) -> str:
        return f"{self.addr} refuses the client: {self.sentence or f'status {self.status}'!r}; it serves {self.server}"


class NoWelcome(Error):
    """The server ended the connection before its welcome, sent none in time, or is other software."""

    def __init__(self, addr: str, reason: str) -> None:
        super().__init__(addr, reason)
        self.addr, self.reason = addr, reason

    def __str__(self) -> str:
        return f"{self.addr}: {self.reason}"


class Unavailable(Error, ConnectionError):
    """No connection stands, and the last attempt at every address has failed.

    errors has the reason for each address: Refused, NoWelcome, ConnectionLost or an OSError. The
    client tries again, so a later call may succeed.
    """

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "no server can be reached: " + "; ".join(str(e) for e in self.errors)


class RowsError(Error, ValueError):
    """The rows or out do not have the shape that the model needs, or share memory. Nothing was sent."""


class LocalError(Error):
    """The daemon of a Local could not be found or did not start. The text is the daemon's own."""

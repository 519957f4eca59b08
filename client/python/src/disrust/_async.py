"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Any

from ._call import CHUNK, Call
from ._errors import ClosedError, Error, GaveUp, Refused, Unavailable
from ._link import Ended, Link
from ._rows import Floats, as_rows, scores_for
from ._servers import TICK, Budget, Greeting, Place, Server, Settings, new_socket, parse, places, settings
from ._wire import Model


class AsyncClient:
    """Scores rows on one or several servers. All tasks of one event loop may share one.

    The arguments are those of Client, except conns: the calls of all tasks share so many connections to
    each address, with any number of requests in flight on each.

    It connects with "async with", or with connect() and close():

        async with disrust.AsyncClient("127.0.0.1:9900") as client:
            scores = await client.score(rows)

    A process that was forked needs an AsyncClient of its own, as it needs an event loop of its own.
    """

    def __init__(
        self,
        addrs: str | Sequence[str] = "127.0.0.1:9900",
        *,
        conns: int = 1,
        timeout: float | None = None,
        retries: int = 0,
        dial_timeout: float = 5.0,
        stall_timeout: float = 10.0,
        version: int = 2,
        dim: int = 0,
        outputs: int = 0,
        kind: str = "unstated",
        max_vectors: int = 0,
        model: str = "",
    ) -> None:
        self._settings = settings(
            addrs, conns=conns, timeout=timeout, retries=retries, dial_timeout=dial_timeout, stall_timeout=stall_timeout,
            version=version, dim=dim, outputs=outputs, kind=kind, max_vectors=max_vectors, model=model,
        )  # fmt: skip
        self._servers = [Server(addr) for addr in self._settings.addrs]
        self._links: dict[Link, Server] = {}  # those that stand
        self._writers: set[Link] = set()  # those that the loop tells when they can send
        self._attempts: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None  # for the next look at the connections
        self._seekers: dict[asyncio.Future[None], None] = {}  # of those who wait for a connection, in their order
        self._budget = Budget()
        self._model: Model | None = None
        self._active = False  # a call has begun since the last look at the connections
        self._closed = False
        self._process = os.getpid()

    # For callers

    @property
    def model(self) -> Model:
        """What the server says of its model, as of the last answer. There is one once the client has connected."""
        if self._model is None:
            raise RuntimeError("the client has not connected: use 'async with', or await connect()")
        return self._model

    async def connect(self) -> None:
        """Wait for the first connection. Raises Unavailable if no server can be reached."""
        while self._model is None:
            await self._seek(None)

    async def score(self, x: Any, out: Floats | None = None, *, timeout: float | None = None, cast: bool = False) -> Floats:
        """Return the scores of one row or of a matrix of any number of rows, as Client.score does.

        The memory of x must not change until the call ends. A task that is cancelled gives the call up.
        """
        if os.getpid() != self._process:
            raise RuntimeError("this AsyncClient was made before a fork: make another one in this process")
        await self.connect()
        self._active = True
        model = self.model
        rows = as_rows(x, model.dim, cast)
        scores = scores_for(rows, model, out)
        call = Call(rows, scores, model)
        loop = asyncio.get_running_loop()
        timeout = self._settings.timeout if timeout is None else timeout
        alarm = None if timeout is None else loop.call_later(timeout, _give_up, call)
        try:
            await self._run(call)
        except Error as error:
            call.fail(error)
        finally:
            if alarm is not None:
                alarm.cancel()
            if not call.over:  # the task was cancelled
                call.fail(GaveUp(call.written))
            if call.error is not None:
                for link in [*self._links]:
                    link.abandon(call)
                    self._pump(link)
        if call.error is not None:
            raise call.error
        self._budget.earn()
        return scores

    async def close(self) -> None:
        """Close the connections. Calls in flight, and later ones, raise ClosedError."""
        self._closed = True
        for attempt in self._attempts:
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)
        if self._alarm is not None:
            self._alarm.cancel()
        for link in [*self._links]:
            for run in (*link.waiting, *link.queue):
                run.call.fail(ClosedError())
            self._lost(link, Ended("the client is closed"))
        self._notify()

    async def __aenter__(self) -> AsyncClient:
        try:
            await self.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    # A call

    async def _run(self, call: Call) -> None:
        loop = asyncio.get_running_loop()
        while not call.over:
            changed: asyncio.Future[None] = loop.create_future()
            call.wake = lambda changed=changed: _set(changed)
            if not call.todo:
                await changed
                continue
            ready = (link for link in self._links if link.unsent < CHUNK and not link.leaving)
            link = min(ready, key=_in_flight, default=None)
            if link is None:
                await self._seek(changed)
            else:
                self._links[link] = self._links.pop(link)  # to the end, so that equals take turns
                link.push(call.take(link.model.max_vectors))
                self._pump(link)

    async def _seek(self, changed: asyncio.Future[None] | None) -> None:
        """Wait until a connection may have room for more, or changed is done."""
        if self._closed:
            raise ClosedError
        loop = asyncio.get_running_loop()
        changed = changed or loop.create_future()
        again = None
        due = self._reach()
        if not any(server.links or server.connecting for server in self._servers):
            errors = [server.error for server in self._servers if server.error is not None]
            if len(errors) == len(self._servers):
                raise Unavailable(errors)
            again = loop.call_later(max(due - monotonic(), 0), _set, changed)
        self._seekers[changed] = None
        try:
            await changed
        finally:
            del self._seekers[changed]
            if again is not None:
                again.cancel()

    def _notify(self) -> None:
        """Wake those who wait for a connection."""
        for changed in self._seekers:
            _set(changed)

    # Connections

    def _reach(self) -> float:
        """Begin to make the connections that are missing, and return when the next attempt may begin."""
        now = monotonic()
        for server in self._servers:
            while server.due <= now and server.links + server.connecting < self._settings.conns:
                server.connecting += 1
                attempt = asyncio.get_running_loop().create_task(self._attempt(server))
                self._attempts.add(attempt)
                attempt.add_done_callback(self._attempts.discard)
        return min(server.due for server in self._servers)

    async def _attempt(self, server: Server) -> None:
        try:
            link = await _connect(server.addr, self._settings)
        except Exception as error:
            server.failed(error)
        except BaseException:
            server.connecting -= 1
            raise
        else:
            if self._model is not None and not link.model.fits(self._model):
                link.close()
                server.failed(Refused(server.addr, 0, f"the client uses {self._model}", link.model))
            else:
                server.came()
                self._links[link] = server
                self._model = self._model or link.model
                loop = asyncio.get_running_loop()
                loop.add_reader(link.sock.fileno(), self._readable, link)
                if self._alarm is None:
                    self._look()
        self._notify()

    def _readable(self, link: Link) -> None:
        before = link.answers
        try:
            link.read(socket.MSG_DONTWAIT)
        except Ended as end:
            self._lost(link, end)
            return
        if link.answers > before:
            self._model = link.model
        if link.queue or link.leaving:
            self._pump(link)

    def _pump(self, link: Link) -> None:
        """Send what can be sent, and let the loop tell when more can be."""
        if link not in self._links:
            return
        link.write()
        if link.leaving and not link.busy:
            self._lost(link, Ended("the server is going away", in_order=True))
            return
        loop = asyncio.get_running_loop()
        if link.queue and link not in self._writers:
            self._writers.add(link)
            loop.add_writer(link.sock.fileno(), self._pump, link)
        elif not link.queue and link in self._writers:
            self._writers.discard(link)
            loop.remove_writer(link.sock.fileno())
        if self._seekers and link.unsent < CHUNK:
            self._notify()

    def _lost(self, link: Link, end: Ended) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(link.sock.fileno())
        if link in self._writers:
            self._writers.discard(link)
            loop.remove_writer(link.sock.fileno())
        link.close()
        self._links.pop(link).lost(link)
        link.lost(end, self._budget.spend, self._settings.moves, self._settings.retries)
        self._notify()

    def _look(self) -> None:
        """Close connections on which a server owes an answer and is silent, and make those that are missing."""
        stall = self._settings.stall_timeout
        for link in [*self._links]:
            if link.waiting and monotonic() - link.heard >= stall:
                self._lost(link, Ended(f"the server has been silent for {stall:g} s"))
        if self._active and not self._closed:
            self._reach()
        self._active = False
        self._alarm = asyncio.get_running_loop().call_later(min(stall / 4, TICK), self._look)


def _in_flight(link: Link) -> int:
    return len(link.queue) + len(link.waiting)


def _give_up(call: Call) -> None:
    call.fail(GaveUp(call.written))


def _set(changed: asyncio.Future[None]) -> None:
    if not changed.done():
        changed.set_result(None)


async def _connect(addr: str, s: Settings) -> Link:
    """Connect to addr and exchange hello and welcome, within s.dial_timeout."""
    deadline = monotonic() + s.dial_timeout
    found = await _look_up(addr)
    for left, place in zip(reversed(range(len(found))), found, strict=True):
        try:
            sock = await _dial(place, max(deadline - monotonic(), 0.001) / (left + 1))
            break
        except OSError:  # also if this machine has no such addresses
            if left == 0:
                raise
    try:
        model = s.old_model() if s.version == 1 else await _greet(sock, addr, s, deadline)
        return Link(sock, addr, model, s.version)
    except BaseException:
        sock.close()
        raise


async def _dial(place: Place, seconds: float) -> socket.socket:
    family, addr = place
    sock = new_socket(family)
    try:
        sock.setblocking(False)
        await _within(seconds, asyncio.get_running_loop().sock_connect(sock, addr))
        return sock
    except BaseException:
        sock.close()
        raise


async def _look_up(addr: str) -> list[Place]:
    parsed = parse(addr)
    if isinstance(parsed, str):
        return [(socket.AF_UNIX, parsed)]
    return places(await asyncio.get_running_loop().getaddrinfo(*parsed, type=socket.SOCK_STREAM))


async def _greet(sock: socket.socket, addr: str, s: Settings, deadline: float) -> Model:
    loop = asyncio.get_running_loop()
    greeting = Greeting(addr, s)
    try:
        await _within(deadline - monotonic(), loop.sock_sendall(sock, s.expected.hello()))
        while not greeting.whole:
            greeting.received(await _within(deadline - monotonic(), loop.sock_recv_into(sock, greeting.room)))
    except OSError as error:
        raise greeting.failed(error) from None
    return greeting.judge()


async def _within(seconds: float, what: Any) -> Any:
    try:
        return await asyncio.wait_for(what, max(seconds, 0.001))
    except asyncio.TimeoutError:  # in Python 3.10 it is no TimeoutError
        raise TimeoutError("timed out") from None

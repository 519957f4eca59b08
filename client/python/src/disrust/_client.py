"""The client for threads."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import weakref
from collections.abc import Iterable, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, TypeVar

from ._call import CHUNK, Call
from ._errors import ClosedError, Error, GaveUp, Refused, Unavailable
from ._link import SHORT, Ended, Link
from ._rows import Floats, as_rows, scores_for
from ._servers import TICK, Budget, Server, Settings, connect, settings
from ._verify import Comparison, compare, expected
from ._wire import Model

_SHARE = 4 * CHUNK  # bytes of rows for which a call uses one more connection
_TOGETHER = 1024  # calls in flight at once: each turn looks at all of them
_FRESH = 0.001  # seconds in which an idle connection is taken to stand as it was
_INTERRUPTED = "a call was interrupted"
_Client = TypeVar("_Client", bound="Client")
_clients: weakref.WeakSet[Client] = weakref.WeakSet()


class _Ticket:
    """The place in the queue of one who waits for a connection."""

    link: Link | None = None


class Client:
    """Scores rows on one or several servers. Any number of threads may share one.

    addrs: one address or several: "host:port", "[IPv6]:port" or "unix:PATH". All must serve the same
        model. The calls are spread over them.
    conns: the most connections to each address. A call uses a connection alone, so this is also how
        many calls can be in flight to an address; more wait. Connections are made when they are needed,
        and a large matrix uses several.
    timeout: seconds for a call, unless the call says otherwise; None: no limit of its own.
    retries: how often rows may be sent again when a connection breaks that had brought them to a
        server. Scoring changes nothing on a server, so the only cost is that a row may be scored
        twice. A budget bounds retries to a tenth of the calls. Rows that a server has certainly not
        answered, because it ended the connection in order or before they were sent, are sent again
        without being counted here.
    dial_timeout: seconds for an attempt to connect, with the server's welcome.
    stall_timeout: seconds that a server may owe an answer in silence before the connection is closed.
    version: of the protocol; 1 for servers from before version 2.
    dim, outputs, kind, max_vectors, model: what the client expects, so that another server refuses
        it. Without them it takes what the first server serves, and requires the same of the others. In
        version 1 the server checks nothing, and the defaults are 128, 1, none, 64 and none.

    The constructor connects. It raises Unavailable if no server can be reached, ValueError for
    arguments that are not allowed.

    A process that forks may go on using the Client on both sides: the child makes connections of its
    own. Leave a Client with close() or as a context manager.
    """

    def __init__(
        self,
        addrs: str | Sequence[str] = "127.0.0.1:9900",
        *,
        conns: int = 4,
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
        self._closed = False
        self._budget = Budget()
        self._model: Model | None = None
        self._reset()
        _clients.add(self)
        try:
            with self._lock:
                link = self._acquire(self._end_of(None))
            self._put(link)
        except BaseException:
            self.close()
            raise

    def _reset(self) -> None:
        """Begin without connections."""
        self._lock = threading.Lock()  # guards all that follows
        self._changed = threading.Condition(self._lock)  # a connection is idle, or none can be expected
        self._tickets: list[_Ticket] = []  # of those who wait for a connection, in their order
        self._servers = [Server(addr) for addr in self._settings.addrs]
        self._turn = 0  # the server that is asked first among equals
        self._links: dict[Link, Server] = {}  # those that stand
        # With a single server: its idle connections. A list pops and appends as a whole, without the lock.
        self._ready = self._servers[0].idle if len(self._servers) == 1 else []
        self._leave = threading.Event()  # ends the thread that looks at idle connections
        self._watched = False
        self._active = False  # a call has ended since that thread looked

    # For callers

    @property
    def model(self) -> Model:
        """What the server says of its model, as of the last answer."""
        assert self._model is not None  # the constructor connects
        return self._model

    def score(self, x: Any, out: Floats | None = None, *, timeout: float | None = None, cast: bool = False) -> Floats:
        """Return the scores of one row or of a matrix of any number of rows.

        x: a C-contiguous numpy array of float32, of shape (dim,) or (n, dim), which is sent without
            a copy. Anything else is a TypeError, unless cast is True: then numpy converts it first.
        out: where the scores go, float32 and C-contiguous, of the shape that is returned.
        timeout: seconds for this call, in place of the client's.

        Returns float32 of shape (outputs,) for one row; of shape (n,) for a matrix if outputs is 1,
        and (n, outputs) otherwise. If it raises, out holds anything.

        Raises TypeError, RowsError (a ValueError), GaveUp (a TimeoutError), ConnectionLost and
        Unavailable (ConnectionErrors), ModelFailed, ClosedError. All but TypeError are disrust.Error.
        """
        model = self._model
        assert model is not None  # the constructor connects
        rows = as_rows(x, model.dim, cast)
        scores = scores_for(rows, model, out)
        if timeout is None:
            timeout = self._settings.timeout
        deadline = None if timeout is None else monotonic() + timeout
        stall = self._settings.stall_timeout
        wait = None if timeout is None else min(max(timeout, 0.0), stall)
        links: list[Link] = []
        call: Call | None = None
        vectors = rows.size // model.dim
        if 0 < vectors <= model.max_vectors and rows.nbytes < SHORT:
            link = self._take()
            if link is not None:
                try:
                    if link.ask(vectors, rows, scores, wait):
                        self._put(link)
                        self._budget.earn()
                        return scores
                    links.append(link)
                    call = Call(rows, scores, model)
                    link.resume(call.take(link.model.max_vectors))
                except Ended as end:
                    links.remove(link)
                    self._lost(link, end)
                except BaseException:
                    self._lost(link, Ended(_INTERRUPTED))
                    raise
        call = call or Call(rows, scores, model)
        self._run((call,), links, deadline)
        if call.error is not None:
            raise call.error
        self._budget.earn()
        return scores

    def score_each(
        self, xs: Iterable[Any], *, timeout: float | None = None, cast: bool = False
    ) -> list[Floats | Error]:
        """Score rows and matrices that have nothing to do with each other, as many calls in flight, 1,024 at once.

        Returns, for each of xs in order, what score would return, or the Error that it would raise.
        It raises TypeError itself. timeout bounds all of them together.
        """
        model = self.model
        results: list[Floats | Error] = []
        calls: list[tuple[int, Call]] = []
        for n, x in enumerate(xs):
            try:
                rows = as_rows(x, model.dim, cast)
            except Error as error:
                results.append(error)
                continue
            results.append(scores_for(rows, model, None))
            calls.append((n, Call(rows, results[n], model)))  # type: ignore[arg-type]
        end = self._end_of(timeout)
        for first in range(0, len(calls), _TOGETHER):
            self._run([call for _, call in calls[first : first + _TOGETHER]], [], end)
        for n, call in calls:
            if isinstance(call.error, Error):
                results[n] = call.error
            else:
                self._budget.earn()
        return results

    def verify(self, model: Any, rows: Any, *, cast: bool = False) -> Comparison:
        """Score rows, a matrix, and compare the scores with those of a fitted model.

        model: of LightGBM, XGBoost or scikit-learn, a Booster or an estimator, which is asked for the
            kind of scores that the server gives
        """
        rows = as_rows(rows, self.model.dim, cast)
        if rows.ndim == 1:
            rows = rows.reshape(1, -1)
        return compare(self.score(rows), expected(model, rows, self.model.kind))

    def close(self) -> None:
        """Close the connections. Calls in flight end as they would have; later ones raise ClosedError."""
        with self._lock:
            self._closed = True
            self._leave.set()
            self._look_up()

    def __enter__(self: _Client) -> _Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # A call

    def _end_of(self, timeout: float | None) -> float | None:
        if timeout is None:
            timeout = self._settings.timeout
        return None if timeout is None else monotonic() + timeout

    def _run(self, calls: Sequence[Call], links: list[Link], deadline: float | None) -> None:
        """Bring calls to their end over links, which only these calls use, and more. Errors are in the calls."""
        try:
            while not all(call.over for call in calls):
                self._assign(calls, links, deadline)
                self._exchange(links, deadline)
                if deadline is not None and monotonic() >= deadline:
                    raise GaveUp(False)
        except Error as error:  # of the call, while it waited for a connection
            for call in calls:
                call.fail(GaveUp(call.written) if isinstance(error, GaveUp) else error)
        except BaseException:  # such as KeyboardInterrupt: what the connections have read and sent is not known
            while links:
                self._lost(links.pop(), Ended(_INTERRUPTED))
            raise
        finally:
            if links:
                for call in calls:
                    if call.error is not None:
                        for link in links:
                            link.abandon(call)
                for link in links:
                    self._put(link)

    def _assign(self, calls: Sequence[Call], links: list[Link], deadline: float | None) -> None:
        """Give connections the rows that wait for one, and get connections for them."""
        waiting = [call for call in calls if call.todo]
        if not waiting:
            return
        ready = [link for link in links if not link.leaving]
        if not ready:
            if any(link.busy for link in links):
                return  # first read what a server that goes away still answers
            with self._lock:
                ready = [self._acquire(deadline)]
            links += ready
        rows = sum(piece.stop - piece.first for call in waiting for piece in call.todo)
        if len(ready) * _SHARE < rows * waiting[0].row_bytes:
            with self._lock:
                more = None if self._tickets else self._idle()
                if more is not None:
                    links.append(more)
                    ready.append(more)
        for link in ready:
            while waiting and link.unsent < CHUNK:
                link.push(waiting[0].take(link.model.max_vectors))
                if not waiting[0].todo:
                    waiting.pop(0)

    def _exchange(self, links: list[Link], deadline: float | None) -> None:
        """Send, wait, and receive, once."""
        for link in [*links]:
            link.write()
            if link.leaving and not link.busy:
                links.remove(link)
                self._lost(link, Ended("the server is going away", in_order=True))
        if not links:
            return
        if len(links) == 1 and deadline is None and not links[0].queue:
            found = {links[0].sock.fileno(): 0}  # the kernel waits in recv, for the stall timeout at most
            flags = 0
        else:
            found = dict(_poll(links, deadline, self._settings.stall_timeout))
            flags = socket.MSG_DONTWAIT
        for link in [*links]:
            try:
                if link.sock.fileno() in found and link.read(flags):
                    continue
                if not flags or link.waiting and monotonic() - link.heard >= self._settings.stall_timeout:
                    raise Ended(f"the server has been silent for {self._settings.stall_timeout:g} s")
            except Ended as end:
                links.remove(link)
                self._lost(link, end)

    def _lost(self, link: Link, end: Ended) -> None:
        """Take note that a connection in use has ended, and return its rows to their calls."""
        link.close()
        with self._lock:
            self._links.pop(link).lost(link)
            self._changed.notify_all()
        link.lost(end, self._budget.spend, self._settings.moves, self._settings.retries)

    def _take(self) -> Link | None:
        """Return an idle connection, or begin to make one. Those who wait for one go first."""
        if self._tickets:
            return None
        try:
            link = self._ready.pop()
        except IndexError:
            with self._lock:
                return self._idle()
        if self._stands(link):
            return link
        with self._lock:
            self._drop(link)
            return self._idle()

    def _put(self, link: Link) -> None:
        """Return a connection that was in use.

        Ordering: the connection is idle before this looks for those who wait. They say that they wait
        before they look for an idle one.
        """
        self._model = link.model
        self._active = True
        if link.leaving or link.broken:
            with self._lock:
                self._drop(link)
                self._changed.notify_all()
            return
        link.rested = monotonic()
        link.home.append(link)
        if self._tickets or self._closed or not self._watched:
            with self._lock:
                self._look_up()

    # Connections. The lock is held.

    def _look_up(self) -> None:
        """See to what is rarely to be done when a connection is idle."""
        if self._closed:
            for server in self._servers:
                while server.idle:
                    self._drop(server.idle.pop())
        elif not self._watched:
            with contextlib.suppress(RuntimeError):  # no thread can be started: the next call tries again
                threading.Thread(target=_watch, args=(weakref.ref(self), self._leave), daemon=True).start()
                self._watched = True
        self._hand_out()

    def _hand_out(self) -> None:
        """Give idle connections to those who wait, oldest first."""
        for ticket in self._tickets:
            if ticket.link is None:
                ticket.link = self._idle()
                if ticket.link is None:
                    break
        self._changed.notify_all()

    def _acquire(self, deadline: float | None) -> Link:
        """Return a connection that nobody else uses, and wait for one if need be."""
        ticket = _Ticket()
        self._tickets.append(ticket)
        try:
            while True:
                if self._closed:
                    raise ClosedError
                self._hand_out()
                if ticket.link is not None:
                    link, ticket.link = ticket.link, None
                    return link
                self._await(deadline)
        finally:
            self._tickets.remove(ticket)
            if ticket.link is not None:
                ticket.link.home.append(ticket.link)
                self._look_up()

    def _await(self, deadline: float | None) -> None:
        """Wait until a connection may be idle."""
        now = monotonic()
        ends = [] if deadline is None else [deadline]
        if not any(server.links or server.connecting for server in self._servers):
            errors = [server.error for server in self._servers if server.error is not None]
            if len(errors) == len(self._servers):
                raise Unavailable(errors)
            ends += [server.due for server in self._servers]
        if deadline is not None and now >= deadline:
            raise GaveUp(False)
        self._changed.wait(max(min(ends) - now, 0) if ends else None)

    def _idle(self) -> Link | None:
        """Return an idle connection to the server with the fewest in use, or begin to make one."""
        servers = self._servers
        if self._closed:
            return None
        if len(servers) > 1:
            self._turn = (self._turn + 1) % len(servers)
            servers = servers[self._turn :] + servers[: self._turn]
            servers.sort(key=lambda server: server.links - len(server.idle))
        for server in servers:
            while server.idle:
                link = server.idle.pop()
                if self._stands(link):
                    return link
                self._drop(link)
        now = monotonic()
        none = not any(server.links for server in servers)
        for server in servers:
            if server.due <= now and server.links + server.connecting < (1 if none else self._settings.conns):
                self._connect(server)
                if not none:
                    break
        return None

    def _stands(self, link: Link) -> bool:
        """Look whether an idle connection can still be used."""
        now = monotonic()
        if now - link.rested < _FRESH:
            return True
        try:
            if not link.poller.poll(0):
                if not link.waiting or now - link.heard < self._settings.stall_timeout:
                    return True
            else:
                while link.read(socket.MSG_DONTWAIT):
                    pass
                if not link.leaving:
                    return True
        except Ended:
            pass
        return False

    def _drop(self, link: Link) -> None:
        """Close a connection that has nothing to do."""
        link.close()
        self._links.pop(link).lost(link)

    def _connect(self, server: Server) -> None:
        """Begin to connect, in a thread of its own, so that no call waits for a server that it does not need."""
        server.connecting += 1
        try:
            threading.Thread(target=self._attempt, args=(server,), daemon=True).start()
        except RuntimeError as error:
            server.failed(OSError(f"{server.addr}: no thread can be started to connect: {error}"))

    def _attempt(self, server: Server) -> None:
        link: Link | None = None
        try:
            link = connect(server.addr, self._settings)
            error: Exception | None = None
        except Exception as failed:
            error = failed
        with self._lock:  # of servers that come at once one is the first
            if link is not None and self._model is not None and not link.model.fits(self._model):
                error = Refused(server.addr, 0, f"the client uses {self._model}", link.model)
            if error is None and link is not None and not self._closed:
                server.came()
                self._links[link] = server
                link.home = server.idle
                link.home.append(link)
                self._model = self._model or link.model
            else:
                if link is not None:
                    link.close()
                server.failed(error or ClosedError())
            self._changed.notify_all()

    def _tick(self) -> None:
        """Close idle connections that servers have ended or go away from, so that no server waits for the client."""
        with self._lock:
            for server in self._servers:
                for _ in range(len(server.idle)):
                    with contextlib.suppress(IndexError):  # all are in use by now
                        link = server.idle.pop(0)
                        if self._stands(link):
                            server.idle.append(link)
                        else:
                            self._drop(link)
                if self._active and server.links + server.connecting == 0 and server.due <= monotonic():
                    self._connect(server)
            self._active = False

    def _after_fork(self) -> None:
        """Leave the connections to the parent."""
        for link in self._links:
            link.close()
        self._reset()


def _poll(links: Sequence[Link], deadline: float | None, stall: float) -> list[tuple[int, int]]:
    """Wait until a connection can go on, or there is something else to do."""
    poller = select.poll()
    now = monotonic()
    end = now + stall if deadline is None else deadline
    for link in links:
        poller.register(link.sock, select.POLLIN | (select.POLLOUT if link.queue else 0))
        if link.waiting:
            end = min(end, link.heard + stall)
    return poller.poll(max(end - now, 0) * 1000 + 1)


def _watch(client: weakref.ref[Client], leave: threading.Event) -> None:
    while not leave.wait(TICK):
        watched = client()
        if watched is None:
            return
        watched._tick()
        del watched


def _after_fork_in_child() -> None:
    for client in list(_clients):
        client._after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)

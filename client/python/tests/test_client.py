"""Client and AsyncClient on real daemons, on both backends."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from conftest import PATIENCE, Daemon
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import disrust
from disrust import _client
from disrust._link import Link
from disrust._servers import Budget

Serve = Callable[..., Daemon]
DIM = 8


def rows_of(count: int, first: int = 0) -> Any:
    """Rows whose sums are exact in float32 whatever the order of the additions."""
    return np.arange(first * DIM, (first + count) * DIM, dtype="float32").reshape(count, DIM) % 1021


def sums(rows: Any) -> Any:
    return rows.sum(axis=-1, dtype="float64").astype("float32")


def test_score(serve: Serve, backend: str, unix_addr: str) -> None:
    """One row, matrices of any size, a given out, and a Unix socket."""
    serve("--io", backend, "--dim", "8", "--listen", unix_addr)
    with disrust.Client(unix_addr) as client:
        assert (client.model.dim, client.model.outputs, client.model.max_vectors, client.model.name) == (8, 1, 64, "sum")
        one = client.score(rows_of(1)[0])
        assert one.shape == (1,) and one[0] == sums(rows_of(1))[0]
        for count in (0, 1, 2, 63, 64, 65, 128, 10_000, 500_000):
            rows = rows_of(count)
            out = np.empty(count, "float32")
            assert client.score(rows, out) is out
            assert np.array_equal(out, sums(rows))
        assert np.array_equal(client.score(rows_of(100), timeout=PATIENCE), sums(rows_of(100)))


def test_large_rows_over_several_connections(serve: Serve, backend: str) -> None:
    """Requests above 8 KiB are sent from the caller's memory, and large matrices over several connections."""
    daemons = [serve("--io", backend, "--dim", "1000", "--io-threads", "2") for _ in range(2)]
    rows = np.random.default_rng(1).integers(0, 100, (20_001, 1000)).astype("float32")
    with disrust.Client([d.addr for d in daemons], conns=3) as client:
        assert np.array_equal(client.score(rows), sums(rows))
        rows.setflags(write=False)
        assert np.array_equal(client.score(rows), sums(rows))
        assert len(client._links) > 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 200), max_size=6), st.integers(0, 1000))
def test_score_each(sum_client: disrust.Client, sizes: list[int], first: int) -> None:
    matrices = [rows_of(size, first) for size in sizes]
    for rows, scores in zip(matrices, sum_client.score_each(matrices), strict=True):
        assert isinstance(scores, np.ndarray) and np.array_equal(scores, sums(rows))


def test_score_each_of_many(sum_client: disrust.Client) -> None:
    """More than go together, of which one has no rows and one is of another shape."""
    matrices = [rows_of(0 if n == 1500 else 1, n) for n in range(3000)]
    matrices[2500] = np.ones((1, 3), "float32")
    results = sum_client.score_each(matrices)
    assert isinstance(results.pop(2500), disrust.RowsError)
    del matrices[2500]
    for rows, scores in zip(matrices, results, strict=True):
        assert isinstance(scores, np.ndarray) and np.array_equal(scores, sums(rows))


@pytest.fixture
def sum_client(serve: Serve) -> Any:
    with disrust.Client(serve("--dim", "8", "--max-vectors", "16").addr) as client:
        yield client


def test_what_is_no_row(sum_client: disrust.Client) -> None:
    """The error says what was seen and what to do; cast=True does it."""
    good = rows_of(4)
    for bad, word in [
        (good.astype("float64"), "float64"),
        (good.tolist(), "list"),
        (np.asfortranarray(good), "not C-contiguous"),
        (good[::2], "not C-contiguous"),
        (good.astype(">f4"), ">f4"),
    ]:
        with pytest.raises(TypeError, match=word) as seen:
            sum_client.score(bad)
        assert "cast=True" in str(seen.value)
        assert np.array_equal(sum_client.score(bad, cast=True), sums(np.asarray(bad, "float32")))
    for shape in [(DIM + 1,), (4, DIM - 1), (2, 2, DIM), ()]:
        with pytest.raises(disrust.RowsError, match=r"\(n, 8\) is allowed"):
            sum_client.score(np.zeros(shape, "float32"))
    with pytest.raises(disrust.RowsError, match="the scores have shape"):
        sum_client.score(good, np.empty(5, "float32"))
    frozen = np.empty(4, "float32")
    frozen.setflags(write=False)
    for out in (np.empty(4), frozen, np.empty(8, "float32")[::2], [0.0] * 4):
        with pytest.raises(TypeError, match="out must be"):
            sum_client.score(good, out)  # type: ignore[arg-type]
    memory = np.zeros(DIM + 4 * DIM, "float32")
    for first in (DIM - 4, DIM, DIM + 7):  # before the rows and into them, at their beginning, in their middle
        with pytest.raises(disrust.RowsError, match="shares memory"):
            sum_client.score(memory[DIM:].reshape(4, DIM), memory[first + 1 :][:4])
    assert np.array_equal(sum_client.score(memory[DIM:].reshape(4, DIM), memory[DIM - 4 : DIM]), np.zeros(4))
    assert np.array_equal(sum_client.score(good), sums(good))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"addrs": []}, "no address"),
        ({"addrs": "here"}, "host:port"),
        ({"addrs": "::1:80"}, "IPv6"),
        ({"addrs": "unix:"}, "no path"),
        ({"addrs": "h:70000"}, "host:port"),
        ({"conns": 0}, "conns"),
        ({"retries": -1}, "retries"),
        ({"timeout": 0}, "timeout"),
        ({"version": 3}, "version"),
        ({"version": 1, "kind": "raw"}, "version 1"),
        ({"version": 1, "dim": 65535, "max_vectors": 65535}, "16 MiB"),
        ({"dim": -1}, "dim"),
        ({"kind": "odds"}, "kind"),
        ({"model": "é" * 128}, "255 bytes"),
    ],
)
def test_arguments(arguments: Any, word: str) -> None:
    for client in (disrust.Client, disrust.AsyncClient):
        with pytest.raises(ValueError, match=word):
            client(**arguments)


def test_refused(serve: Serve) -> None:
    """Another model is refused, and the error has the values of both."""
    addr = serve("--dim", "8").addr
    with pytest.raises(disrust.Unavailable) as seen:
        disrust.Client(addr, dim=9)
    (error,) = seen.value.errors
    assert isinstance(error, disrust.Refused) and error.status == 2 and error.server.dim == 8
    other = serve("--dim", "9").addr
    with disrust.Client([addr, other]) as client:
        dim = client.model.dim
        for _ in range(100):
            assert client.score(np.ones(dim, "float32"))[0] == dim


def test_refused_when_both_come_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers of other shapes have welcomed the client before it takes note of one: the other is refused."""
    both, ended = threading.Barrier(2), threading.Barrier(3)
    reset, attempt, attempts = disrust.Client._reset, disrust.Client._attempt, set[int]()

    class Lock:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.acquire, self.release = self.lock.acquire, self.lock.release

        def __enter__(self) -> None:
            if threading.get_ident() in attempts:
                both.wait(PATIENCE)
            self.lock.acquire()

        def __exit__(self, *error: Any) -> None:
            self.lock.release()

    def reset_with_it(client: Any) -> None:
        reset(client)
        client._lock = Lock()
        client._changed = threading.Condition(client._lock)

    def attempt_and_say(client: disrust.Client, server: Any) -> None:
        attempts.add(threading.get_ident())
        attempt(client, server)
        ended.wait(PATIENCE)

    monkeypatch.setattr(disrust.Client, "_reset", reset_with_it)
    monkeypatch.setattr(disrust.Client, "_attempt", attempt_and_say)
    with disrust.Client([serve("--dim", "8").addr, serve("--dim", "9").addr]) as client:
        ended.wait(PATIENCE)
        assert sorted(server.links for server in client._servers) == [0, 1]


def test_nobody_listens(unix_addr: str) -> None:
    with pytest.raises(disrust.Unavailable) as seen:
        disrust.Client([unix_addr, "127.0.0.1:1"])
    assert len(seen.value.errors) == 2


def hammer(client: disrust.Client, threads: int, until: Callable[[], bool], timeout: float | None = None) -> int:
    """Score from many threads until the condition holds, and return how many calls were made."""
    calls = [0] * threads

    def work(n: int) -> None:
        out = np.empty(3, "float32")
        while not until():
            rows = rows_of(3, n * 7919 + calls[n])
            assert np.array_equal(client.score(rows, out, timeout=timeout), sums(rows))
            calls[n] += 1

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, n) for n in range(threads)]:
            done.result()
    return sum(calls)


@pytest.mark.parametrize("conns", [1, 3])
def test_threads(serve: Serve, backend: str, conns: int) -> None:
    """Every thread gets the scores of its own rows, with a matrix beside them, also with fewer connections."""
    with disrust.Client(serve("--io", backend, "--dim", "8").addr, conns=conns) as client:
        done = threading.Event()

        def matrices() -> None:
            try:
                for n in range(5):
                    assert np.array_equal(client.score(rows_of(50_000, n)), sums(rows_of(50_000, n)))
            finally:
                done.set()

        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(matrices)
            assert hammer(client, 8, done.is_set) > 0
            beside.result()
        assert sum(server.links for server in client._servers) <= conns


def test_no_call_fails_when_servers_drain(serve: Serve, backend: str) -> None:
    """One server after the other drains and comes back, and threads notice nothing."""
    daemons = [serve("--io", backend, "--dim", "8") for _ in range(2)]
    addrs = [daemon.addr for daemon in daemons]
    rounds = iter(range(4))
    with disrust.Client(addrs, conns=2) as client:
        stop = threading.Event()

        def restart() -> None:
            try:
                for n in rounds:
                    old = daemons[n % 2]
                    old.drain()
                    assert old.process.wait(PATIENCE) == 0
                    daemons[n % 2] = serve("--io", backend, "--dim", "8", "--listen", old.addr)
                    server = client._servers[n % 2]
                    while server.links == 0:  # until the client has found it again
                        client.score(rows_of(3))
            finally:
                stop.set()

        with ThreadPoolExecutor(1) as pool:
            restarted = pool.submit(restart)
            hammer(client, 4, stop.is_set)
            restarted.result()


def test_retries_when_a_server_is_killed(serve: Serve) -> None:
    """With a retry no call fails when one of two servers is killed. Without any server calls fail at once."""
    daemons = [serve("--dim", "8") for _ in range(2)]
    with disrust.Client([daemon.addr for daemon in daemons], retries=1) as client:
        while any(server.links == 0 for server in client._servers):
            client.score(rows_of(1))
        killed = threading.Event()

        def kill() -> None:
            daemons[0].kill()
            killed.set()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(kill)
            hammer(client, 4, killed.is_set)
        for _ in range(100):
            client.score(rows_of(3))
        daemons[1].kill()
        with pytest.raises((disrust.Unavailable, disrust.ConnectionLost)):
            for _ in range(100):
                client.score(rows_of(3))


class Scripted:
    """A server that welcomes clients and then does what a function says with each connection."""

    def __init__(self, act: Callable[[socket.socket], object]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addr = "127.0.0.1:{}".format(self.listener.getsockname()[1])
        self.accepted = 0
        self._act = act
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._talk, args=(conn,), daemon=True).start()

    def _talk(self, conn: socket.socket) -> None:
        with conn:
            read_exactly(conn, 8 + 20)
            body = struct.pack("<HHIIII32sBH", 0, 0, DIM, 1, 1, 64, b"", 0, 0)
            body += bytes(-len(body) % 4)
            conn.sendall(struct.pack("<4sHH", b"DIS2", 2, len(body)) + body)
            self._act(conn)


def read_exactly(conn: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = conn.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def test_timeout_and_stall() -> None:
    """A silent server costs a call its timeout, or all the stall timeout."""
    silent = Scripted(lambda conn: [None for _ in iter(lambda: conn.recv(1 << 16), b"")])
    with disrust.Client(silent.addr, timeout=0.05) as client:
        for rows in (rows_of(1), rows_of(1000), rows_of(1)[0]):
            with pytest.raises(TimeoutError) as seen:
                client.score(rows)
            assert isinstance(seen.value, disrust.GaveUp) and seen.value.written
        (result,) = client.score_each([rows_of(1)])
        assert isinstance(result, disrust.GaveUp)
    for timeout in (None, PATIENCE):
        with disrust.Client(silent.addr, stall_timeout=0.05) as client:
            for rows in (rows_of(1), rows_of(1000)):
                with pytest.raises(disrust.ConnectionLost, match="silent"):
                    client.score(rows, timeout=timeout)


def test_timeout_that_has_passed() -> None:
    """A negative timeout, which is what subtracting times may give, is no wait without a limit."""
    gave_up = threading.Event()
    silent = Scripted(lambda conn: gave_up.wait(PATIENCE))
    with disrust.Client(silent.addr, stall_timeout=PATIENCE) as client:
        for rows in (rows_of(1), rows_of(1000)):
            with pytest.raises(disrust.GaveUp):
                client.score(rows, timeout=-1.0)
        gave_up.set()


def test_servers_that_allow_different_requests(serve: Serve) -> None:
    """A call is split as the server that gets it allows, whatever the last one allowed."""
    addrs = [serve("--dim", "8", "--max-vectors", most).addr for most in ("2", "64")]
    with disrust.Client(addrs) as client:
        seen: set[int] = set()
        while len(seen) < 2:
            client.score(rows_of(1))
            seen.add(client.model.max_vectors)
        for n in range(20):
            assert np.array_equal(client.score(rows_of(3, n)), sums(rows_of(3, n)))


def test_no_more_threads(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no thread can be started, calls do without or say so."""
    addr = serve("--dim", "8").addr
    start = threading.Thread.start
    refuse = {_client._watch, None}

    def refused(thread: threading.Thread) -> None:
        if None in refuse or getattr(thread, "_target") in refuse:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(disrust.Unavailable, match="no thread can be started"):
        disrust.Client(addr)
    refuse.discard(None)
    with disrust.Client(addr) as client:
        client.score(rows_of(1))
        assert not client._watched
        refuse.clear()
        client.score(rows_of(1))
        assert client._watched


def test_a_machine_without_ipv6(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with addresses of a kind that the machine cannot make sockets for is reached at its others."""
    host, _, port = serve("--dim", "8").addr.rpartition(":")
    found = [(family, socket.SOCK_STREAM, 0, "", (host, int(port))) for family in (999, socket.AF_INET)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr("random.randrange", lambda _: 0)
    with disrust.Client("name:1") as client:
        assert client.score(rows_of(1))[0] == sums(rows_of(1))[0]

    async def run() -> None:
        async with disrust.AsyncClient("name:1") as client:
            assert (await client.score(rows_of(1)))[0] == sums(rows_of(1))[0]

    asyncio.run(run())


def test_budget_of_retries() -> None:
    """Ten retries at once and a tenth of the calls more: servers that break connections get no storm."""
    budget = Budget()
    assert [budget.spend() for _ in range(12)] == [True] * 10 + [False] * 2
    for _ in range(25):
        budget.earn()
    assert [budget.spend() for _ in range(4)] == [True] * 2 + [False] * 2

    def reset(conn: socket.socket) -> None:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.recv(1)

    server = Scripted(reset)
    with disrust.Client(server.addr, retries=1000) as client:
        with pytest.raises((disrust.ConnectionLost, disrust.Unavailable)):
            client.score(rows_of(1))
    assert server.accepted <= 12


def test_idle_connections_do_not_hold_a_drain_up(serve: Serve) -> None:
    """A client that makes no calls still lets a server go, long before the server's own deadline of a day."""
    daemon = serve("--dim", "8", "--drain-timeout", "24h")
    with disrust.Client(daemon.addr) as client:
        client.score(rows_of(1))
        daemon.drain()
        assert daemon.process.wait(PATIENCE) == 0


def test_interrupt(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After KeyboardInterrupt in the middle of a call, the next call gets its own scores."""
    with disrust.Client(serve("--dim", "8").addr, conns=1) as client:
        for name in ("ask", "read"):
            real = getattr(Link, name)

            def interrupted(*arguments: Any, name: str = name, real: Any = real) -> Any:
                monkeypatch.setattr(Link, name, real)
                raise KeyboardInterrupt

            monkeypatch.setattr(Link, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                client.score(rows_of(1 if name == "ask" else 1000))
            assert np.array_equal(client.score(rows_of(3, 5)), sums(rows_of(3, 5)))


def _in_child(client: disrust.Client, results: Any) -> None:
    results.put([client.score(rows_of(2, n)).tolist() for n in range(200)])


def test_fork(serve: Serve) -> None:
    """Parent and forked children use one Client at the same time, and each gets its own scores."""
    with disrust.Client(serve("--dim", "8").addr) as client:
        client.score(rows_of(1))
        fork = multiprocessing.get_context("fork")
        results: Any = fork.SimpleQueue()
        children = [fork.Process(target=_in_child, args=(client, results)) for _ in range(2)]
        for child in children:
            child.start()
        want = [sums(rows_of(2, n)).tolist() for n in range(200)]
        assert [client.score(rows_of(2, n)).tolist() for n in range(200)] == want
        for child in children:
            assert results.get() == want
        for child in children:
            child.join(PATIENCE)
            assert child.exitcode == 0


def test_closed(sum_client: disrust.Client) -> None:
    sum_client.close()
    sum_client.close()
    for rows in (rows_of(1), rows_of(1000)):
        with pytest.raises(disrust.ClosedError):
            sum_client.score(rows)
    assert not sum_client._links


def test_async(serve: Serve, backend: str) -> None:
    """Many tasks and a matrix share one connection, and each gets its own scores."""
    addr = serve("--io", backend, "--dim", "8").addr

    async def run() -> None:
        async with disrust.AsyncClient(addr) as client:

            async def task(n: int) -> None:
                for k in range(20):
                    rows = rows_of(1 + n % 5, n * 31 + k)
                    assert np.array_equal(await client.score(rows), sums(rows))

            async def matrix() -> None:
                rows = rows_of(300_000)
                assert np.array_equal(await client.score(rows, timeout=PATIENCE), sums(rows))

            await asyncio.gather(matrix(), *(task(n) for n in range(50)))
            assert len(client._links) == 1
            with pytest.raises(TypeError):
                await client.score([1.0] * DIM)
        with pytest.raises(disrust.ClosedError):
            await client.score(rows_of(1))

    asyncio.run(run())


def test_async_cancel_and_failover(serve: Serve) -> None:
    """Cancelled tasks disturb no other, and no task fails when one of two servers drains."""
    daemons = [serve("--dim", "8") for _ in range(2)]

    async def run() -> None:
        async with disrust.AsyncClient([daemon.addr for daemon in daemons]) as client:
            while len(client._links) < 2:
                await client.score(rows_of(1))
            cancelled = [asyncio.ensure_future(client.score(rows_of(100_000))) for _ in range(3)]
            kept = [asyncio.ensure_future(client.score(rows_of(n + 1, n))) for n in range(50)]
            await asyncio.sleep(0)  # so that all have begun
            for task in cancelled:
                task.cancel()
            for n, task in enumerate(kept):
                assert np.array_equal(await task, sums(rows_of(n + 1, n)))
            for task in cancelled:
                with pytest.raises(asyncio.CancelledError):
                    await task
            daemons[0].drain()
            n = 0
            while daemons[0].process.poll() is None or n < 100:
                assert np.array_equal(await client.score(rows_of(2, n)), sums(rows_of(2, n)))
                n += 1
            silent = Scripted(lambda conn: [None for _ in iter(lambda: conn.recv(1 << 16), b"")])
            async with disrust.AsyncClient(silent.addr, stall_timeout=0.05) as other:
                with pytest.raises(disrust.ConnectionLost, match="silent"):
                    await other.score(rows_of(1))
                with pytest.raises(disrust.GaveUp):
                    await other.score(rows_of(1), timeout=0.01)

    asyncio.run(run())


def test_async_close_while_connecting() -> None:
    """Calls that wait for a connection end when the client is closed."""

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            client = disrust.AsyncClient("127.0.0.1:{}".format(mute.getsockname()[1]), dial_timeout=PATIENCE)
            calls = [asyncio.ensure_future(client.score(rows_of(1))), asyncio.ensure_future(client.connect())]
            while len(client._seekers) < len(calls):
                await asyncio.sleep(0)
            await client.close()
            for call in calls:
                with pytest.raises(disrust.ClosedError):
                    await asyncio.wait_for(call, PATIENCE)

    asyncio.run(run())


def test_async_uses_all_servers(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls take turns, the model is that of the last answer, and a server that comes back is used again."""
    monkeypatch.setattr("disrust._async.TICK", 0.01)
    flags = [("--dim", "8", "--max-vectors", most) for most in ("2", "64")]
    daemons = [serve(*f) for f in flags]

    async def both(client: disrust.AsyncClient) -> None:
        while len(client._links) < 2:
            await client.score(rows_of(3))
            await asyncio.sleep(0)

    async def run() -> None:
        async with disrust.AsyncClient([daemon.addr for daemon in daemons]) as client:
            await asyncio.wait_for(both(client), PATIENCE)
            before = {link: link.answers for link in client._links}
            models = []
            for n in range(10):
                assert np.array_equal(await client.score(rows_of(2, n)), sums(rows_of(2, n)))
                models.append(client.model.max_vectors)
            assert [link.answers - before[link] for link in client._links] == [5, 5]
            assert sorted(models[:2]) == [2, 64] and models == models[:2] * 5
            daemons[0].drain()
            while daemons[0].process.poll() is None:
                await client.score(rows_of(3))
            serve(*flags[0], "--listen", daemons[0].addr)
            await asyncio.wait_for(both(client), PATIENCE)

    asyncio.run(run())


def test_async_after_fork(serve: Serve) -> None:
    """A forked child is told to make an AsyncClient of its own."""
    addr = serve("--dim", "8").addr
    client = disrust.AsyncClient(addr)
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(client.score(rows_of(1)))
        except RuntimeError:
            os._exit(3)
        os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3

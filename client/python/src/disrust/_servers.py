"""Servers: their addresses, how to connect, and when to try again."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from . import _wire as wire
from ._errors import ConnectionLost, NoWelcome, Refused
from ._link import Link
from ._wire import Model

TICK = 1.0  # seconds between two looks at connections
_FIRST_WAIT, _LONGEST_WAIT = 0.010, 1.0
_UNUSED = 4  # connections without an answer after which an address counts as failed
_CLOSED_EARLY = "closed before its welcome: a version 1 server, a full one, or an address not allowed"


@dataclass(frozen=True)
class Settings:
    """What both clients are set up with. The documentation of Client explains it."""

    addrs: tuple[str, ...]
    conns: int
    timeout: float | None
    retries: int
    dial_timeout: float
    stall_timeout: float
    version: int
    expected: wire.Expected

    def __post_init__(self) -> None:
        if not self.addrs:
            raise ValueError("no address given")
        for addr in self.addrs:
            parse(addr)
        if not 1 <= self.conns <= 1024:
            raise ValueError(f"conns is {self.conns}: a whole number from 1 to 1024 is allowed")
        if self.retries < 0:
            raise ValueError(f"retries is {self.retries}: a whole number from 0 is allowed")
        for name in ("timeout", "dial_timeout", "stall_timeout"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} is {value}: a number of seconds above 0 is allowed")
        if self.version not in (1, 2):
            raise ValueError(f"version is {self.version}: 1 and 2 are allowed")
        if self.version == 1 and (self.expected.kind != "unstated" or self.expected.model):
            raise ValueError("version 1 cannot ask for a kind of scores or a model's name")
        if self.version == 1 and not self.old_model().valid():
            raise ValueError("a request or an answer of this dim, outputs and max_vectors is larger than 16 MiB")

    def old_model(self) -> Model:
        """Return what a version 1 server is taken to serve."""
        e = self.expected
        return Model("", e.dim or 128, e.outputs or 1, e.max_vectors or 64, "unstated", "00" * wire.IDENTITY_BYTES)

    @property
    def moves(self) -> int:
        """How often a request may be sent again after connections that ended in order."""
        return len(self.addrs) + 1


def settings(addrs: str | Sequence[str], **rest: object) -> Settings:
    """Build Settings from the arguments of a client."""
    expected = wire.Expected(**{name: rest.pop(name) for name in wire.Expected.__dataclass_fields__})  # type: ignore[arg-type]
    return Settings((addrs,) if isinstance(addrs, str) else tuple(addrs), expected=expected, **rest)  # type: ignore[arg-type]


def parse(addr: str) -> tuple[str, int] | str:
    """Return the host and port of an address, or the path of a Unix socket."""
    if addr.startswith("unix:"):
        if len(addr) == 5:
            raise ValueError("the address unix: has no path")
        return addr[5:]
    host, colon, port = addr.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"the address {addr!r}: host:port, [IPv6]:port or unix:PATH is allowed")
    return host, int(port)


Place = tuple[int, str | tuple[str, int] | tuple[str, int, int, int]]


def places(found: Sequence[tuple[object, ...]]) -> list[Place]:
    """Return the addresses that getaddrinfo found, from a random one on."""
    start = random.randrange(len(found))
    return [(f[0], f[4]) for f in [*found[start:], *found[:start]]]  # type: ignore[misc]


def look_up(addr: str) -> list[Place]:
    """Return where addr can be reached."""
    parsed = parse(addr)
    if isinstance(parsed, str):
        return [(socket.AF_UNIX, parsed)]
    return places(socket.getaddrinfo(*parsed, type=socket.SOCK_STREAM))


def new_socket(family: int) -> socket.socket:
    """Return a socket to connect with, which sends without delay."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    if family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def connect(addr: str, s: Settings) -> Link:
    """Connect to addr and exchange hello and welcome, within s.dial_timeout."""
    deadline = monotonic() + s.dial_timeout
    for left, place in reversed(list(enumerate(reversed(look_up(addr))))):
        try:
            sock = _dial(place, max(deadline - monotonic(), 0.001) / (left + 1))
            break
        except OSError:  # also if this machine has no such addresses
            if left == 0:
                raise
    try:
        model = s.old_model() if s.version == 1 else _greet(sock, addr, s, deadline)
        sock.settimeout(None)
        seconds, fraction = divmod(s.stall_timeout, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(seconds), int(fraction * 1e6)))
        return Link(sock, addr, model, s.version)
    except BaseException:
        sock.close()
        raise


def _dial(place: Place, seconds: float) -> socket.socket:
    family, addr = place
    sock = new_socket(family)
    try:
        sock.settimeout(seconds)
        sock.connect(addr)
        return sock
    except BaseException:
        sock.close()
        raise


def _greet(sock: socket.socket, addr: str, s: Settings, deadline: float) -> Model:
    greeting = Greeting(addr, s)
    try:
        sock.sendall(s.expected.hello())
        while not greeting.whole:
            sock.settimeout(max(deadline - monotonic(), 0.001))
            greeting.received(sock.recv_into(greeting.room))
    except OSError as error:
        raise greeting.failed(error) from None
    return greeting.judge()


class Greeting:
    """Receives a welcome, and not a byte more."""

    def __init__(self, addr: str, s: Settings) -> None:
        self.addr, self.expected, self.seconds = addr, s.expected, s.dial_timeout
        self.memory = bytearray(wire.PREAMBLE.size)
        self.room = memoryview(self.memory)  # what comes next goes here
        self.body = False
        self.whole = False

    def received(self, count: int) -> None:
        """Take note that count bytes were received into room."""
        if count == 0:
            raise NoWelcome(self.addr, _CLOSED_EARLY)
        self.room = self.room[count:]
        if self.room:
            return
        if self.body:
            self.whole = True
            return
        try:
            size = wire.body_size(self.memory)
            if not size:
                raise wire.Malformed
        except wire.Malformed:
            raise NoWelcome(self.addr, "sent something that is no welcome: is it another server?") from None
        self.body, self.memory = True, bytearray(size)
        self.room = memoryview(self.memory)

    def failed(self, error: OSError) -> Exception:
        """Return the error for a connection that failed before the welcome."""
        if isinstance(error, NoWelcome):
            return error
        if isinstance(error, TimeoutError):
            return NoWelcome(self.addr, f"sent no welcome within {self.seconds:g} s")
        return NoWelcome(self.addr, f"{_CLOSED_EARLY} ({error})")

    def judge(self) -> Model:
        """Return the model of a server that welcomes the client."""
        try:
            status, sentence, model = wire.parse_welcome(bytes(self.memory))
        except wire.Malformed:
            raise NoWelcome(self.addr, "sent a malformed welcome") from None
        if status:
            raise Refused(self.addr, status, sentence, model)
        if not model.valid() or not self.expected.agrees(model):
            raise NoWelcome(self.addr, f"sent a welcome that contradicts itself or the client's hello: {model}")
        return model


@dataclass
class Server:
    """One address: its connections, and when to try again."""

    addr: str
    links: int = 0  # connections that stand
    connecting: int = 0  # attempts in flight
    due: float = 0.0  # when the next attempt may begin
    wait: float = 0.0  # between attempts, before jitter
    error: Exception | None = None  # of the last attempt, if it failed after the last connection was lost
    unused: int = 0  # connections in a row that have ended without an answer
    idle: list[Link] = field(default_factory=list)

    def came(self) -> None:
        self.connecting -= 1
        self.links += 1
        self.error = None

    def failed(self, error: Exception) -> None:
        self.connecting -= 1
        if self.links == 0:
            self.error = error
        self.delay()

    def lost(self, link: Link) -> None:
        """Take note that a connection has ended. One that brought no answer counts as a failed attempt."""
        self.links -= 1
        if link.answers:
            self.wait, self.due, self.unused = 0.0, 0.0, 0
            return
        self.delay()
        self.unused += 1
        if self.unused > _UNUSED:
            self.error = ConnectionLost(self.addr, "the server ends all connections without an answer")

    def delay(self) -> None:
        """Wait longer before the next attempt, up to a second, less a random part of up to half."""
        self.wait = min(max(self.wait * 2, _FIRST_WAIT), _LONGEST_WAIT)
        self.due = monotonic() + self.wait * random.uniform(0.5, 1.0)


class Budget:
    """Bounds retries to a tenth of the answered calls, and ten at once.

    So when servers fail, clients do not add a load that keeps them down.
    """

    def __init__(self) -> None:
        self._tokens = 10.0

    def earn(self) -> None:
        if self._tokens < 10.0:
            self._tokens += 0.1

    def spend(self) -> bool:
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

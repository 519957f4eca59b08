"""The bytes of the protocol. wire/README.md of the repository is its specification."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"DIS2"
VERSION = 2
PREAMBLE = struct.Struct("<4sHH")
FAILURE, NOTICE, LOW_BITS = 0x80000000, 0xC0000000, 0x3FFFFFFF
GOING_AWAY, ANOTHER_MODEL = 1, 2
IDENTITY_BYTES = 32
MAX_NOTICE = 65_532
MAX_MESSAGE = 16 << 20

_HELLO = struct.Struct("<IIII")
_WELCOME = struct.Struct("<HHIIII32s")
_KINDS = ("unstated", "raw", "prob", "class")


class Malformed(Exception):
    """A welcome does not hold its fields, or its values are not allowed."""


@dataclass(frozen=True)
class Model:
    """What a server says of its model.

    name: as clients may ask for it; "" if it has none
    dim: features per row
    outputs: scores per row
    max_vectors: rows in the largest request; score splits larger matrices
    kind: what the scores mean: "raw", "prob", "class", or "unstated"
    identity: SHA-256 of the model's file and options in hexadecimal; zeros: built in
    """

    name: str
    dim: int
    outputs: int
    max_vectors: int
    kind: str
    identity: str

    def __str__(self) -> str:
        return (
            f"model {self.name!r} of dim {self.dim} with {self.outputs} {self.kind} score{'s' * (self.outputs != 1)} per row,"
            f" at most {self.max_vectors} rows per request"
        )

    def valid(self) -> bool:
        """Say whether a server may serve such a model."""
        sizes = (self.dim, self.outputs, self.max_vectors)
        largest = 4 + 4 * self.max_vectors * max(self.dim, self.outputs)
        return all(1 <= size <= 65_535 for size in sizes) and largest <= MAX_MESSAGE

    def fits(self, other: Model) -> bool:
        """Say whether rows and scores mean the same to both models."""
        return (self.dim, self.outputs, self.kind) == (other.dim, other.outputs, other.kind)


@dataclass(frozen=True)
class Expected:
    """What a client states in its hello. Zero, "" and "unstated" state nothing."""

    dim: int = 0
    outputs: int = 0
    kind: str = "unstated"
    max_vectors: int = 0
    model: str = ""

    def __post_init__(self) -> None:
        for name in ("dim", "outputs", "max_vectors"):
            value = getattr(self, name)
            if not isinstance(value, int) or not 0 <= value <= 65_535:
                raise ValueError(f"{name} is {value!r}: a whole number from 0 to 65535 is allowed")
        if self.kind not in _KINDS:
            raise ValueError(f"kind is {self.kind!r}: {', '.join(_KINDS)} are allowed")
        if len(self.model.encode()) > 255:
            raise ValueError("the model's name is longer than 255 bytes of UTF-8")

    def hello(self) -> bytes:
        """Return the first message of a connection."""
        name = self.model.encode()
        body = _HELLO.pack(self.dim, self.outputs, _KINDS.index(self.kind), self.max_vectors) + bytes([len(name)]) + name
        body += bytes(-len(body) % 4)
        return PREAMBLE.pack(MAGIC, VERSION, len(body)) + body

    def agrees(self, model: Model) -> bool:
        """Say whether a welcome of this model may answer the hello."""
        return (
            self.dim in (0, model.dim)
            and self.outputs in (0, model.outputs)
            and self.kind in ("unstated", model.kind)
            and self.max_vectors <= model.max_vectors
        )


def body_size(preamble: bytes | bytearray) -> int:
    """Return the size of the welcome that begins with these eight bytes."""
    magic, _, size = PREAMBLE.unpack(preamble)
    if magic != MAGIC or size % 4:
        raise Malformed
    return int(size)


def parse_welcome(body: bytes) -> tuple[int, str, Model]:
    """Return the status, the sentence and the model in the body of a welcome."""
    try:
        status, _, dim, outputs, kind, max_vectors, identity = _WELCOME.unpack_from(body)
        name, at = _text(body, _WELCOME.size, "B")
        sentence, _ = _text(body, at, "<H")
    except struct.error:
        raise Malformed from None
    named = _KINDS[kind] if kind < len(_KINDS) else f"kind {kind}"
    return status, sentence, Model(name, dim, outputs, max_vectors, named, identity.hex())


def _text(body: bytes, at: int, size_format: str) -> tuple[str, int]:
    """Read a text and its size. It comes from another machine and may not be UTF-8."""
    (size,) = struct.unpack_from(size_format, body, at)
    at += struct.calcsize(size_format)
    if at + size > len(body):
        raise Malformed
    text = body[at : at + size].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text), at + size

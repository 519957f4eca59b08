"""Writes frames.jsonl to stdout. README.md describes it. Nothing here comes from the Go code."""
import hashlib
import json
from struct import pack

MAGIC = 0x32534944
NO_ROW = 0xFFFFFFFF  # the detail of a failure whose row is unknown


def padded(body):
    return body + bytes(-len(body) % 4)


def preamble(body, version=2):
    return pack("<IHH", MAGIC, version, len(body)) + body


def hello(dim=0, outputs=0, kind=0, max_vectors=0, name="", version=2, later=b""):
    name = name.encode()
    body = pack("<IIIIB", dim, outputs, kind, max_vectors, len(name)) + name
    return preamble(padded(body) + later, version)


def welcome(status=0, dim=3, outputs=1, kind=0, max_vectors=64, identity=bytes(32), name="", sentence="", flags=0,
            later=b""):
    name, sentence = name.encode(), sentence.encode()
    body = pack("<HHIIII", status, flags, dim, outputs, kind, max_vectors) + identity
    body += pack("<B", len(name)) + name + pack("<H", len(sentence)) + sentence
    return preamble(padded(body) + later)


def floats(vectors, bits):
    return pack("<I%dI" % len(bits), vectors, *bits)


def failure(code, detail):
    return pack("<II", 0x80000000 + code, detail)


def notice(kind, payload=b""):
    return pack("<II", 0xC0000000 + kind, len(payload)) + payload


def line(title, data, outcome, version=2, direction="server", first=False, dim=3, outputs=1, max_vectors=64,
         encodes=None):
    whole = outcome["is"] in ("request", "answer", "hello", "welcome", "failure", "notice")
    if whole:
        outcome.setdefault("bytes", len(data))
    print(json.dumps({
        "name": title, "version": version, "direction": direction, "first": first,
        "dim": dim, "outputs": outputs, "max_vectors": max_vectors,
        "hex": data.hex(), "outcome": outcome, "encodes": whole if encodes is None else encodes,
    }))


def incomplete(title, data, more, **where):
    line(title, data, {"is": "incomplete", "more": more}, **where)


def violation(title, data, word, **where):
    line(title, data, {"is": "violation", "word": word}, **where)


def vectors(title, kind, count, bits, after=b"", **where):
    data = floats(count, bits)
    line(title, data + after, {"is": kind, "bytes": len(data), "vectors": count, "bits": bits}, **where)


ANYTHING = {"version": 2, "dim": 0, "outputs": 0, "kind": 0, "max_vectors": 0, "name": ""}


def hello_line(title, later=b"", **fields):
    stated = ANYTHING | fields
    line(title, hello(**fields, later=later), {"is": "hello"} | stated,
         direction="client", first=True, encodes=not later)


def welcome_line(title, later=b"", flags=0, **fields):
    stated = {"status": 0, "dim": 3, "outputs": 1, "kind": 0, "max_vectors": 64, "name": "", "sentence": ""} | fields
    stated["identity"] = fields.get("identity", bytes(32)).hex()
    where = {key: stated[key] for key in ("dim", "outputs", "max_vectors")}
    line(title, welcome(**fields, flags=flags, later=later), {"is": "welcome", "version": 2} | stated,
         first=True, encodes=not later and not flags, **where)


ONE, MINUS_TWO, MINUS_ZERO = 0x3F800000, 0xC0000000, 0x80000000
NAN, DENORMAL, INFINITY = 0x7F800001, 1, 0x7F800000
IDENTITY = hashlib.sha256(b"a model").digest()
LONGEST = "n" * 255

# Requests and answers, which both versions share, and what is none of them.
for version in (1, 2):
    request = dict(version=version, direction="client")
    v = "version %d: " % version
    vectors(v + "request of one vector", "request", 1, [ONE, MINUS_TWO, MINUS_ZERO], **request)
    vectors(v + "request of two vectors, of odd floats", "request", 2,
            [NAN, INFINITY, DENORMAL, ONE, 0xFFFFFFFF, 0x12345678], **request)
    vectors(v + "the largest request", "request", 2, [1, 2, 3, 4, 5, 6], max_vectors=2, **request)
    vectors(v + "request that half of a header follows", "request", 1, [4, 5, 6], after=b"\1\0", **request)
    vectors(v + "answer of one score", "answer", 1, [ONE], version=version)
    vectors(v + "answer of two scores", "answer", 2, [MINUS_ZERO, NAN], version=version)
    vectors(v + "answer of one vector with three scores", "answer", 1, [1, 2, 3], outputs=3, version=version)
    vectors(v + "answer of two vectors with three scores", "answer", 2, [1, 2, 3, 4, 5, 6], outputs=3, version=version)
    vectors(v + "answer that another one follows", "answer", 1, [ONE], after=floats(1, [ONE]), version=version)
    for direction in ("client", "server"):
        where = dict(version=version, direction=direction)
        d = v + ("request" if direction == "client" else "answer")
        size = 24 if direction == "client" else 8  # of two vectors' floats
        incomplete(d + ", nothing of it", b"", 4, **where)
        incomplete(d + ", half a header", b"\2\0", 2, **where)
        incomplete(d + ", a header", pack("<I", 2), size, **where)
        incomplete(d + ", all but a byte", pack("<I", 2) + bytes(size - 1), 1, **where)
        violation(d + " of count 0", pack("<I", 0), 0, **where)
        violation(d + " of one vector above the limit", pack("<I", 65) + bytes(8), 65, **where)
        violation(d + " of count 0x01000001", pack(">I", 0x01000001), 0x01000001, **where)
    violation(v + "request of count 0xFFFFFFFF", pack("<I", 0xFFFFFFFF), 0xFFFFFFFF, **request)
    violation(v + "request of count 0x80000001", failure(1, 0), 0x80000001, **request)
    violation(v + "a hello after the beginning", hello(), MAGIC, **request)

violation("version 1: answer of count 0xFFFFFFFF", pack("<I", 0xFFFFFFFF), 0xFFFFFFFF, version=1)
violation("version 1: a failure", failure(1, 0), 0x80000001, version=1)
violation("version 1: a notice", notice(1), 0xC0000001, version=1)
violation("version 1: a first word that is not the magic", b"DIS3\2\0\x14\0", 0x33534944,
          version=1, direction="client", first=True)

# The beginning of a version 2 connection.
hello_line("hello, anything")
hello_line("hello, dim alone", dim=128)
hello_line("hello, all fields", dim=3, outputs=1, kind=2, max_vectors=64, name="fraud")
hello_line("hello, all fields at their largest", dim=0xFFFFFFFF, outputs=0xFFFFFFFF, kind=0xFFFFFFFF,
           max_vectors=0xFFFFFFFF, name=LONGEST)
for name in ("abc", "abcd", "modèle-数", "\0"):
    hello_line("hello, name of %d bytes" % len(name.encode()), name=name)
hello_line("hello, longest name", name=LONGEST)
hello_line("hello with a longer body", dim=3, name="fraud", later=bytes(range(1, 9)))
hello_line("hello of version 3", version=3, dim=3, later=b"more")
line("hello whose padding is not zero", hello()[:-3] + b"\1\2\3", {"is": "hello"} | ANYTHING,
     direction="client", first=True, encodes=False)
line("hello that a request follows", hello(dim=3) + floats(1, [ONE, ONE, ONE]),
     {"is": "hello", "bytes": 28} | ANYTHING | {"dim": 3}, direction="client", first=True)
for version in (0, 1):
    line("hello of version %d, with a body that is not read" % version, preamble(b"x", version),
         {"is": "hello", "version": version}, direction="client", first=True, encodes=False)
for title, body in {
    "hello without a body": b"",
    "hello without a name's length": bytes(16),
    "hello whose name is cut": pack("<IIIIB", 3, 0, 0, 0, 4) + b"abc",
    "hello of a size that is no multiple of 4": bytes(17),
}.items():
    line(title, preamble(body), {"is": "malformed"}, direction="client", first=True)
line("malformed hello that a request follows", preamble(bytes(16)) + floats(1, [ONE, ONE, ONE]), {"is": "malformed"},
     direction="client", first=True)
incomplete("hello, the magic", hello()[:4], 4, direction="client", first=True)
incomplete("hello, all but a byte of the preamble", hello()[:7], 1, direction="client", first=True)
incomplete("hello, a preamble", hello(name="abcd")[:8], 24, direction="client", first=True)
incomplete("hello, all but a byte", hello()[:-1], 1, direction="client", first=True)

SENTENCES = [
    "", "the client speaks version 1", "the model has dim 3", "the model gives one score", "at most 64 vectors",
    "the model is fraud", "full: try another server", "the scores are raw", "the body does not hold its fields",
]
for status, sentence in enumerate(SENTENCES):
    welcome_line("welcome of status %d" % status,
                 status=status, kind=1, identity=IDENTITY, name="fraud", sentence=sentence)
    welcome_line("welcome of status %d, without a name and a sentence" % status, status=status)
welcome_line("welcome of an unknown status", status=9, name="fraud", sentence="a later version's reason")
welcome_line("welcome of the largest status", status=0xFFFF)
welcome_line("welcome of status 0 with a sentence", name="fraud", sentence="hello")
welcome_line("welcome with three outputs of kind 2", outputs=3, kind=2)
welcome_line("welcome of an unknown kind", kind=4)
welcome_line("welcome, longest name", name=LONGEST)
welcome_line("welcome, name and sentence that are not ASCII", status=6, name="modèle-数", sentence="réessayez")
welcome_line("welcome of the largest answer", dim=1, outputs=65535, max_vectors=64)
welcome_line("welcome with a longer body", name="fraud", later=bytes(range(1, 9)))
welcome_line("welcome with flags, which are ignored", flags=0x8001)
welcome_line("refusal that states what is no format", status=2, dim=0, outputs=0, max_vectors=0)
for title, data in {
    "welcome without a body": preamble(b""),
    "welcome without a name's length": preamble(bytes(52)),
    "welcome whose name is cut": preamble(bytes(52) + b"\4abc"),
    "welcome without a sentence's length": preamble(bytes(52) + b"\3abc"),
    "welcome whose sentence is cut": preamble(bytes(52) + b"\0\2\0a"),
    "welcome of a size that is no multiple of 4": preamble(bytes(57)),
    "welcome of status 0 with dim 0": welcome(dim=0),
    "welcome of status 0 with outputs 65536": welcome(outputs=65536),
    "welcome of status 0 with max_vectors 0": welcome(max_vectors=0),
    "welcome of status 0 with requests above 16 MiB": welcome(dim=128, max_vectors=32768),
}.items():
    line(title, data, {"is": "malformed"}, first=True)
incomplete("welcome, nothing of it", b"", 8, first=True)
incomplete("welcome, half a magic", welcome()[:2], 6, first=True)
incomplete("welcome, a preamble", welcome()[:8], 56, first=True)
incomplete("welcome, all but a byte", welcome()[:-1], 1, first=True)
violation("an answer in place of a welcome", floats(1, [ONE]), 1, first=True)
violation("a welcome of a wrong magic", b"DIS3" + welcome()[4:], 0x33534944, first=True)

# What a version 2 server sends after its welcome, beside answers.
for code, detail in ((1, 0), (1, 3), (1, NO_ROW), (2, 63), (2, NO_ROW), (3, 0), (3, 65), (3, MAGIC), (3, 0xFFFFFFFF),
                     (0, 0), (4, 7), (0x3FFFFFFF, 1)):
    line("failure of code %d, detail %d" % (code, detail), failure(code, detail),
         {"is": "failure", "code": code, "detail": detail})
line("failure that an answer follows", failure(1, 0) + floats(1, [ONE]),
     {"is": "failure", "bytes": 8, "code": 1, "detail": 0})
incomplete("failure, all but a byte", failure(1, 0)[:7], 1)
incomplete("failure, a code", failure(1, 0)[:4], 4)
for kind, payload in ((1, b""), (2, IDENTITY), (0, b""), (3, b""), (3, b"\1\2\3\4"), (0x3FFFFFFF, bytes(32)),
                      (3, bytes(65532))):
    line("notice of type %d, size %d" % (kind, len(payload)), notice(kind, payload),
         {"is": "notice", "type": kind, "size": len(payload)})
line("notice that an answer follows", notice(1) + floats(1, [ONE]), {"is": "notice", "bytes": 8, "type": 1, "size": 0})
incomplete("notice, a type", notice(2, IDENTITY)[:4], 4)
incomplete("notice, a header", notice(2, IDENTITY)[:8], 32)
incomplete("notice, all but a byte", notice(2, IDENTITY)[:-1], 1)
incomplete("notice of the largest size, a header", notice(3, bytes(65532))[:8], 65532)
for kind, size in ((1, 4), (2, 0), (2, 28), (2, 36), (3, 1), (3, 65533), (3, 65536), (3, 0xFFFFFFFF)):
    violation("notice of type %d, size %d, which is not allowed" % (kind, size),
              pack("<II", 0xC0000000 + kind, size), 0xC0000000 + kind)
violation("a second welcome", welcome(), MAGIC)

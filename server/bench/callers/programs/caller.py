"""A closed loop of callers in Python: `caller.py PORT CALLERS SECONDS PAUSE_US`. Each caller
is a thread with a connection of its own that sends one request of 128 features, waits for
its answer, compares it and pauses. It prints: requests seconds p50_us p99_us."""

import os
import socket
import struct
import sys
import threading
import time

DIM, REQUESTS, WARM_UP = 128, 64, 0.2


def request(r):
    """A request and its answer: whole numbers have the same sum in every order."""
    row = [(r + 1) * (i + 3) % 97 for i in range(DIM)]
    return struct.pack("<I128f", 1, *row), struct.pack("<If", 1, sum(row))


def dial(port):
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def ask(s, message, answer):
    s.sendall(message)
    got = s.recv(8)
    while 0 < len(got) < 8:
        got += s.recv(8 - len(got))
    if got != answer:
        print(f"a wrong answer: {got!r}, not {answer!r}", file=sys.stderr)
        os._exit(1)


def run(s, begin, end, pause, times):
    requests = [request(r) for r in range(REQUESTS)]
    clock, done, r = time.perf_counter, 0.0, 0
    while done < end:
        sent = clock()
        ask(s, *requests[r % REQUESTS])
        done = clock()
        r += 1
        if sent >= begin:
            times.append(done - sent)
        while pause and clock() < done + pause:
            pass


def main(port, callers, seconds, pause):
    conns = [dial(port) for _ in range(callers)]
    begin = time.perf_counter() + WARM_UP
    times = [[] for _ in conns]
    threads = [threading.Thread(target=run, args=(s, begin, begin + seconds, pause, t)) for s, t in zip(conns, times)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    merged = sorted(1e6 * t for own in times for t in own)
    n = len(merged)
    if not n:
        sys.exit("no answers")
    print(f"{n} {seconds:.3f} {merged[n // 2]:.1f} {merged[n * 99 // 100]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]) / 1e6)

"""caller.py ADDR ROWS IN_FLIGHT SECONDS: the caller in Python, as caller.go is that in Go.

With one in flight the calls are Client.score, with more those of so many tasks of an AsyncClient.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable

import disrust
import numpy

WARM_UP = 2000
clock = time.perf_counter


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rows_for(model: disrust.Model, rows: int) -> "numpy.ndarray":
    return numpy.resize(numpy.arange(1021, dtype="float32"), (rows, model.dim))


def measured(run: Callable[[int, float], list[float]], seconds: float) -> dict[str, float]:
    """Return the figures of calls for some seconds. run makes at least so many calls for so long."""
    run(WARM_UP, 0.0)
    began, used = clock(), cpu()
    times = run(1, seconds)
    took, used = clock() - began, cpu() - used
    times.sort()
    n = len(times)
    return {"calls": n, "seconds": took, "cpu": used, "p50": times[n // 2], "p99": times[n // 100 * 99]}


def one_by_one(addr: str, rows: int, seconds: float) -> dict[str, float]:
    with disrust.Client(addr, conns=1) as client:
        x = rows_for(client.model, rows)
        out = numpy.empty(rows, "float32")

        def run(least: int, limit: float) -> list[float]:
            times, begin = [], clock()
            at = begin
            while len(times) < least or at - begin < limit:
                client.score(x, out)
                now = clock()
                times.append(now - at)
                at = now
            return times

        return measured(run, seconds)


def together(addr: str, rows: int, in_flight: int, seconds: float) -> dict[str, float]:
    loop = asyncio.new_event_loop()
    client = disrust.AsyncClient(addr, conns=1)
    loop.run_until_complete(client.connect())
    x = rows_for(client.model, rows)

    def run(least: int, limit: float) -> list[float]:
        times: list[float] = []
        begin = clock()

        async def task() -> None:
            out = numpy.empty(rows, "float32")
            at = clock()
            while len(times) < least or at - begin < limit:
                await client.score(x, out)
                now = clock()
                times.append(now - at)
                at = now

        async def tasks() -> None:
            await asyncio.gather(*(task() for _ in range(in_flight)))

        loop.run_until_complete(tasks())
        return times

    figures = measured(run, seconds)
    loop.run_until_complete(client.close())
    loop.close()
    return figures


def main() -> None:
    addr, rows, in_flight, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    if in_flight == 1:
        figures = one_by_one(addr, rows, seconds)
    else:
        figures = together(addr, rows, in_flight, seconds)
    print(json.dumps(figures))


main()

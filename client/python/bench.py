"""Measures the Python client beside a bare socket and beside the Go client, in turns, on one daemon.

    python client/python/bench.py

It builds the daemon and the Go program, so it runs in the repository. It takes about half a minute.
"""

from __future__ import annotations

import json
import os
import pathlib
import platform
import re
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import disrust

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CALLS, ROWS, ROUNDS = 12_000, 1_000_000, 7

GO_MOD = """module example.com/rate

go 1.26.0

require github.com/disrust/disrust/client v0.1.0

require github.com/disrust/disrust/wire v0.1.0 // indirect

replace (
	github.com/disrust/disrust/client => {repository}/client
	github.com/disrust/disrust/wire => {repository}/wire
)
"""

GO_MAIN = """package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/disrust/disrust/client"
)

func main() {
	rows, _ := strconv.Atoi(os.Args[2])
	c, err := client.Dial(context.Background(), client.Config{Addrs: os.Args[1:2]})
	if err != nil {
		panic(err)
	}
	x := make([]float32, rows*c.Servers()[0].Dim)
	for k := range x {
		x[k] = float32(k % 1021)
	}
	scores := make([]float32, rows)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		begin := time.Now()
		if err := c.Score(context.Background(), scores, x); err != nil {
			panic(err)
		}
		fmt.Println(time.Since(begin).Seconds())
	}
}
"""


def build(folder: pathlib.Path) -> None:
    (folder / "go.mod").write_text(GO_MOD.format(repository=REPOSITORY))
    (folder / "main.go").write_text(GO_MAIN)
    subprocess.run(["go", "build", "-o", folder, "./server/cmd/disrust"], cwd=REPOSITORY, check=True)
    subprocess.run(["go", "build", "-o", "rate", "."], cwd=folder, check=True, env={**os.environ, "GOWORK": "off"})


def one_row(addr: str, dim: int) -> dict[str, float]:
    """Return the median microseconds of one row, call by call in turns."""
    row, out, answer = np.ones(dim, "float32"), np.empty(1, "float32"), bytearray(8)
    request = struct.pack("<I", 1) + row.tobytes()
    bare = socket.create_connection(("127.0.0.1", int(addr.rpartition(":")[2])))
    bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange() -> None:
        bare.sendall(request)
        bare.recv_into(answer)

    with bare, disrust.Client(addr) as client:
        ways: dict[str, Callable[[], Any]] = {
            "bare socket": exchange,
            "score": lambda: client.score(row, out),
            "score, with a timeout": lambda: client.score(row, out, timeout=1.0),
        }
        spent: dict[str, list[int]] = {name: [] for name in ways}
        clock = time.perf_counter_ns
        for _ in range(CALLS):
            for name, way in ways.items():
                begin = clock()
                way()
                spent[name].append(clock() - begin)
    return {name: float(np.median(each)) / 1000 for name, each in spent.items()}


def matrix(addr: str, dim: int, rate: pathlib.Path) -> dict[str, float]:
    """Return the median rows per second of a matrix, in turns."""
    rows = np.resize(np.arange(1021, dtype="float32"), (ROWS, dim))
    out = np.empty(ROWS, "float32")
    seconds: dict[str, list[float]] = {"Python": [], "Go": []}
    command = [str(rate), addr, str(ROWS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as go, disrust.Client(addr) as client:
        assert go.stdin is not None and go.stdout is not None
        for turn in range(ROUNDS + 1):  # the first does not count
            begin = time.perf_counter()
            client.score(rows, out)
            spent = time.perf_counter() - begin
            print(file=go.stdin, flush=True)
            other = float(go.stdout.readline())
            if turn > 0:
                seconds["Python"].append(spent)
                seconds["Go"].append(other)
        go.stdin.close()
    assert out[1] == rows[1].sum()
    return {name: ROWS / float(np.median(each)) for name, each in seconds.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        build(folder)
        for dim in (128, 16):
            daemon = subprocess.Popen([folder / "disrust", "--port", "0", "--dim", str(dim)], stderr=subprocess.PIPE, text=True)
            try:
                assert daemon.stderr is not None
                found = re.match(r"disrust: ready on (\S+):", daemon.stderr.readline())
                assert found is not None
                figures: dict[str, Any] = {"dim": dim, "python": platform.python_version(), "numpy": np.__version__}
                figures["one row, us"] = {name: round(us, 1) for name, us in one_row(found[1], dim).items()}
                figures["rows per second"] = {name: round(rate) for name, rate in matrix(found[1], dim, folder / "rate").items()}
                print(json.dumps(figures), flush=True)
            finally:
                daemon.kill()
                daemon.communicate()


if __name__ == "__main__":
    main()

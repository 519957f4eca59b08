"""Measures what a call costs in each way of asking a daemon, in turns, on one daemon.

    python server/oip/bench.py

It needs numpy, tritonclient[http,grpc] and the Python client, and builds the daemon and a Go program, so it runs in
the repository. It takes about half a minute.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tritonclient.grpc
import tritonclient.http

import disrust

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SECONDS, WARM_UP, DIM = 22.0, 50, 128

GO_MOD = """module example.com/calls

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
	c, err := client.Dial(context.Background(), client.Config{Addrs: os.Args[1:2]})
	if err != nil {
		panic(err)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		rows, _ := strconv.Atoi(in.Text())
		x, scores := make([]float32, rows*c.Servers()[0].Dim), make([]float32, rows)
		begin := time.Now()
		if err := c.Score(context.Background(), scores, x); err != nil {
			panic(err)
		}
		fmt.Println(time.Since(begin).Nanoseconds())
	}
}
"""


def timed(call: Callable[[], Any]) -> Callable[[], int]:
    def once() -> int:
        begin = time.perf_counter_ns()
        call()
        return time.perf_counter_ns() - begin

    return once


def over_oip(of: Any, client: Any, rows: np.ndarray[Any, Any], **binary: bool) -> Callable[[], int]:
    """Return a call that makes its tensors of numpy and its scores a numpy array, as a program does."""

    def call() -> None:
        tensor = of.InferInput("features", list(rows.shape), "FP32")
        tensor.set_data_from_numpy(rows, **({"binary_data": binary["binary"]} if binary else {}))
        outputs = [of.InferRequestedOutput("scores", **({"binary_data": binary["binary"]} if binary else {}))]
        client.infer("sum", [tensor], outputs=outputs).as_numpy("scores")

    return timed(call)


def measure(addr: str, http: str, grpc: str, go_client: pathlib.Path, count: int) -> dict[str, Any]:
    rows, out = np.zeros((count, DIM), "float32"), np.empty(count, "float32")
    with (
        subprocess.Popen([go_client, addr], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as go,
        disrust.Client(addr) as native,
        tritonclient.http.InferenceServerClient(http) as over_http,
        tritonclient.grpc.InferenceServerClient(grpc) as over_grpc,
    ):

        def ask_go() -> int:
            assert go.stdin is not None and go.stdout is not None
            print(count, file=go.stdin, flush=True)
            return int(go.stdout.readline())

        ways: dict[str, Callable[[], int]] = {
            "Go client": ask_go,
            "Python client": timed(lambda: native.score(rows, out)),
            "OIP gRPC": over_oip(tritonclient.grpc, over_grpc, rows),
            "OIP HTTP, binary": over_oip(tritonclient.http, over_http, rows, binary=True),
            "OIP HTTP, JSON": over_oip(tritonclient.http, over_http, rows, binary=False),
        }
        spent: dict[str, list[int]] = {name: [] for name in ways}
        end = time.monotonic() + SECONDS / 2
        calls = 0
        while time.monotonic() < end:
            for name, way in ways.items():
                took = way()
                if calls >= WARM_UP:
                    spent[name].append(took)
            calls += 1
        assert go.stdin is not None
        go.stdin.close()
    figures = {}
    for name, each in spent.items():
        p50, p99 = np.percentile(each, [50, 99]) / 1000
        figures[name] = {"calls": len(each), "p50, us": round(float(p50)), "p99, us": round(float(p99)), "rows/s": round(count * 1e9 / float(np.mean(each)))}
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        (folder / "go.mod").write_text(GO_MOD.format(repository=REPOSITORY))
        (folder / "main.go").write_text(GO_MAIN)
        subprocess.run(["go", "build", "-o", folder, "./server/cmd/disrust"], cwd=REPOSITORY, check=True)
        subprocess.run(["go", "build", "-o", "calls", "."], cwd=folder, check=True, env={**os.environ, "GOWORK": "off"})
        ports = ["--port", "0", "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0"]
        daemon = subprocess.Popen([folder / "disrust", *ports], stderr=subprocess.PIPE, text=True)
        try:
            assert daemon.stderr is not None
            found = re.match(r"disrust: ready on (\S+):.* over HTTP (\S+) and gRPC (\S+)\n", daemon.stderr.readline())
            assert found is not None
            for count in (1, 64):
                print(json.dumps({"rows": count, **measure(found[1], found[2], found[3], folder / "calls", count)}), flush=True)
        finally:
            daemon.kill()
            daemon.communicate()


if __name__ == "__main__":
    main()

"""The clients pass the conformance suite, every scenario of it."""

from __future__ import annotations

import asyncio
import json
import pathlib
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import disrust

Task = dict[str, Any]
Seen = dict[str, Any]
DETAILS = {"scores": ["scores", "identity"], "refused": ["status", "sentence"], "failed": ["code", "row"]}
OUTCOMES = {
    disrust.ModelFailed: "failed",
    disrust.ConnectionLost: "lost",
    disrust.GaveUp: "timeout",
    disrust.RowsError: "not_sent",
}


@pytest.fixture(scope="module")
def control_port(programs: pathlib.Path) -> Iterator[int]:
    server = subprocess.Popen([programs / "conformance-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None and server.stdout is not None
    yield int(json.loads(server.stdout.readline())["control"].rpartition(":")[2])
    server.communicate()


class Control:
    """One control connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rw")

    def ask(self, command: str) -> Any:
        print(command, file=self.file, flush=True)
        return json.loads(self.file.readline())


def settings(task: Task) -> dict[str, Any]:
    kinds = ["unstated", "raw", "prob", "class"]
    stated = task["hello"] if task["version"] == 2 else {**task["server"], "kind": 0, "model": ""}
    return {
        "addrs": task["addr"],
        "version": task["version"],
        "dial_timeout": task["connect_millis"] / 1000,
        "dim": stated["dim"],
        "outputs": stated["outputs"],
        "max_vectors": stated["max_vectors"],
        "kind": kinds[stated["kind"]],
        "model": stated["model"],
    }


def rows_of(call: Task) -> Any:
    return np.array(call["rows"], "float32")


def timeout_of(call: Task) -> float | None:
    return call["timeout_millis"] / 1000 if "timeout_millis" in call else None


def seen(result: Any, identity: str) -> Seen:
    """Return the outcome of a call, as the control protocol names it."""
    if isinstance(result, np.ndarray):
        return {"outcome": "scores", "scores": result.ravel().tolist(), "identity": identity}
    if isinstance(result, disrust.Unavailable):
        result = result.errors[0]
    if isinstance(result, disrust.Refused):
        return {"outcome": "refused", "status": result.status, "sentence": result.sentence}
    if isinstance(result, disrust.NoWelcome):
        return {"outcome": "no_welcome"}
    for error, outcome in OUTCOMES.items():
        if isinstance(result, error):
            return {"outcome": outcome, **vars(result)}
    raise result


def play(task: Task) -> list[Seen]:
    """Make the calls of a task with Client."""
    calls = [call for calls in task["rounds"] for call in calls]
    try:
        client = disrust.Client(**settings(task), conns=1)
    except disrust.Unavailable as error:
        return [seen(error, "") for _ in calls]
    with client:
        outcomes = []
        for calls in task["rounds"]:
            results = client.score_each([rows_of(call) for call in calls], timeout=timeout_of(calls[0]))
            outcomes += [seen(result, client.model.identity) for result in results]
    return outcomes


def play_one_by_one(task: Task) -> list[Seen]:
    """Make the calls of a task with score, if each round has one call."""
    calls = [calls[0] for calls in task["rounds"]]
    try:
        client = disrust.Client(**settings(task), conns=1)
    except disrust.Unavailable as error:
        return [seen(error, "") for _ in calls]
    with client:
        outcomes = []
        for call in calls:
            try:
                result: Any = client.score(rows_of(call), timeout=timeout_of(call))
            except disrust.Error as error:
                result = error
            outcomes.append(seen(result, client.model.identity))
    return outcomes


async def play_async(task: Task) -> list[Seen]:
    """Make the calls of a task with AsyncClient."""
    client = disrust.AsyncClient(**settings(task), conns=1)
    outcomes: list[Seen] = []
    try:
        await client.connect()
        for calls in task["rounds"]:
            scores = [client.score(rows_of(call), timeout=timeout_of(call)) for call in calls]
            results = await asyncio.gather(*scores, return_exceptions=True)
            outcomes += [seen(result, client.model.identity) for result in results]
    except disrust.Unavailable as error:
        outcomes += [seen(error, "") for calls in task["rounds"] for _ in calls]
    finally:
        await client.close()
    return outcomes


def judge(task: Task, outcomes: list[Seen], result: Any) -> None:
    wanted = [call for calls in task["rounds"] for call in calls]
    assert len(outcomes) == len(wanted)
    for want, saw in zip(wanted, outcomes, strict=True):
        assert saw["outcome"] in [want["outcome"], *want.get("may", [])], (want, saw, result["saw"])
        for detail in DETAILS.get(saw["outcome"], []):
            if detail in want:
                assert saw[detail] == want[detail], (detail, want, saw, result["saw"])
    assert result["ok"], result


def scenarios(control: Control) -> list[str]:
    return [entry["scenario"] for entry in control.ask("list")]


def test_async_client(control_port: int) -> None:
    control = Control(control_port)
    for scenario in scenarios(control):
        task = control.ask("script " + scenario)
        outcomes = asyncio.run(play_async(task))
        judge(task, outcomes, control.ask("result"))


def test_client(control_port: int) -> None:
    control = Control(control_port)
    for scenario in scenarios(control):
        task = control.ask("script " + scenario)
        outcomes = play(task)
        judge(task, outcomes, control.ask("result"))
        if all(len(calls) == 1 for calls in task["rounds"]):
            task = control.ask("script " + scenario)
            outcomes = play_one_by_one(task)
            judge(task, outcomes, control.ask("result"))

"""Local, the daemon that it finds and ends, and verify. Needs lightgbm, xgboost and scikit-learn."""

from __future__ import annotations

import gc
import importlib
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
from typing import Any

import lightgbm
import numpy as np
import pytest
import sklearn.ensemble
import sklearn.tree
import xgboost
from conftest import REPOSITORY

import disrust
from disrust._local import find

X = np.random.default_rng(1).normal(size=(500, 8)).astype("float32")
Y = X[:, 0] * X[:, 1] > 0


@pytest.fixture(autouse=True)
def daemon(programs: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISRUST_BINARY", str(programs / "disrust"))


def gone(pid: int) -> bool:
    return not pathlib.Path(f"/proc/{pid}").exists() or "\nState:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("output", ["raw", "prob", "class"])
def test_verify(tmp_path: pathlib.Path, output: str, backend: str) -> None:
    """Served scores are those of LightGBM and XGBoost, also for three classes, and another model's differ."""
    for classes in (2, 3):
        y = Y.astype(int) + (X[:, 2] > 1 if classes == 3 else 0)
        objective = {"objective": "multiclass", "num_class": 3} if classes == 3 else {"objective": "binary"}
        booster = lightgbm.train({**objective, "verbose": -1}, lightgbm.Dataset(X, y), 10)
        booster.save_model(tmp_path / "l.txt")
        xgb: Any = xgboost.XGBClassifier(n_estimators=10).fit(X, y)
        xgb.save_model(tmp_path / "x.json")
        for file, model in (("l.txt", booster), ("x.json", xgb)):
            with disrust.Local(tmp_path / file, output=output, flags=["--io", backend]) as local:
                assert local.model.kind == output and local.model.name == file[0]
                found = local.verify(model, X)
                assert found.rows == 500 and found.largest <= 1e-6
                assert output == "prob" or found.differ == 0
                pid = local.pid
            assert gone(pid)
    with disrust.Local(tmp_path / "l.txt", output=output) as local:
        other = lightgbm.train({**objective, "verbose": -1}, lightgbm.Dataset(X, np.roll(y, 7)), 10)
        found = local.verify(other, X)
        assert found.differ > 0 and found.first >= 0 and found.largest > 0
        with pytest.raises(TypeError, match="scikit-learn"):
            local.verify(object(), X)


def test_verify_sklearn(tmp_path: pathlib.Path) -> None:
    import skl2onnx

    for model in (sklearn.ensemble.RandomForestClassifier(10, random_state=1), sklearn.tree.DecisionTreeRegressor(random_state=1)):
        model.fit(X, Y.astype(int))
        options = {"zipmap": False} if hasattr(model, "predict_proba") else None
        (tmp_path / "m.onnx").write_bytes(skl2onnx.to_onnx(model, X[:1], options=options).SerializeToString())
        with disrust.Local(tmp_path / "m.onnx") as local:
            assert local.verify(model, X).largest <= 1e-6


def test_refusals(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is said in the daemon's words, and nothing is left behind."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "bad.txt").write_text("no model")
    for model, word in (("missing.txt", "no such file"), (tmp_path / "bad.txt", "bad.txt")):
        with pytest.raises(disrust.LocalError, match=word):
            disrust.Local(model)
    with pytest.raises(disrust.LocalError, match="cannot be started"):
        disrust.Local("sum", binary=tmp_path / "bad.txt")
    for flags in (["--log-format", "json"], ["-log-format=json"], ["--io-threads=1", "--log-level", "warn"]):
        with pytest.raises(ValueError, match="logger 'disrust'"):
            disrust.Local("sum", binary=tmp_path / "bad.txt", flags=flags)
    with pytest.raises(disrust.Unavailable):
        disrust.Local("sum", dim=7)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.txt"]


def test_find(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """binary= goes before DISRUST_BINARY, that before the wheel's own, and PATH is last."""
    on_path = tmp_path / "disrust"
    on_path.write_text("#!/bin/sh\n")
    on_path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find("/mine") == "/mine"
    assert find() == os.environ["DISRUST_BINARY"]
    monkeypatch.delenv("DISRUST_BINARY")
    monkeypatch.setattr("disrust._local.__file__", str(tmp_path / "package" / "_local.py"))
    assert find() == str(on_path)
    own = tmp_path / "package" / "bin" / "disrust"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find() == str(own)
    own.unlink()
    on_path.unlink()
    with pytest.raises(disrust.LocalError, match="go build"):
        find()


ENDS = {
    "kill -9": "os.kill(os.getpid(), 9)",
    "exit without close": "sys.exit()",
    "exit of a thread first": "t = threading.Thread(target=local.score, args=(x,)); t.start(); t.join(); os._exit(0)",
    "forked child lives on": "os._exit(0) if os.fork() else sys.stdin.read()",
}


@pytest.mark.parametrize("end", list(ENDS))
def test_ends_with_the_process(end: str) -> None:
    """The daemon ends with the process that started it, however that ends."""
    program = (
        "import os, sys, threading, numpy, disrust\n"
        "local, x = disrust.Local('sum'), numpy.ones(128, 'float32')\n"
        f"print(local.pid, local.score(x)[0], flush=True)\n{ENDS[end]}\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        pid, score = process.stdout.readline().split()
        assert float(score) == 128
        watched = os.pidfd_open(int(pid))
        if end == "forked child lives on":
            process.wait()
        assert select.select([watched], [], [], 30)[0], "the daemon lives on"
        process.stdin.close()


def test_dropped() -> None:
    """The daemon of a Local that is dropped without close ends by itself, and waits for no idle connection."""
    local = disrust.Local("sum", flags=["--drain-timeout", "24h"])
    local.score(np.ones((100_000, 128), "float32"))
    daemon = local._daemon
    del local
    gc.collect()
    assert daemon.wait(30) == 0


def test_hatch_build_at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the sources need not be inside another."""
    monkeypatch.syspath_prepend(REPOSITORY / "client" / "python")
    hook = importlib.import_module("hatch_build").CustomBuildHook
    hook("/sources", {}, None, None, "/dist", "wheel").initialize("editable", {})


def test_ctrl_c_reaches_this_process_alone() -> None:
    with disrust.Local("sum") as local:
        assert os.getsid(local.pid) == local.pid
        local.score(np.ones(128, "float32"))
        os.kill(local.pid, signal.SIGTERM)
        with pytest.raises(disrust.Error):
            while True:
                local.score(np.ones(128, "float32"))


EXAMPLES = sorted((REPOSITORY / "client" / "python" / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples(example: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Each example runs as it stands, and checks what it shows."""
    subprocess.run([sys.executable, example], cwd=tmp_path, check=True, timeout=120)


def test_readme(tmp_path: pathlib.Path, serve: Any) -> None:
    """The programs in README.md run as they stand: the daemon is at the address that they name."""
    readme = (REPOSITORY / "client" / "python" / "README.md").read_text()
    programs = [block.partition("```")[0] for block in readme.split("```python\n")[1:]]
    assert len(programs) >= 3
    daemon = serve("--dim", "8")
    for program in programs:
        subprocess.run([sys.executable, "-c", program.replace("127.0.0.1:9900", daemon.addr)], cwd=tmp_path, check=True, timeout=120)


def test_in_a_service(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a service, the daemon says nothing to the service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        disrust.Local("sum").close()
        with pytest.raises(BlockingIOError):
            manager.recv(1000)

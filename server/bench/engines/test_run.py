"""Tests of run.py: with small models, on whatever peers this Python has. test_run.py"""
import contextlib
import ctypes
import io
import json
import os
import pathlib
import select
import statistics
import subprocess
import sys
import tempfile
import types
import unittest

import numpy as np

import calls
import compare
import models
import prepare
import registry
import run
import workers

HERE = pathlib.Path(__file__).parent


def start(folder, *words):
    command = [sys.executable, HERE / "run.py", folder, "--tiny", "--rounds", "3", "--seconds", "0.001", *words]
    return subprocess.run(command, capture_output=True, text=True)


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.json = cls.folder / "run.json"
        cls.ran = start(cls.folder, "--json", cls.json)
        if cls.ran.returncode:
            raise AssertionError(cls.ran.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_each_engine_is_compared_or_left_out(self):
        results = json.loads(self.json.read_text())["models"]
        self.assertEqual([r["model"] for r in results], list(models.TINY))
        for r in results:
            if models.TINY[r["model"]].library in registry.BOOSTED and not models.installed(models.TINY[r["model"]].library):
                self.assertEqual(r["engines"], [])
                self.assertIn(f"- {r['model']}: all: No module named", self.ran.stdout)
                continue
            there = [e["title"] for e in r["engines"]] + [a["engine"] for a in r["absent"]]
            wanted = [e.full_title() for e in registry.engines_for(r["model"], models.TINY[r["model"]], [])]
            self.assertCountEqual(there, wanted)
            for a in r["absent"]:
                self.assertIn(f"- {r['model']}: {a['engine']}: {a['why']}", self.ran.stdout)

    def test_libraries_that_are_installed_are_compared(self):
        for r in json.loads(self.json.read_text())["models"]:
            there = [e["name"] for e in r["engines"]]
            if not there:
                continue  # the test above says why
            library = models.TINY[r["model"]].library
            needed = {"forest": "scikit-learn", "mlp": "onnxruntime"}.get(library, library)
            self.assertIn(needed, there)
            self.assertIn("onnxruntime", there)
            self.assertEqual(there[0], "disrust")

    def test_table_says_what_was_measured(self):
        lines = [line for line in self.ran.stdout.splitlines() if line.startswith("|")]
        rows = [[c.strip() for c in line.strip("|").split("|")] for line in lines[2:]]
        results = json.loads(self.json.read_text())["models"]
        engines = [(r["engines"][0], e) for r in results for e in r["engines"]]
        self.assertEqual(len(rows), len(engines))
        for cells, (ours, e) in zip(rows, engines):
            self.assertEqual(cells[1:3], [e["title"], e["answers"]])
            for cell, size in zip(cells[3:7], ("1", "8", "64", "1024")):
                self.assertEqual(len(e["micros"][size]), 3)
                middle = statistics.median(e["micros"][size])
                self.assertRegex(cell, r"^[\d.,]+ \([\d.,]+ to [\d.,]+\)(; \S+)?$")
                self.assertAlmostEqual(float(cell.split()[0].replace(",", "")), middle, delta=0.06 * middle + 0.0006)
                if e is not ours:
                    ratio = statistics.median(ours["micros"][size]) / middle
                    self.assertAlmostEqual(float(cell.split("; ")[1]), ratio, delta=0.06 * ratio)

    def test_second_run_makes_nothing(self):
        name = next(iter(models.TINY))
        before = (self.folder / "tiny" / name / "answers.f64").stat().st_mtime_ns
        again = start(self.folder, "--models", name, "--engines", "disrust")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("making", again.stderr)
        self.assertEqual((self.folder / "tiny" / name / "answers.f64").stat().st_mtime_ns, before)

    def test_wrong_answer_is_a_failure(self):
        name = "xgboost-9x3"
        file = self.folder / "tiny" / name / "answers.f64"
        right = np.fromfile(file)
        try:
            changed = right.copy()
            changed[300] = np.nextafter(np.float32(changed[300]), np.float32(1e9))
            changed.tofile(file)
            ran = start(self.folder, "--models", name, "--engines", "disrust")
            self.assertNotEqual(ran.returncode, 0)
            self.assertIn(f"disrust, {name}: its bits are not those of the library", ran.stderr)
            self.assertEqual(ran.stdout, "")
        finally:
            right.tofile(file)


class Parts(unittest.TestCase):
    def test_judge(self):
        want = np.linspace(-1000, 1000, 2048)
        stray, near, lost = want.copy(), want * (1 + 1e-7), want.copy()
        stray[7] += 1
        lost[7] = np.nan
        judge = compare.judge
        self.assertEqual(judge([want[:256], want], want, True, True), "bits")
        self.assertEqual(judge([near], want, True, False), "within 1e-5")
        self.assertEqual(judge([want, stray], want, False, True), "1 of 2048 rows differ")
        for scores, ours, exact in ((near, True, True), (stray, True, False), (lost, True, False), (-want, False, False)):
            with self.assertRaises(workers.Failed):
                judge([want, scores], want, ours, exact)

    def test_compiler_that_takes_too_long(self):
        reader, writer = os.pipe()
        why = prepare.run(["sh", "-c", "sleep 1000 & wait"], 1, pass_fds=[writer])
        os.close(writer)
        self.assertEqual(why, "not done in 1 s")
        self.assertTrue(select.select([reader], [], [], 60)[0], "a process that it has started goes on")
        self.assertEqual(os.read(reader, 1), b"")  # no process has the other end
        os.close(reader)

    def test_worker_that_ends(self):
        with tempfile.TemporaryDirectory() as scratch:
            for script, why in (("echo an error >&2; exit 3", "the process ended with 3: an error"),
                                ("echo missing wheels", "wheels")):
                with self.assertRaisesRegex(workers.Failed, f"^{why}$"):
                    workers.Worker(["sh", "-c", script], min(os.sched_getaffinity(0)), pathlib.Path(scratch) / "log")

    def test_peer_that_ends_between_rounds_is_left_out(self):
        class Mortal:
            def __init__(self, lives):
                self.lives = lives

            def time(self, size, seconds):
                self.lives -= 1
                if self.lives < 0:
                    raise workers.Failed("it ended")
                return 1.0

            def stop(self):
                self.lives = None

        engines = {e.name: e for e in registry.ENGINES}
        c = compare.Comparison(None, "mlp", models.MODELS["mlp"], types.SimpleNamespace(rounds=2, seconds=1), {})
        ours, peer = compare.Contender(engines["disrust"], Mortal(100)), compare.Contender(engines["lleaves"], Mortal(6))
        c.contenders = [ours, peer]
        with contextlib.redirect_stderr(io.StringIO()):
            c.round(0)
            c.round(1)
        self.assertEqual((c.contenders, peer.worker.lives), ([ours], None))
        self.assertEqual([a["why"] for a in c.absent], ["it ended"])
        self.assertEqual({len(times) for times in ours.times.values()}, {2})
        ours.worker.lives = 0
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaisesRegex(SystemExit, "it ended"):
            c.round(2)

    def test_calls_from_c(self):
        rows = np.arange(12.0).reshape(6, 2)
        copied = np.zeros(2)
        copy = ctypes.cast(ctypes.CDLL(None).memcpy, ctypes.c_void_p)
        with tempfile.TemporaryDirectory() as scratch:
            pathlib.Path(scratch, "bin").mkdir()
            missing = prepare.programs(pathlib.Path(scratch))
            for library in [pathlib.Path("nothing")] + [pathlib.Path(scratch, "bin", "repeat.so")] * ("repeat" not in missing):
                calls.repeat = None
                calls.use(library)
                arguments = [(copied, row, row.nbytes) for row in rows]
                c = calls.FromC(copy, arguments, 1, lambda: copied, checked=False)
                for i in (4, 0, 5):
                    np.testing.assert_array_equal(c.answers(i), rows[i])
                self.assertGreater(c.time(1e-5), 0)
                c.checked = True  # memcpy answers an address
                with self.assertRaises(RuntimeError):
                    c.answers(1)

    def test_options_that_are_refused(self):
        for words, why in ((["--models", "mpl"], "no model 'mpl'"), (["--engines", "x"], "no engine 'x'"),
                           (["--rounds", "0"], "invalid positive value"), (["--seconds", "-1"], "invalid duration value"),
                           (["--cpu", "100000"], "may not run on CPU 100000")):
            said = io.StringIO()
            with contextlib.redirect_stderr(said), self.assertRaises(SystemExit):
                run.options(["folder", *words])
            self.assertIn(why, said.getvalue())


if __name__ == "__main__":
    unittest.main()

"""Compares this engine with onnxruntime on a network of 128 features, layers of 256 and 128 values with Relu, and one
score. One thread each.

    python batcher/dense/bench/compare.py

It runs in the root of the repository, with onnxruntime 1.31.1, onnx and numpy, and needs about a minute. onnxruntime
reads and writes memory that was bound before, which is its fastest call. It and the kernels of the engine take turns. The
table has the median of the rounds, and the least and the most.
"""
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROUNDS = 5
SECONDS = 0.2  # of one measurement
SIZES = 1, 8, 64, 1024  # rows per call
WIDTHS = 128, 256, 128, 1


def network():
    random, nodes, constants, value = np.random.default_rng(1), [], [], "x"
    for i, (inputs, outputs) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        for name, shape in (f"w{i}", (inputs, outputs)), (f"b{i}", (outputs,)):
            constants.append(numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name))
        nodes.append(helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"y{i}"]))
        value = f"y{i}"
        if outputs > 1:
            nodes.append(helper.make_node("Relu", [value], [f"z{i}"]))
            value = f"z{i}"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])
            for name, width in (("x", WIDTHS[0]), (value, WIDTHS[-1]))]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Onnxruntime:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(network().SerializeToString(), options, ["CPUExecutionProvider"])
        self.rows = np.random.default_rng(2).standard_normal((max(SIZES), WIDTHS[0])).astype(np.float32)

    def measure(self, size):
        """Microseconds per row."""
        binding = self.session.io_binding()
        rows, scores = self.rows[:size], np.empty((size, WIDTHS[-1]), np.float32)
        for bind, name, a in ((binding.bind_input, "x", rows), (binding.bind_output, self.session.get_outputs()[0].name, scores)):
            bind(name, "cpu", 0, np.float32, a.shape, a.ctypes.data)
        for _ in range(20):
            self.session.run_with_iobinding(binding)
        count, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < SECONDS:
            for _ in range(10):
                self.session.run_with_iobinding(binding)
            count += 10
        return took / count / size * 1e6


def engine(test):
    """Microseconds per row of this engine, for each kernel and size."""
    ran = subprocess.run(
        [test, "-test.run", "^$", "-test.bench", "^BenchmarkScore$", "-test.benchtime", f"{SECONDS}s"],
        env={**os.environ, "GOMAXPROCS": "1"}, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^BenchmarkScore/(\w+)/(\d+)\S*\s.*?([\d.]+) ns/row", ran, re.M)
    return {(kernel, int(size)): float(took) / 1e3 for kernel, size, took in found}


def main():
    with tempfile.TemporaryDirectory() as folder:
        test = pathlib.Path(folder) / "dense.test"
        subprocess.run(["go", "test", "-c", "-o", test, "."], cwd="batcher/dense", check=True)
        other, took = Onnxruntime(), {}
        for _ in range(ROUNDS):
            for size in SIZES:
                took.setdefault(("onnxruntime", size), []).append(other.measure(size))
            for key, micros in engine(test).items():
                took.setdefault(key, []).append(micros)
    print("| us per row | rows per call | onnxruntime | this engine | of its time |\n|---|---|---|---|---|")
    for (kernel, size), t in took.items():
        if kernel != "onnxruntime":
            both = took["onnxruntime", size], t
            cells = [f"{statistics.median(x):.2f} ({min(x):.2f} to {max(x):.2f})" for x in both]
            ratio = statistics.median(t) / statistics.median(both[0])
            print(f"| {kernel} | {size} | {cells[0]} | {cells[1]} | {ratio:.2f} |")


if __name__ == "__main__":
    main()

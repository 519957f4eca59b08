"""Becomes MLServer with one LightGBM model: mlserver_run.py FOLDER OUT HTTP GRPC METRICS (ports).

Models run in MLServer's own process: on few CPUs its workers cost more than they bring.
"""

import json
import os
import sys


def main():
    folder, out, http, grpc, metrics = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    settings = {
        "host": "127.0.0.1", "http_port": int(http), "grpc_port": int(grpc), "metrics_port": int(metrics),
        "debug": False, "parallel_workers": 0, "logging_settings": None,
    }
    model = {
        "name": "model", "implementation": "mlserver_lightgbm.LightGBMModel",
        "parameters": {"uri": os.path.join(os.path.abspath(folder), "model.txt"), "version": "1"},
    }
    for name, content in ("settings.json", settings), ("model-settings.json", model):
        with open(os.path.join(out, name), "w") as f:
            json.dump(content, f)
    program = os.path.join(os.path.dirname(sys.executable), "mlserver")
    os.execv(program, [program, "start", out])


main()

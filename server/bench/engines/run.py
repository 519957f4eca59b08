"""Compares engines that score models on one CPU core: run.py FOLDER

The README beside this file says what is compared, and how to read the table.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

import compare
import models
import prepare
import registry
import table


def options(words):
    known = list(models.MODELS)
    names = [e.name for e in registry.ENGINES]
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    p.add_argument("folder", type=pathlib.Path, help="for models, rows and programs; what is there is used again")
    p.add_argument("--models", type=listed, default=[], help=f"some of {','.join(known)}; default all")
    p.add_argument("--engines", type=listed, default=[], help=f"disrust and some of {','.join(names[1:])}; default all")
    p.add_argument("--rounds", type=positive, default=5, help="how often each engine takes its turn; default 5")
    p.add_argument("--seconds", type=duration, default=0.2, help="of one measurement; default 0.2")
    p.add_argument("--patience", type=duration, default=300, help="seconds that a peer may compile a model; default 300")
    p.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="that all engines run on; default the last")
    p.add_argument("--json", type=pathlib.Path, help="a file for all measurements")
    p.add_argument("--tiny", action="store_true", help="small models, to see that all works")
    o = p.parse_args(words)
    known = models.TINY if o.tiny else models.MODELS
    for what, given, allowed in (("model", o.models, known), ("engine", o.engines, names)):
        for name in given:
            if name not in allowed:
                p.error(f"there is no {what} {name!r}: {', '.join(allowed)} are there")
    if o.cpu not in os.sched_getaffinity(0):
        p.error(f"this process may not run on CPU {o.cpu}")
    o.known = {name: known[name] for name in o.models or known}
    return o


def listed(text):
    return text.split(",")


def positive(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def duration(text):
    if not 0 < float(text) < 1e6:
        raise ValueError
    return float(text)


def machine():
    """What a reader must know about the machine."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    about = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = about.get("flags", about.get("Features", "")).split()
    return {"cpu": about.get("model name", platform.machine()), "cpus": os.cpu_count(), "kernel": platform.release(),
            "vectors": [flag for flag in ("avx2", "avx512f", "avx512bw", "avx512_vbmi") if flag in flags]}


def commit():
    here = pathlib.Path(__file__).parent
    ran = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True)
    return ran.stdout.strip()


def measure(folder, name, model, o, missing):
    """Compares the engines of one model, for table.py and the JSON."""
    c = compare.Comparison(folder, name, model, o, missing)
    c.run()
    engines = [{"name": k.engine.name, "title": k.engine.full_title(), "answers": k.answers,
                "call": k.worker.call, "micros": {str(size): times for size, times in k.times.items()}}
               for k in c.contenders]
    return {"model": name, "what": model.what, "engines": engines, "absent": c.absent}


def main(words):
    o = options(words)
    folder = (o.folder / "tiny" if o.tiny else o.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    missing = prepare.programs(folder)
    if "disrust" in missing:
        sys.exit(missing["disrust"])
    models.write_rows(folder)
    results = []
    for name, model in o.known.items():
        why = models.make(folder, name, model)
        if why:
            print(f"without the model {name}: {why}", file=sys.stderr)
            results.append({"model": name, "what": model.what, "engines": [], "absent": [{"engine": "all", "why": why}]})
            continue
        results.append(measure(folder, name, model, o, missing))
    print(table.markdown(results, o.rounds), end="")
    if o.json:
        run = {"machine": machine(), "commit": commit(), "command": sys.argv, "rounds": o.rounds, "seconds": o.seconds,
               "models": results}
        o.json.write_text(json.dumps(run, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)

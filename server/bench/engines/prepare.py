"""Builds what the comparison needs: the programs in Go and C, and what a peer makes of a model before it scores."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def programs(folder):
    """Builds the programs into folder/bin. Returns why one is missing, by its name."""
    out, missing = folder / "bin", {}
    out.mkdir(exist_ok=True)
    for name in ("disrust", "leaves"):
        build = ["go", "build", "-o", str(out / name), "./" + name]
        keep(missing, name, run(build, cwd=HERE / "native", env={**os.environ, "GOWORK": "off"}))
    gcc = shutil.which("gcc") or "gcc"
    keep(missing, "repeat", run([gcc, "-O2", "-shared", "-fPIC", str(HERE / "repeat.c"), "-o", str(out / "repeat.so")]))
    keep(missing, "floor", run([gcc, "-O3", "-march=native", str(HERE / "floor.c"), "-o", str(out / "floor")]))
    return missing


def keep(missing, name, why):
    if why:
        missing[name] = why


def run(command, timeout=300, **how):
    """Runs a command. Returns "", or why it failed. The processes that it has started end with it."""
    try:
        ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True, **how)
    except FileNotFoundError:
        return f"there is no {command[0]}"
    with ran:
        try:
            output, _ = ran.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return f"not done in {timeout:.0f} s"
        finally:
            if ran.returncode is None:  # too late, or interrupted: compilers would go on while engines are timed
                os.killpg(ran.pid, signal.SIGKILL)
    if ran.returncode < 0:
        return f"ended by {signal.Signals(-ran.returncode).name}: {told(output)}"
    return "" if ran.returncode == 0 else f"{pathlib.Path(command[0]).name} failed: {told(output)}"


def told(output):
    """The line of a failed program's output that says most: the last with the word error, or else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it said nothing"]
    return ([line for line in lines if "error" in line.lower()] or lines)[-1][:300]


def compile_model(engine, folder, patience):
    """Has a peer compile a model, unless it did, or failed, in an earlier run. Returns "", or why it failed."""
    file = folder / engine.compiled
    failed = file.with_name(file.name + ".failed")
    if file.exists():
        return ""
    if failed.exists():
        return failed.read_text() + f" (delete {failed} to try again)"
    print(f"{engine.full_title()} compiles {folder.name}", file=sys.stderr, flush=True)
    part = file.with_name("part-" + file.name)
    why = run([sys.executable, str(HERE / "worker.py"), "--prepare", engine.module, str(folder), str(part)], patience)
    if why:
        failed.write_text(why)
        part.unlink(missing_ok=True)
        return why
    part.rename(file)
    return ""

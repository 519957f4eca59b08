"""Many tasks score their own rows over one connection to a daemon."""

import asyncio
import contextlib
import os
import subprocess
import tempfile

import numpy

import disrust
from disrust._local import find


@contextlib.contextmanager
def daemon(addr):
    """Run a daemon with the model sum, which adds up the features of a row."""
    process = subprocess.Popen([find(), "--listen", addr, "--dim", "8"], stderr=subprocess.PIPE, text=True)
    try:
        process.stderr.readline()  # it is ready
        yield
    finally:
        process.terminate()
        process.communicate()


async def main(addr):
    async with disrust.AsyncClient(addr, timeout=10.0) as client:
        rows = numpy.arange(800, dtype="float32").reshape(100, 8)
        scores = await asyncio.gather(*(client.score(row) for row in rows))
        assert [score[0] for score in scores] == rows.sum(axis=1).tolist()
        print(len(scores), "tasks have their scores from", client.model)


with tempfile.TemporaryDirectory() as folder:
    addr = "unix:" + os.path.join(folder, "socket")
    with daemon(addr):
        asyncio.run(main(addr))

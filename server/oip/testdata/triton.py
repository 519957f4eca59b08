"""Scores rows with tritonclient, in each way that it has, and compares the bits with those of the server's own port.

    python triton.py HTTP_ADDRESS GRPC_ADDRESS MODEL ROWS.npy SCORES.npy

ROWS.npy has float32 rows, and SCORES.npy their scores by the server's own port.
"""

import asyncio
import queue
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

http, grpc, model, rows, scores = *sys.argv[1:4], np.load(sys.argv[4]), np.load(sys.argv[5])
scores = scores.reshape(len(rows), -1)
ran = 0


def same(result: Any, first: int, last: int) -> None:
    """Compare the bits of the scores of some rows."""
    global ran
    got = result.as_numpy("scores")
    assert got.dtype == np.float32 and got.shape == (last - first, scores.shape[1]), (got.dtype, got.shape)
    want = scores[first:last]
    numbers = ~np.isnan(want)
    assert (np.isnan(got) == np.isnan(want)).all()
    assert (got.view(np.uint32)[numbers] == want.view(np.uint32)[numbers]).all()
    ran += 1


def refused(call: Callable[[], Any], says: str) -> None:
    global ran
    try:
        call()
    except InferenceServerException as e:
        assert says in str(e), e
        ran += 1
        return
    raise AssertionError(f"not refused: {says}")


def tensors(of: Any, first: int, last: int, **how: Any) -> list[Any]:
    tensor = of.InferInput("features", [last - first, rows.shape[1]], "FP32")
    tensor.set_data_from_numpy(rows[first:last], **how)
    return [tensor]


PARTS = [(0, 1), (1, 2), (0, 64), (3, len(rows)), (0, len(rows))]


def over_http() -> None:
    of = tritonclient.http
    with of.InferenceServerClient(http, concurrency=4) as c:
        assert c.is_server_live() and c.is_server_ready() and c.is_model_ready(model)
        assert "binary_tensor_data" in c.get_server_metadata()["extensions"]
        about = c.get_model_metadata(model)
        assert about["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, rows.shape[1]]}], about
        assert about["outputs"] == [{"name": "scores", "datatype": "FP32", "shape": [-1, scores.shape[1]]}], about
        (version,) = about["versions"]
        for first, last in PARTS:
            for binary_in in (True, False):
                for outputs in (None, [of.InferRequestedOutput("scores", binary_data=True)], [of.InferRequestedOutput("scores", binary_data=False)]):
                    for packed in (None, "gzip", "deflate"):
                        result = c.infer(
                            model, tensors(of, first, last, binary_data=binary_in), outputs=outputs, model_version=version, request_id="a",
                            request_compression_algorithm=packed, response_compression_algorithm=packed,
                        )
                        assert result.get_response()["id"] == "a" and result.get_response()["model_version"] == version
                        same(result, first, last)
            for waiting in [c.async_infer(model, tensors(of, first, last)) for _ in range(4)]:
                same(waiting.get_result(), first, last)
        refused(lambda: c.infer("another", tensors(of, 0, 1)), "there is no model")
        refused(lambda: c.infer(model, tensors(of, 0, 1), model_version="x"), "has no version")
        refused(lambda: c.infer(model, tensors(of, 0, 1), outputs=[of.InferRequestedOutput("x")]), "there is no output")
        refused(lambda: c.infer(model, tensors(of, 0, 1), outputs=[of.InferRequestedOutput("scores", class_count=2)]), "extension")
        double = of.InferInput("features", [1, rows.shape[1]], "FP64")
        double.set_data_from_numpy(rows[:1].astype("float64"))
        refused(lambda: c.infer(model, [double]), "FP64")
        refused(lambda: c.get_model_metadata("another"), "there is no model")


def over_grpc() -> None:
    of = tritonclient.grpc
    with of.InferenceServerClient(grpc) as c:
        assert c.is_server_live() and c.is_server_ready() and c.is_model_ready(model)
        assert c.get_server_metadata().name == "disrust"
        about = c.get_model_metadata(model, as_json=True)
        assert about["inputs"][0]["shape"] == ["-1", str(rows.shape[1])], about
        (version,) = about["versions"]
        for first, last in PARTS:
            for outputs in (None, [of.InferRequestedOutput("scores")]):
                for packed in (None, "gzip"):
                    result = c.infer(model, tensors(of, first, last), outputs=outputs, model_version=version, request_id="a", compression_algorithm=packed)
                    assert result.get_response().id == "a" and result.get_response().model_version == version
                    same(result, first, last)
            answers: queue.Queue[tuple[Any, Any]] = queue.Queue()
            for _ in range(4):
                c.async_infer(model, tensors(of, first, last), callback=lambda result, error: answers.put((result, error)))
            for _ in range(4):
                result, error = answers.get(timeout=60)
                assert error is None, error
                same(result, first, last)
        refused(lambda: c.infer("another", tensors(of, 0, 1)), "there is no model")
        refused(lambda: c.infer(model, tensors(of, 0, 1), model_version="x"), "has no version")
        refused(lambda: c.infer(model, tensors(of, 0, 1), outputs=[of.InferRequestedOutput("x")]), "there is no output")
        refused(lambda: c.infer(model, tensors(of, 0, 1), compression_algorithm="deflate"), "deflate")


async def asynchronously() -> None:
    for of, aio, address in ((tritonclient.http, tritonclient.http.aio, http), (tritonclient.grpc, tritonclient.grpc.aio, grpc)):
        async with aio.InferenceServerClient(address) as c:
            assert await c.is_server_live() and await c.is_server_ready() and await c.is_model_ready(model)
            calls: list[Awaitable[Any]] = [c.infer(model, tensors(of, first, last)) for first, last in PARTS for _ in range(4)]
            answers = await asyncio.gather(*calls)
            for i, (first, last) in enumerate(part for part in PARTS for _ in range(4)):
                same(answers[i], first, last)


over_http()
over_grpc()
asyncio.run(asynchronously())
print(f"{ran} checks with tritonclient")

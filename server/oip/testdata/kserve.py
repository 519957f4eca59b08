"""Scores rows with KServe's own clients, and compares the bits with those of the server's own port.

    python kserve.py HTTP_ADDRESS GRPC_ADDRESS MODEL ROWS.npy SCORES.npy

ROWS.npy has float32 rows, and SCORES.npy their scores by the server's own port.
"""

import asyncio
import sys
from typing import Any

sys.path.pop(0)  # this file has the package's name

import grpc
import httpx
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

http, grpc_address, model, rows, scores = *sys.argv[1:4], np.load(sys.argv[4]), np.load(sys.argv[5])
scores = scores.reshape(len(rows), -1)
finite = ~np.isinf(rows).any(axis=1)  # KServe's client writes infinities as null in JSON, as it does NaN
rows, scores = rows[finite], scores[finite]
assert len(rows) > 3 and np.isnan(rows).any()
ran = 0


def same(result: Any, first: int, last: int) -> None:
    global ran
    (output,) = result.outputs
    got = output.as_numpy()
    assert output.name == "scores" and got.shape == (last - first, scores.shape[1]), (output.name, got.shape)
    want = scores[first:last]
    assert np.array_equal(got, want, equal_nan=True) and np.array_equal(np.signbit(got), np.signbit(want))
    ran += 1


def request(first: int, last: int, binary: bool, **more: Any) -> InferRequest:
    tensor = InferInput("features", [last - first, rows.shape[1]], "FP32")
    tensor.set_data_from_numpy(rows[first:last], binary_data=binary)
    return InferRequest(more.pop("model", model), [tensor], request_id="a", **more)


async def main() -> None:
    global ran
    url = "http://" + http
    async with InferenceRESTClient(RESTConfig(protocol="v2", retries=1)) as c:
        assert await c.is_server_live(url) and await c.is_server_ready(url) and await c.is_model_ready(url, model)
        for first, last in ((0, 1), (0, min(64, len(rows))), (3, len(rows))):
            for binary in (True, False):
                for outputs in (None, [RequestedOutput("scores", {"binary_data": True})], [RequestedOutput("scores", {"binary_data": False})]):
                    same(await c.infer(url, request(first, last, binary, request_outputs=outputs), model_name=model), first, last)
        assert not await c.is_model_ready(url, "another")
        try:
            await c.infer(url, request(0, 1, False), model_name="another")
        except httpx.HTTPStatusError as e:
            assert "there is no model" in str(e) and e.response.status_code == 404, e
            ran += 1
    async with InferenceGRPCClient(grpc_address) as c:
        assert await c.is_server_live() and await c.is_server_ready() and await c.is_model_ready(model)
        for first, last in ((0, 1), (0, min(64, len(rows))), (3, len(rows))):
            for binary in (True, False):
                same(await c.infer(request(first, last, binary)), first, last)
        try:
            await c.infer(request(0, 1, True, model="another"))
        except grpc.RpcError as e:
            assert e.code() == grpc.StatusCode.NOT_FOUND, e
            ran += 1


asyncio.run(main())
print(f"{ran} checks with KServe's clients")

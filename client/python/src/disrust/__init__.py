"""Scores rows of float32 on disrust servers, from Python.

    import disrust

    with disrust.Client("127.0.0.1:9900") as client:
        scores = client.score(rows)  # a matrix of float32, of shape (n, client.model.dim)

Client is for threads, AsyncClient for asyncio, Local serves a model file by itself, and shared does for all processes of a machine.
"""

from ._async import AsyncClient
from ._client import Client
from ._errors import (
    ClosedError,
    ConnectionLost,
    Error,
    GaveUp,
    LocalError,
    ModelFailed,
    NoWelcome,
    Refused,
    RowsError,
    Unavailable,
)
from ._local import Local
from ._shared import shared
from ._verify import Comparison
from ._wire import Model

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Client",
    "ClosedError",
    "Comparison",
    "ConnectionLost",
    "Error",
    "GaveUp",
    "Local",
    "LocalError",
    "Model",
    "ModelFailed",
    "NoWelcome",
    "Refused",
    "RowsError",
    "Unavailable",
    "shared",
]

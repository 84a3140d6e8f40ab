"""How an app is served, the same alone and beside others in one process."""

from typing import Final

import uvicorn
from fastapi import FastAPI

_HEADER_BYTES: Final = 128 * 1024
"""Above our own limit, so that the app's edge can answer 431 where the server would hang up."""
_LAST_REQUESTS_SECONDS: Final = 5


def server_config(app: FastAPI, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    """The server's settings: what the app logs and limits is the app's business."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",
        h11_max_incomplete_event_size=_HEADER_BYTES,
        timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
    )

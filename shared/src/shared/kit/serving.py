"""How an app is served, the same alone and beside others in one process."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

_HEADER_BYTES: Final = 128 * 1024
"""Above our own limit, so that the app's edge can answer 431 where the server would hang up."""
_LAST_REQUESTS_SECONDS: Final = 5


class Server(uvicorn.Server):
    """A server that leaves signals to the one who started it, perhaps beside others."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """What the app logs and limits is the app's business."""
        config = uvicorn.Config(
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
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: several servers cannot share one handler."""
        yield

    def end_on_signals(self) -> None:
        """End in order, with status 0, on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end)

    def _end(self) -> None:
        self.should_exit = True

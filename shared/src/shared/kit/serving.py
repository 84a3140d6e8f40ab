"""How an app is served, the same alone and beside others in one process."""

import asyncio
import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEADER_BYTES: Final = 128 * 1024
"""Above our own limit, so that the app's edge can answer 431 where the server would hang up."""
_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)
_OBJECTS: Final = 50_000
_IDLE_SECONDS: Final = 75
"""Longer than clients and proxies keep a connection idle: who hangs up first must be the one who
would send next, or a request meets a connection that is just being closed."""
_LAST_REQUESTS_SECONDS: Final = 5


class BoundedProtocol(HttpToolsProtocol):
    """HTTP whose requests' heads have an end: the parser would keep whatever comes."""

    _in_head = False
    _head_bytes = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a connection."""
        goes_on = self._in_head
        super().data_received(data)
        if goes_on and self._in_head:  # what came is all of one head
            self._head_bytes += len(data)
            if self._head_bytes > _HEADER_BYTES:
                self.transport.write(_TOO_LONG)
                self.transport.close()


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
            http=BoundedProtocol,
            ws="none",
            proxy_headers=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
        )
        super().__init__(config)
        self._alone = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self._alone:
            # What stands now stands for good: the collector need not walk it again and again. And
            # it need not look after every few hundred objects: one request makes as many.
            gc.collect()
            gc.freeze()
            gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: several servers cannot share one handler."""
        yield

    def own_the_process(self) -> None:
        """Nobody else is served here: end in order, with status 0, on SIGINT and SIGTERM."""
        self._alone = True
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end)

    def _end(self) -> None:
        self.should_exit = True

"""How an app is served: by real sockets, since these limits are below what an app can see."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from shared.kit.serving import Server

pytestmark = pytest.mark.enable_socket

_MANY = 2 << 20


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Where an app with one route is served."""
    app = FastAPI()

    @app.get("/")
    async def hello() -> str:
        return "hello"

    server = Server(app)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def answer_to(port: int, *parts: bytes) -> bytes:
    """The first line of what is answered to these parts, sent one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            for part in parts:
                writer.write(part)
                await writer.drain()
            return (await reader.readline()).strip()
    except ConnectionError:
        return await reader.readline()
    finally:
        writer.close()


async def test_a_request_is_answered_however_it_is_cut(port: int) -> None:
    whole = b"GET / HTTP/1.1\r\nhost: duban\r\nx-a: b\r\n\r\n"
    singly = [whole[at : at + 1] for at in range(len(whole))]
    assert await answer_to(port, *singly) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("endless", [b"x" * 1024, b"x: y\r\n" * 170], ids=["header", "headers"])
async def test_a_head_without_end_is_refused_instead_of_kept(port: int, endless: bytes) -> None:
    begin = b"GET / HTTP/1.1\r\nhost: duban\r\nx-long: "
    answer = await answer_to(port, begin, *[endless] * (_MANY // len(endless)))
    assert answer == b"HTTP/1.1 431 Request Header Fields Too Large"


async def test_what_is_no_request_is_refused(port: int) -> None:
    assert await answer_to(port, b"hello there\r\n\r\n") == b"HTTP/1.1 400 Bad Request"


async def test_two_readings_of_one_length_are_refused(port: int) -> None:
    both = b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    answer = await answer_to(port, b"POST / HTTP/1.1\r\nhost: duban\r\n" + both)
    assert answer == b"HTTP/1.1 400 Bad Request"


def test_an_idle_connection_is_kept_longer_than_our_clients_keep_it() -> None:
    """Who is about to send must be the one who hangs up, or a report meets a closing door."""
    clients = httpx.Limits().keepalive_expiry
    assert clients is not None
    assert Server(FastAPI()).config.timeout_keep_alive > clients

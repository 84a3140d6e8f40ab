"""Load from a process of its own: so many clients, each with one request under way, for a time.

`python -m bench.load < order.json` prints what came of it, as JSON.
"""

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import uvloop

_MARK: Final = b'"note":"'


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked of the load: bodies are sent in turn, each with a note of its own."""

    port: int
    path: str
    token: str
    clients: int
    seconds: float
    bodies: list[dict[str, Any]]
    run: str
    """Makes the notes of this run differ from those of another."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: answers a second, milliseconds, and answers by status."""

    rate: float
    p50: float
    p99: float
    statuses: dict[str, int]


async def load(order: Order) -> Outcome:
    """Carry the order out."""
    loop = asyncio.get_running_loop()
    requests = _requests(order)
    clients = [_Client(requests) for _ in range(order.clients)]
    for client in clients:
        await loop.create_connection(client.itself, "127.0.0.1", order.port)
    started = time.perf_counter()
    for client in clients:
        client.begin()
    await asyncio.sleep(order.seconds)
    for client in clients:
        client.ending = True
    await asyncio.gather(*(client.ended for client in clients))
    seconds = time.perf_counter() - started
    times = sorted(one for client in clients for one in client.times)
    statuses = sum((client.statuses for client in clients), Counter[str]())
    return Outcome(
        rate=len(times) / seconds,
        p50=times[len(times) // 2] * 1000,
        p99=times[len(times) * 99 // 100] * 1000,
        statuses=dict(statuses),
    )


def _requests(order: Order) -> Iterator[bytes]:
    """Prebuilt but for the note and the length: the load should cost little beside its server."""
    parts = []
    for body in order.bodies:
        text = json.dumps(body | {"note": ""}, separators=(",", ":")).encode()
        before, _, after = text.partition(_MARK)
        parts.append((before + _MARK, after))
    head = (
        f"POST {order.path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {order.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    for number, (before, after) in zip(itertools.count(), itertools.cycle(parts), strict=False):
        note = f"{order.run} {number}".encode()
        length = len(before) + len(note) + len(after)
        yield b"%s%d\r\n\r\n%s%s%s" % (head, length, before, note, after)


class _Client(asyncio.Protocol):
    """One connection that sends, waits for the whole answer, and sends again."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.times: list[float] = []
        self.statuses = Counter[str]()
        self.ending = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._got = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None

    def itself(self) -> "_Client":
        """What a connection asks for its protocol."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of the class

    def begin(self) -> None:
        """Send the next request."""
        assert self._transport is not None  # noqa: S101  # it is connected
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.times.append(time.perf_counter() - self._sent)
        self.statuses[head[9:12].decode()] += 1
        self._got = b""
        if self.ending:
            self.ended.set_result(None)
        else:
            self.begin()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.statuses["hung up"] += 1
            self.ended.set_result(None)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(load(Order(**json.load(sys.stdin)))))))

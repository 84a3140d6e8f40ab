"""What every request passes first: limits, a correlation id, security headers, metrics.

Where the app fails, the edge answers in its place.

A plain ASGI layer: Starlette's `BaseHTTPMiddleware` costs two thirds of the throughput.
"""

import re
import time
from collections.abc import Callable
from secrets import token_hex
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.kit.engines import is_passing
from shared.kit.metrics import KitMetrics
from shared.kit.problems import Problem, problem_response

log = structlog.get_logger(__name__)

_HEADER_BYTES: Final = 64 * 1024
_HEADERS: Final = 100
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_HALF: Final = re.compile("[\ud800-\udfff]")
_FAULT: Final = Problem(
    500, "internal", "a fault of ours; nothing was stored. Send it again later."
)
_AWAY: Final = Problem(
    503, "unavailable", "the database does not answer; nothing was stored. Send it again later."
)
_SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


class Edge:
    """Wraps a service's app."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: KitMetrics,
        barred: Callable[[], Problem | None] = lambda: None,
    ) -> None:
        """`barred` tells whoever wants to change something why that cannot be now."""
        self._app = app
        self._metrics = metrics
        self._barred = barred
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = _correlation(scope)
        scope.setdefault("state", {})["correlation"] = correlation
        started = time.perf_counter()
        status: int | None = None

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), *_SECURITY]
                headers.append((b"x-correlation-id", correlation.encode()))
                message = {**message, "headers": headers}
            await send(message)

        # For good: a request has a task, and so a context, of its own.
        structlog.contextvars.bind_contextvars(correlation=correlation)
        try:
            if refusal := self._refusal(scope):
                await problem_response(refusal)(scope, receive, send_on)
            else:
                await self._app(scope, receive, send_on)
        except Exception as error:
            log.exception("a request failed")
            if status is not None:  # the answer has begun: all that is left is to break it off
                raise
            answer = _AWAY if is_passing(error) else _FAULT
            await problem_response(answer)(scope, receive, send_on)
        finally:
            self._count(scope, status or _FAULT.status, time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> Problem | None:
        """Why the app is not asked at all."""
        barred = None if scope["method"] in _READING else self._barred()
        return _header_refusal(scope) or _address_refusal(scope) or barred

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in {"GET", "POST", "PUT"} else "other"
        place = method, route, status
        if place not in self._counted:
            self._counted[place] = (
                self._metrics.requests.labels(method, route, str(status)),
                self._metrics.request_seconds.labels(method, route),
            )
        requests, request_seconds = self._counted[place]
        requests.inc()
        request_seconds.observe(seconds)


def _header_refusal(scope: Scope) -> Problem | None:
    headers = scope["headers"]
    size, lengths = 0, 0
    for name, value in headers:
        size += len(name) + len(value)
        lengths += name in _LENGTHS
    if len(headers) > _HEADERS or size > _HEADER_BYTES:
        return Problem(431, "headers_too_large", "send fewer or shorter headers")
    if lengths > 1:
        return Problem(400, "ambiguous_length", "send either Content-Length or Transfer-Encoding")
    return None


def _address_refusal(scope: Scope) -> Problem | None:
    """Refuse what no text of a database can hold, before anybody looks for it there."""
    query: bytes = scope["query_string"]
    path: str = scope["path"]
    if "\0" in path or b"%00" in query or b"\0" in query or _HALF.search(path):
        return Problem(422, "invalid", "the address holds NUL or half a character: remove it")
    return None


def _correlation(scope: Scope) -> str:
    """The trace the caller is in, or a new one: garbage in the header is not carried on."""
    for name, value in scope["headers"]:
        if name == b"traceparent" and (match := _TRACEPARENT.fullmatch(value.decode("latin-1"))):
            return match[1]
    return token_hex(16)

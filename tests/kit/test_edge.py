"""What every request passes first, and what every answer carries."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from kit_cast import browser
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from shared.kit.app import correlation_of
from shared.kit.edge import Edge
from shared.kit.metrics import KitMetrics
from shared.kit.problems import PROBLEM_JSON, install_problem_handlers

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def metrics() -> KitMetrics:
    return KitMetrics(CollectorRegistry())


@pytest.fixture
async def client(metrics: KitMetrics) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.add_middleware(Edge, metrics=metrics)
    install_problem_handlers(app)

    @app.get("/plans/{plan}")
    async def plan(plan: str, request: Request) -> dict[str, str]:
        return {"plan": plan, "correlation": correlation_of(request)}

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret is 42")

    @app.get("/broken-off")
    async def broken_off() -> StreamingResponse:
        async def half() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("the rest is missing")

        return StreamingResponse(half())

    async with browser(app) as made:
        yield made


async def test_a_request_keeps_the_trace_it_came_with(client: httpx.AsyncClient) -> None:
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = await client.get("/plans/fuzhou", headers=headers)
    assert answer.json()["correlation"] == TRACE
    assert answer.headers["x-correlation-id"] == TRACE


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "garbage",
        TRACE,
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        "00-" + "x" * 5000,
    ],
)
async def test_a_garbage_trace_is_replaced_by_a_new_one(
    client: httpx.AsyncClient, garbage: str
) -> None:
    headers = {"traceparent": garbage}
    first = (await client.get("/plans/fuzhou", headers=headers)).headers["x-correlation-id"]
    second = (await client.get("/plans/fuzhou", headers=headers)).headers["x-correlation-id"]
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first not in {second, TRACE, "0" * 32}


REFUSED_HEADERS: Final[Mapping[str, tuple[list[tuple[str, str]], int, str]]] = {
    "57 a header of 70 kB": ([("x-long", "x" * 70_000)], 431, "headers_too_large"),
    "57 70 kB in many": ([(f"x-{n}", "x" * 1000) for n in range(70)], 431, "headers_too_large"),
    "58 200 headers": ([(f"x-{n}", "x") for n in range(200)], 431, "headers_too_large"),
    "56 two lengths": (
        [("content-length", "1"), ("content-length", "2")],
        400,
        "ambiguous_length",
    ),
    "56 a length and chunks": (
        [("content-length", "1"), ("transfer-encoding", "chunked")],
        400,
        "ambiguous_length",
    ),
}


@pytest.mark.parametrize(
    ("headers", "status", "code"), REFUSED_HEADERS.values(), ids=REFUSED_HEADERS
)
async def test_headers_beyond_measure_are_refused(
    client: httpx.AsyncClient, headers: list[tuple[str, str]], status: int, code: str
) -> None:
    answer = await client.get("/plans/fuzhou", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == PROBLEM_JSON


async def test_sixty_kilobytes_in_ninety_headers_pass(client: httpx.AsyncClient) -> None:
    headers = [(f"x-{n}", "x" * 650) for n in range(90)]
    assert (await client.get("/plans/fuzhou", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/plans/fuzhou", "/nowhere", "/broken"], ids=["answer", "problem", "fault"]
)
async def test_every_answer_carries_the_security_headers_and_its_correlation(
    client: httpx.AsyncClient, path: str
) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-correlation-id"]


async def test_a_fault_is_told_without_its_secrets_and_logged_with_them(
    client: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs:
        answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert answer.json()["code"] == "internal"
    assert "42" not in answer.text
    assert [(log["event"], log["log_level"]) for log in logs] == [("a request failed", "error")]
    assert logs[0]["exc_info"]


async def test_an_answer_that_fails_half_way_is_broken_off(client: httpx.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="the rest is missing"):
        await client.get("/broken-off")


async def test_requests_are_counted_by_route_and_never_by_what_callers_make_up(
    client: httpx.AsyncClient, metrics: KitMetrics
) -> None:
    for plan in ("fuzhou", "xiamen", "putian"):
        await client.get(f"/plans/{plan}")
        await client.get(f"/nowhere/{plan}")
    await client.request("BREW", "/plans/fuzhou")
    await client.get("/broken")

    def count(**labels: Any) -> float | None:  # noqa: ANN401  # label texts
        return metrics.registry.get_sample_value("duban_http_requests_total", labels)

    assert count(method="GET", route="/plans/{plan}", status="200") == 3
    assert count(method="GET", route="unknown", status="404") == 3
    assert count(method="GET", route="/broken", status="500") == 1
    methods = {
        sample.labels["method"]
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "duban_http_requests_total"
    }
    assert methods == {"GET", "other"}

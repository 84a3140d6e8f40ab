"""Reports are answered ahead of FastAPI: as it would answer them, where a query leads to it."""

import json
from typing import Any

import pytest
from intake_cast import Town, trees

from shared.contracts.intake import SubmissionAccepted

JSON = {"content-type": "application/json"}
GOOD = json.dumps(trees("40")).encode()

Headers = dict[str, str]


@pytest.mark.parametrize("path", ["/v1/submissions", "/v1/submissions/batch"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, GOOD),
        (JSON, b"[" + GOOD + b"]"),
        (JSON, b"[]"),
        (JSON, b""),
        (JSON, b"\xff\xfe{}"),
        (JSON, b"\xef\xbb\xbf" + GOOD),
        (JSON, b'{"plan": "a", "plan": "b"}'),
        (JSON, b'{"note": "\\ud800"}'),
        (JSON, b'{"percent": NaN}'),
        (JSON, b"[" * 100_000),
        (JSON, json.dumps(trees("4.5", is_admin=True)).encode()),
        ({"content-type": "text/plain"}, GOOD),
        ({"content-type": "application/json; charset=utf-16"}, GOOD),
        (JSON | {"content-encoding": "gzip"}, GOOD),
        (JSON | {"content-length": str(1 << 30)}, GOOD),
        (JSON | {"idempotency-key": ""}, GOOD),
        (JSON | {"authorization": "Bearer duban_a_b"}, GOOD),
        ({}, GOOD),
    ],
)
async def test_both_ways_in_answer_alike(
    town: Town, path: str, headers: Headers, body: bytes
) -> None:
    async def answer(query: str) -> tuple[int, Any, Headers]:
        sent = town.bearer("office") | headers
        given = await town.web.post(path + query, content=body, headers=sent)
        seen = {name: one for name, one in given.headers.items() if name != "x-correlation-id"}
        return given.status_code, given.json(), seen

    assert await answer("") == await answer("?dry_run=false")


async def test_a_request_is_counted_under_its_route_and_keeps_its_callers_trace(
    town: Town,
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await town.submit(trees(), traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert answer.headers["x-correlation-id"] == trace
    assert answer.headers["x-content-type-options"] == "nosniff"
    (row,) = [one for one in town.stored("journal") if one["type"] == SubmissionAccepted.TYPE]
    assert row["correlation"] == trace
    figures = (await town.web.get("/metrics")).text
    counted = 'duban_http_requests_total{method="POST",route="/v1/submissions",status="202"} 1.0'
    assert counted in figures


async def test_a_token_is_asked_for_first(town: Town) -> None:
    answer = await town.web.post("/v1/submissions", content=b"garbage")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["www-authenticate"] == "Bearer"

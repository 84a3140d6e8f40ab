"""Whatever is sent, the answer is a problem that tells the mend, and never a fault of ours."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import httpx
import pytest
from fastapi import Depends, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from kit_cast import browser
from prometheus_client import CollectorRegistry

from shared.contracts.values import Amount, Contract, Id, Instant, Note
from shared.kit import bodies
from shared.kit.bodies import SINGLE_BYTES, json_body
from shared.kit.edge import Edge
from shared.kit.metrics import KitMetrics
from shared.kit.problems import PROBLEM_JSON, Problem, install_problem_handlers

JSON: Final = {"content-type": "application/json"}


class Report(Contract):
    """A body with one field of each kind."""

    task: Id
    amount: Amount
    note: Note = ""
    count: int = 0
    at: Instant | None = None


def small_app() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)
    app.add_middleware(Edge, metrics=KitMetrics(CollectorRegistry()))

    @app.post("/reports")
    async def report(body: Annotated[Report, Depends(json_body(Report))]) -> dict[str, Any]:
        return body.model_dump(mode="json")

    @app.get("/pages")
    async def page(limit: int) -> int:
        return limit

    @app.get("/teapot")
    async def teapot() -> None:
        raise Problem(418, "teapot", "bring leaves", headers={"X-Leaves": "green"})

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with browser(small_app()) as made:
        yield made


def report(**fields: object) -> bytes:
    return json.dumps({"task": "T1", "amount": "76.38"} | fields).encode()


def raw(field: str, text: str) -> bytes:
    """A report with one field as literal text."""
    return b'{"task": "T1", "amount": "1", "%s": %s}' % (field.encode(), text.encode())


def amount(text: str) -> bytes:
    return b'{"task": "T1", "amount": %s}' % text.encode()


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def expect(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, if the answer is that one."""
    assert answer.headers["content-type"] == PROBLEM_JSON
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:duban:problem:{code}"
    assert problem["detail"]
    return problem


BAD_BODIES: Final = {
    "1 empty": (b"", 422, "not_json"),
    "2 null": (b"null", 422, "invalid"),
    "3 a list": (b"[]", 422, "invalid"),
    "4 a text": (b'"report"', 422, "invalid"),
    "5 trailing garbage": (report() + b" x", 422, "not_json"),
    "5 a second document": (report() + report(), 422, "not_json"),
    "6 single quotes": (b"{'task': 'T1'}", 422, "not_json"),
    "7 a comment": (b"// a report\n" + report(), 422, "not_json"),
    "9 UTF-16 with a BOM": (report().decode().encode("utf-16"), 415, "wrong_encoding"),
    "9 UTF-16 LE": (report().decode().encode("utf-16-le"), 415, "wrong_encoding"),
    "9 UTF-16 BE": (report().decode().encode("utf-16-be"), 415, "wrong_encoding"),
    "9 UTF-32": (report().decode().encode("utf-32-be"), 415, "wrong_encoding"),
    "10 invalid UTF-8": (b'{"task": "\xff"}', 400, "not_utf8"),
    "10 an overlong NUL": (b'{"task": "\xc0\x80"}', 400, "not_utf8"),
    "14 NaN": (raw("count", "NaN"), 422, "number"),
    "15 Infinity": (raw("count", "-Infinity"), 422, "number"),
    "16 1e400": (raw("count", "1e400"), 422, "number"),
    "18 5,000 digits": (raw("count", "9" * 5000), 422, "number"),
    "19 300 digits": (raw("count", "9" * 300), 422, "number"),
    "20 2^63": (raw("count", str(2**63)), 422, "number"),
    "21 true for a whole number": (report(count=True), 422, "invalid"),
    "21 true for an amount": (report(amount=True), 422, "invalid"),
    "22 a number for an amount": (amount("76.38"), 422, "invalid"),
    "22 an exponent for an amount": (amount("1e2"), 422, "invalid"),
    "23 underscores": (report(amount="1_000"), 422, "invalid"),
    "23 separators": (report(amount="1,000"), 422, "invalid"),
    "23 a space": (report(amount=" 1"), 422, "invalid"),
    "23 an exponent": (report(amount="1e3"), 422, "invalid"),
    "24 Arabic digits": (report(amount="٧٦"), 422, "invalid"),
    "24 full-width digits": (report(amount="７６"), 422, "invalid"),
    "25 a key twice": (b'{"task": "T1", "task": "T2", "amount": "1"}', 422, "duplicate_key"),
    "25 a key twice, escaped": (b'{"task": "1", "t\\u0061sk": "2"}', 422, "duplicate_key"),
    "26 an unknown field": (report(is_admin=True), 422, "invalid"),
    "27 900 deep": (nested(900), 422, "too_deep"),
    "28 5,000 deep": (nested(5_000), 422, "too_deep"),
    "28 200,000 deep": (nested(200_000), 422, "too_deep"),
    "29 a key of 1 MB": (report(**{"x" * 1_000_000: 1}), 422, "invalid"),
    "30 100,000 keys": (
        json.dumps({f"{n:x}": 0 for n in range(100_000)}, separators=(",", ":")).encode(),
        422,
        "invalid",
    ),
    "31 half a character": (raw("note", '"\\ud800"'), 422, "half_character"),
    "31 half a character as a key": (b'{"\\udfff": 1}', 422, "half_character"),
    "32 NUL": (report(note="a\0b"), 422, "invalid"),
    "32 NUL in an id": (report(task="T\0"), 422, "invalid"),
    "32 NUL as it is": (raw("note", '"a\0b"'), 422, "not_json"),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_bad_body_is_refused_with_its_reason(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await client.post("/reports", content=body, headers=JSON)
    expect(answer, status, code)
    assert len(answer.content) < 64_000


BAD_HEADERS: Final = {
    "11 latin-1": ({"content-type": "application/json; charset=latin-1"}, "wrong_media_type"),
    "12 no type": ({}, "wrong_media_type"),
    "12 a form": ({"content-type": "application/x-www-form-urlencoded"}, "wrong_media_type"),
    "12 text": ({"content-type": "text/plain"}, "wrong_media_type"),
    "13 gzip": (JSON | {"content-encoding": "gzip"}, "wrong_encoding"),
    "13 br": (JSON | {"content-encoding": "br"}, "wrong_encoding"),
}


@pytest.mark.parametrize(("headers", "code"), BAD_HEADERS.values(), ids=BAD_HEADERS)
async def test_another_type_or_encoding_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], code: str
) -> None:
    body = gzip.compress(report()) if "content-encoding" in headers else report()
    expect(await client.post("/reports", content=body, headers=headers), 415, code)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON", 'application/json; charset="UTF-8"'],
)
async def test_json_in_utf_8_is_accepted(client: httpx.AsyncClient, kind: str) -> None:
    body = report(note="完成 👍")
    answer = await client.post("/reports", content=body, headers={"content-type": kind})
    assert answer.status_code == 200
    assert answer.json()["note"] == "完成 👍"


@pytest.mark.parametrize(
    ("body", "field", "stored"),
    [
        pytest.param(b"\xef\xbb\xbf" + report(), "amount", "76.38", id="8 a BOM"),
        pytest.param(report(amount="-0.0"), "amount", "0", id="17 minus zero"),
        pytest.param(raw("count", "-0"), "count", 0, id="17 minus zero as a number"),
        pytest.param(raw("note", '"\\ud83d\\udc4d"'), "note", "👍", id="31 a whole pair"),
    ],
)
async def test_what_is_odd_but_plain_is_accepted(
    client: httpx.AsyncClient, body: bytes, field: str, stored: object
) -> None:
    answer = await client.post("/reports", content=body, headers=JSON)
    assert answer.status_code == 200
    assert answer.json()[field] == stored


async def test_each_field_that_does_not_fit_is_named_with_its_mend(
    client: httpx.AsyncClient,
) -> None:
    body = report(amount="1,000", is_admin=True, at="2022-05-10T12:00:00")
    problem = expect(await client.post("/reports", content=body, headers=JSON), 422, "invalid")
    errors = {error["path"]: error for error in problem["errors"]}
    assert errors.keys() == {"amount", "is_admin", "at"}
    assert 'such as "76.38"' in errors["amount"]["message"]
    assert errors["is_admin"]["code"] == "unknown_key"
    assert "offset" in errors["at"]["message"]


async def test_an_answer_does_not_grow_with_the_number_of_errors(
    client: httpx.AsyncClient,
) -> None:
    body = report(**{f"field-{number}": 1 for number in range(1000)})
    problem = expect(await client.post("/reports", content=body, headers=JSON), 422, "invalid")
    assert len(problem["errors"]) == 100


async def test_a_body_of_300_mb_is_refused_after_its_first_megabyte(
    client: httpx.AsyncClient,
) -> None:
    taken = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(300):
            taken += 1
            yield b" " * (1 << 20)

    expect(await client.post("/reports", content=flood(), headers=JSON), 413, "too_large")
    assert taken <= 3


async def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(
    client: httpx.AsyncClient,
) -> None:
    taken = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal taken
        taken += 1
        yield b" "

    announced = JSON | {"content-length": "300000000"}
    expect(await client.post("/reports", content=flood(), headers=announced), 413, "too_large")
    assert taken == 0


async def test_a_body_may_be_as_large_as_the_limit_and_not_larger(
    client: httpx.AsyncClient,
) -> None:
    largest = report().ljust(SINGLE_BYTES)
    assert (await client.post("/reports", content=largest, headers=JSON)).status_code == 200
    larger = await client.post("/reports", content=largest + b" ", headers=JSON)
    expect(larger, 413, "too_large")


async def test_a_body_that_comes_too_slowly_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_BODY_SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    expect(await client.post("/reports", content=trickle(), headers=JSON), 408, "too_slow")


async def test_a_body_that_breaks_off_is_told_and_is_no_fault_of_ours() -> None:
    heard = iter([{"type": "http.request", "body": b"{", "more_body": True}])
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(heard, {"type": "http.disconnect"})

    async def send(message: Any) -> None:  # noqa: ANN401  # ASGI's own
        answers.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
    scope = {
        "type": "http", "method": "POST", "path": "/reports", "raw_path": b"/reports",
        "query_string": b"", "headers": headers, "server": ("duban.test", 80), "scheme": "http",
    }  # fmt: skip
    await small_app()(scope, receive, send)
    assert answers[0]["status"] == 400


async def test_an_unknown_path_and_a_wrong_method_are_problems(client: httpx.AsyncClient) -> None:
    expect(await client.get("/nowhere"), 404, "not_found")
    wrong = await client.delete("/reports", headers={"X-HTTP-Method-Override": "POST"})
    expect(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize("limit", ["", "x", "1.5", "９９", "1" * 5000])
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, limit: str) -> None:
    problem = expect(await client.get("/pages", params={"limit": limit}), 422, "invalid")
    assert [error["path"] for error in problem["errors"]] == ["query.limit"]


async def test_a_problem_brings_its_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/teapot")
    expect(answer, 418, "teapot")
    assert answer.headers["x-leaves"] == "green"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    body=st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(sorted(Report.model_fields)), json_values).map(
        lambda value: json.dumps(value).encode()
    )
)
async def test_no_body_whatever_brings_a_fault(body: bytes) -> None:
    async with browser(small_app()) as client:
        answer = await client.post("/reports", content=body, headers=JSON)
    assert answer.status_code in {200, 400, 415, 422}

"""No text that PostgreSQL refuses reaches it: intake answers that with a problem, never a fault."""

from typing import Any

import pytest
import yaml
from databases import POSTGRES
from hostile import IN_TEXTS, addresses, spoilt
from intake_cast import LAKE_TOWN, PLAN, Town, trees

pytestmark = pytest.mark.parametrize("databases", [POSTGRES], indirect=True)

RULEBOOK = {"rulebook": {"id": "house", "version": 1, "effective_from": "2022-B2"}}
REPORT = trees(
    note="slowly",
    evidence=[{"title": "Photographs", "url": "https://lake.example/photos/4"}],
    correction={"reason": "the books were wrong"},
)


async def test_no_address_is_answered_with_a_fault(town: Town) -> None:
    for method, address in addresses(town.app):
        answer = await town.web.request(method, address, headers=town.bearer("operator"))
        assert answer.status_code < 500, (method, address[:200])
        answer = await town.web.request(method, address, headers=town.bearer("office"))
        assert answer.status_code < 500, (method, address[:200])


@pytest.mark.parametrize(
    ("method", "path", "holder", "body"),
    [
        ("PUT", f"/v1/plans/{PLAN}", "office", yaml.safe_load(LAKE_TOWN)),
        ("PUT", "/v1/rulebooks/house", "office", RULEBOOK),
        ("POST", "/v1/submissions", "water", REPORT),
        ("POST", "/v1/submissions/batch", "water", [REPORT | {"ref": "1"}]),
        ("POST", "/v1/submissions/{report}/verify", "office", {"marks": "1", "reason": "late"}),
        ("POST", "/v1/submissions/{report}/return", "office", {"reason": "the total is wrong"}),
        ("POST", "/v1/dead-letters/a/settle", "operator", {"reason": "it was a test"}),
        (
            "POST",
            "/v1/tokens",
            "operator",
            {
                "holder": "lake school",
                "unit": "east",
                "roles": ["submit"],
                "expires_at": "2032-01-01T00:00:00+08:00",
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" in value else "",
)
async def test_no_text_in_a_body_is_answered_with_a_fault(
    town: Town,
    method: str,
    path: str,
    holder: str,
    body: Any,  # noqa: ANN401  # JSON
) -> None:
    receipt = await town.accepted(trees())
    headers = town.bearer(holder) | {"content-type": "application/json"}
    for content in spoilt(_plain(body)):
        address = path.format(report=receipt["id"])
        answer = await town.web.request(method, address, content=content, headers=headers)
        assert answer.status_code < 500, content[:300]


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Correlation-Id", "Traceparent", "Cookie"])
async def test_no_header_is_answered_with_a_fault(town: Town, name: str) -> None:
    for number, text in enumerate(IN_TEXTS):
        hostile = text.encode(errors="surrogatepass")
        headers = [(name.encode(), hostile), *_encoded(town.bearer("water"))]
        answer = await town.web.post("/v1/submissions", json=trees(str(number)), headers=headers)
        assert answer.status_code < 500, hostile[:100]


async def test_no_field_of_the_sign_in_form_is_answered_with_a_fault(town: Town) -> None:
    from shared.kit.auth import _checksum  # noqa: PLC0415  # a forger computes it too

    for hostile in ("%00", "a%00b", "%ED%A0%80", "%FF"):
        text = hostile.replace("%00", "\0")
        forged = f"duban_{text}_secret{_checksum(text + 'secret')}".replace("\0", "%00")
        for form in (f"token={hostile}", f"token={forged}", f"token=a&next={hostile}"):
            answer = await town.web.post(
                "/signin",
                content=form.encode(),
                headers={"content-type": "application/x-www-form-urlencoded"},
            )
            assert answer.status_code < 500, form


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _plain(document: Any) -> Any:  # noqa: ANN401  # JSON
    """As JSON has it: days are texts."""
    if isinstance(document, dict):
        return {name: _plain(one) for name, one in document.items()}
    if isinstance(document, list):
        return [_plain(one) for one in document]
    return document if isinstance(document, str | bool | None) else str(document)

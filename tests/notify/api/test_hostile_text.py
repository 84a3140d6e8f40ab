"""No text that PostgreSQL refuses reaches it: notify answers that with a problem, never a fault."""

from typing import Any

import pytest
from databases import POSTGRES
from hostile import addresses, spoilt
from notify_house import PLAN, REPORTER, House, overdue

pytestmark = pytest.mark.parametrize("databases", [POSTGRES], indirect=True)

ENDPOINT = {"id": "hook", "url": "http://192.168.0.1/hook"}
ROUTES = {"notify": {"endpoints": [ENDPOINT], "default": {"to": [{"endpoint": "hook"}]}}}


async def test_no_address_is_answered_with_a_fault(house: House) -> None:
    await house.hear(overdue())
    office = await house.visitor("office", "operator")
    for method, address in addresses(house.app):
        answer = await office.request(method, address)
        assert answer.status_code < 500, (method, address[:200])


async def test_no_page_is_answered_with_a_fault(house: House) -> None:
    reader = await house.visitor("office")
    assert (await reader.get("/alerts/%00")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"/v1/contacts/{PLAN}", [{**REPORTER, "name": "Ms Lin"}]),
        ("PUT", "/v1/routes", ROUTES),
        ("POST", "/v1/endpoints", ENDPOINT),
        ("POST", "/v1/dead-letters/a/settle", {"reason": "it was a test"}),
    ],
)
async def test_no_text_in_a_body_is_answered_with_a_fault(
    house: House,
    method: str,
    path: str,
    body: Any,  # noqa: ANN401  # JSON
) -> None:
    office = await house.visitor("office", "operator")
    headers = {"content-type": "application/json"}
    for content in spoilt(body):
        answer = await office.request(method, path, content=content, headers=headers)
        assert answer.status_code < 500, content[:300]

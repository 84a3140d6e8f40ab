"""No text that PostgreSQL refuses reaches it: scoring answers that with a problem, no fault."""

import pytest
from databases import POSTGRES
from hostile import addresses, spoilt
from scoring_house import AFTER_B2, PLAN, Site

pytestmark = pytest.mark.parametrize("databases", [POSTGRES], indirect=True)


async def test_no_address_is_answered_with_a_fault(site: Site) -> None:
    await site.house.hear_plan(activate_from="2022-B2")
    site.house.at(AFTER_B2)
    office = site.visitor(await site.house.token("office", "operator"))
    await site.drafted("2022-B2", office)
    for method, address in addresses(site.app):
        answer = await office.request(method, address)
        assert answer.status_code < 500, (method, address[:200])


@pytest.mark.parametrize(
    "page", ["/board?plan=%00", "/board?unit=%00", "/bulletin/%00/a", "/bulletin/a/%00/units/a"]
)
async def test_no_page_is_answered_with_a_fault(site: Site, page: str) -> None:
    reader = site.visitor(await site.house.token("office"))
    assert (await reader.get(page)).status_code == 422


async def test_a_version_beyond_every_number_is_no_publication(site: Site) -> None:
    await site.house.hear_plan(activate_from="2022-B2")
    office = site.visitor(await site.house.token("office"))
    answer = await office.get(f"/v1/publications/{PLAN}/2022-B2", params={"version": str(2**31)})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/publications/{PLAN}/2022-B2/draft", {"force": "the council meets"}),
        ("/v1/dead-letters/a/settle", {"reason": "it was a test"}),
    ],
)
async def test_no_text_in_a_body_is_answered_with_a_fault(
    site: Site, path: str, body: dict[str, str]
) -> None:
    await site.house.hear_plan(activate_from="2022-B2")
    office = site.visitor(
        await site.house.token("office", "operator") | {"content-type": "application/json"}
    )
    for content in spoilt(body):
        answer = await office.post(path, content=content)
        assert answer.status_code < 500, content[:300]

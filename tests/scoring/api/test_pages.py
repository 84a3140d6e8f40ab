"""The pages of scoring: what a person reads, in both languages, and nothing from another host."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from databases import Databases
from page_cast import HOSTILE, Outline, read
from scoring_cast import NOT_SCORED, WEIGHTLESS, a_task
from scoring_house import AFTER_B1, PLAN, Site, adopted, open_site

BULLETIN = f"/bulletin/{PLAN}/2022-B1"
PAGES = (
    "/",
    "/board",
    BULLETIN,
    f"{BULLETIN}?version=1",
    f"{BULLETIN}/units/U1",
    f"{BULLETIN}/units/U2",
    f"/tasks/{PLAN}/T1",
)
SECOND = [{"unit": "U2", "role": "lead"}]


async def a_published_period(site: Site) -> None:
    """U1 is behind with T1, whose title is hostile; U2 was silent, and has a hidden task."""
    await site.house.hear_plan(
        a_task("T1", title=HOSTILE),
        a_task("T2", title={"zh": "绿化", "en": "Greening"}, assignments=SECOND),
        a_task("T3", title="a secret", assignments=SECOND, publish=False),
        a_task("T4", title="later", start="2022-03-01"),
    )
    site.house.at("2022-03-01T01:00")  # on the last of February in UTC
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": "15"})
    site.house.at(AFTER_B1)
    await site.publish("2022-B1")


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    await a_published_period(site)
    return site.visitor(await site.house.token("office"))


@pytest.fixture
async def open_to_all(tmp_path: Path, databases: Databases) -> AsyncIterator[Site]:
    """A site whose bulletin is for everybody."""
    async with open_site(tmp_path / "open", databases=databases, public=True) as made:
        yield made


async def test_the_first_page_lists_the_bulletins(office: httpx.AsyncClient) -> None:
    assert "Town town 2022-B1 v1 published 2022-03-15" in await read(office, "/")
    assert "历次通报" in await read(office, "/", "zh")


async def test_the_board_shows_the_most_behind_first(office: httpx.AsyncClient) -> None:
    text = await read(office, "/board")
    # 15 ÷ 100 against 2 months and a day of 12, told on the town's own date.
    assert "15.00% 16.94% 1.94 2022-03-01" in text
    assert text.index("T1 U1 2022-B2") < text.index("T2 U2 2022-B1")
    assert "nothing reported yet" in text
    assert "尚未报送" in await read(office, "/board", "zh")


async def test_the_board_offers_its_plans_and_units_by_name_and_filters(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, "/board?unit=U2")
    assert "Greening" in text
    assert HOSTILE not in text
    assert await read(office, "/board?light=grey&plan=town&unit=")
    assert "Greening" not in await read(office, "/board?light=red")


async def test_a_units_board_is_its_own(site: Site, office: httpx.AsyncClient) -> None:
    assert "Greening" in await read(office, "/board")
    unit = site.visitor(await site.house.token("submit", unit="U1"))
    assert "Greening" not in await read(unit, "/board?unit=U2")


async def test_the_bulletin_ranks_names_who_is_behind_and_who_is_left_out(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, BULLETIN)
    assert "Drafted by Ms Lin · Approved by Mr Chen · Released by Ms Lin" in text
    assert "33.33% Reporting rate" in text
    assert "Ranking · departments" in text
    assert "1 U1 92.00 good 10 0" in text
    assert "2 U2 0.00 poor 20 0" in text
    assert "— U3 — — 0 0 no counted task" in text
    assert "not started · 1 later T4 U1" in text
    chinese = await read(office, BULLETIN, "zh")
    assert "绿化" in chinese
    assert "1 U1 92.00 良好" in chinese
    digest = (await office.get(f"/v1/publications/{PLAN}/2022-B1")).json()["digest"]
    assert digest in text
    assert digest in chinese


async def test_a_units_page_lets_it_recompute_its_score(office: httpx.AsyncClient) -> None:
    text = await read(office, f"{BULLETIN}/units/U1")
    assert "92.00 Score 1 Rank · of 2 ranked good Grade" in text
    assert "10 × 1 = 10 920" in text
    assert "weighed scores ÷ counted weight = 920 ÷ 10 = 92.00" in text
    assert "S = 0.8 × 90 + 0.1 × 100 + 0.1 × 100 = 92.00" in text
    chinese = await read(office, f"{BULLETIN}/units/U1", "zh")
    assert "加权得分合计 ÷ 计分权重合计 = 920 ÷ 10 = 92.00" in chinese


async def test_every_unit_of_the_bulletin_has_a_page(office: httpx.AsyncClient) -> None:
    page = await office.get(BULLETIN)
    links = {link for link in Outline(page).addresses if "/units/" in link}
    assert links == {f"{BULLETIN}/units/{unit}" for unit in ("U1", "U2", "U3")}
    assert [(await office.get(link)).status_code for link in sorted(links)] == [200] * 3
    assert (await office.get(f"{BULLETIN}/units/U9")).status_code == 404


async def test_a_hidden_task_is_on_no_page_but_the_offices(
    site: Site, office: httpx.AsyncClient
) -> None:
    observer = site.visitor(await site.house.token("observer"))
    for path in ("/board", BULLETIN, f"{BULLETIN}/units/U2"):
        assert "a secret" in await read(office, path)
        assert "a secret" not in await read(observer, path)
    assert "1 more task(s) that are not for publication count" in await read(
        observer, f"{BULLETIN}/units/U2"
    )


async def test_drafts_are_read_by_the_office_only_and_marked(site: Site) -> None:
    await site.house.hear_plan()
    site.house.at(AFTER_B1)
    office = site.visitor(await site.house.token("office"))
    observer = site.visitor(await site.house.token("observer"))
    await site.drafted("2022-B1", office)
    assert "v1 · not published" in await read(office, BULLETIN)
    assert "v1 · not published" in await read(office, f"{BULLETIN}/units/U1")
    assert (await observer.get(BULLETIN)).status_code == 404
    assert "No bulletin yet." in await read(observer, "/")


async def test_a_draft_that_failed_says_why_on_the_first_page(site: Site) -> None:
    await site.house.hear_plan(WEIGHTLESS)
    site.house.at(AFTER_B1)
    office = site.visitor(await site.house.token("office"))
    await site.drafted("2022-B1", office)
    assert f"failed: {NOT_SCORED}" in await read(office, "/")
    assert (await office.get(BULLETIN)).headers["location"] == "/"


async def test_the_bulletin_of_an_office_of_one_says_so(site: Site) -> None:
    await site.house.hear_plan()
    await site.house.hear(adopted(separation="off"))
    site.house.at(AFTER_B1)
    office = site.visitor(await site.house.token("office"))
    await site.drafted("2022-B1", office)
    path = f"/v1/publications/{PLAN}/2022-B1"
    assert "duties are not separated" not in await read(office, BULLETIN)
    assert (await office.post(f"{path}/approve")).status_code == 200
    assert "duties are not separated" in await read(office, BULLETIN)
    assert "起草、审核与公布未分离" in await read(office, BULLETIN, "zh")


async def test_a_forced_bulletin_gives_its_reason_as_plain_text(site: Site) -> None:
    await site.house.hear_plan()
    office = site.visitor(await site.house.token("office", holder=HOSTILE))
    await site.drafted("2022-B1", office, force=HOSTILE)
    page = await office.get(BULLETIN, headers={"accept-language": "en"})
    assert "script" not in Outline(page).tags
    assert f"before the window closed, because: {HOSTILE}" in Outline(page).text
    assert f"Drafted by {HOSTILE}" in Outline(page).text


@pytest.mark.parametrize("path", PAGES)
async def test_a_hostile_title_is_text_and_no_tag(office: httpx.AsyncClient, path: str) -> None:
    page = await office.get(path)
    assert HOSTILE not in page.text
    assert "script" not in Outline(page).tags


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_names_another_host(office: httpx.AsyncClient, path: str) -> None:
    page = await office.get(path)
    addresses = Outline(page).addresses
    assert "/static/duban.css" in addresses
    base = "http://duban.test/"
    outside = [one for one in addresses if not urljoin(base, one).startswith((base, "data:"))]
    assert outside == []
    assert "default-src 'none'" in page.headers["content-security-policy"]
    sheet = await office.get("/static/duban.css")
    assert sheet.status_code == 200
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text


@pytest.mark.parametrize("path", [*PAGES, "/board?light=red&unit=U1"])
async def test_a_stranger_is_led_to_sign_in_and_back(site: Site, path: str) -> None:
    away = await site.visitor().get(path)
    assert away.status_code == 303
    place = urlsplit(away.headers["location"])
    assert (place.netloc, place.path) == ("", "/signin")
    assert httpx.QueryParams(place.query)["next"] == path


async def test_signing_in_leads_back_to_the_page(site: Site) -> None:
    await a_published_period(site)
    header = (await site.house.token("observer"))["authorization"]
    token = header.removeprefix("Bearer ")
    reader = site.visitor()
    back = await reader.post("/signin", data={"token": token, "next": BULLETIN})
    assert back.headers["location"] == BULLETIN
    assert "Ranking" in await read(reader, BULLETIN)


async def test_a_public_bulletin_needs_no_token_and_the_board_still_does(
    open_to_all: Site,
) -> None:
    await a_published_period(open_to_all)
    stranger = open_to_all.visitor()
    for path in ("/", BULLETIN, f"{BULLETIN}/units/U2"):
        text = await read(stranger, path)
        assert "a secret" not in text
    assert (await stranger.get("/board")).status_code == 303
    api = await stranger.get(f"/v1/publications/{PLAN}/2022-B1")
    assert api.status_code == 401


async def test_a_public_bulletin_shows_no_draft(open_to_all: Site) -> None:
    await open_to_all.house.hear_plan()
    open_to_all.house.at(AFTER_B1)
    office = open_to_all.visitor(await open_to_all.house.token("office"))
    await open_to_all.drafted("2022-B1", office)
    stranger = open_to_all.visitor()
    assert (await stranger.get(BULLETIN)).status_code == 404
    assert "No bulletin yet." in await read(stranger, "/")

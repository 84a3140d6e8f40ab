"""The pages over time: a second period beside the first, a corrected version beside the old one."""

import json
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import httpx
import pytest
from page_cast import HOSTILE, Outline, read
from scoring_cast import a_task
from scoring_house import AFTER_B1, AFTER_B2, PLAN, Site

from scoring.api import bulletin_page
from scoring.store.tables import PublicationRow

BULLETIN = f"/bulletin/{PLAN}/2022-B2"
SECOND = [{"unit": "U2", "role": "lead"}]
PAGES = (
    BULLETIN,
    f"{BULLETIN}?version=1",
    f"{BULLETIN}/units/U1",
    f"{BULLETIN}/units/U2?version=1",
    f"/tasks/{PLAN}/T1",
    f"/tasks/{PLAN}/T2",
    f"/tasks/{PLAN}/T3",
)


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    """U1 catches up in B2, U2 stays silent twice; the second version of B2 corrects U1's score."""
    await site.house.hear_plan(
        a_task("T1", title=HOSTILE),
        a_task("T2", assignments=SECOND, title={"zh": "绿化", "en": "Greening"}),
        a_task("T3", assignments=SECOND, title="a secret", publish=False),
    )
    site.house.at("2022-03-01T09:00")
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": "12"})
    site.house.at(AFTER_B1)
    await site.publish("2022-B1")
    site.house.at("2022-05-05T09:00")
    await site.house.hear_report("T1", "2022-B2", values={"T1.I": "30"})
    site.house.at(AFTER_B2)
    await site.publish("2022-B2")
    await corrected(site, score="77.70", reason=HOSTILE)
    return site.visitor(await site.house.token("office"))


async def corrected(site: Site, *, score: str, reason: str) -> None:
    """A second version of B2 as a correction stores it: another score, and its reason."""
    first = await site.house.found("2022-B2")
    assert first.result is not None
    assert first.manifest is not None
    result = json.loads(first.result)
    next(one for one in result["tasks"] if one["task"] == "T1")["score"] = score
    manifest = json.loads(first.manifest) | {"version": 2, "corrects": {"reason": reason}}
    second = PublicationRow(**first.model_dump())
    second.version, second.release_number = 2, 3
    second.result, second.manifest = json.dumps(result), json.dumps(manifest)
    async with site.house.db.write(PLAN) as session:
        session.add(second)


async def test_the_newest_version_says_what_was_corrected_and_why(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, BULLETIN)
    assert f"This is version 2, corrected because: {HOSTILE}" in text
    assert f"{HOSTILE} T1 Score 92.00 77.70" in text
    assert "这是第 2 版，更正原因：" in await read(office, BULLETIN, "zh")


async def test_an_old_version_stays_to_be_read_and_names_the_new_one(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, f"{BULLETIN}?version=1")
    assert "This is an old version; the newest is version 2." in text
    assert "corrected because" not in text
    old = await office.get(f"{BULLETIN}?version=1")
    assert f"{BULLETIN}/units/U1?version=1" in Outline(old).addresses
    assert "92.00" in await read(office, f"{BULLETIN}/units/U1?version=1")
    assert (await office.get(f"{BULLETIN}?version=3")).status_code == 404


async def test_the_bulletin_tells_the_change_to_the_period_before(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, f"{BULLETIN}?version=1")
    assert "against 2022-B1" in text
    assert f"Lights that got better · 1 red → yellow {HOSTILE} T1 U1" in text
    assert "U2: Greening T2 · since 2022-B1, 2 period(s)" in text


async def test_a_units_page_tells_what_to_do_next_and_how_it_went_before(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, f"{BULLETIN}/units/U1?version=1")
    assert f"yellow {HOSTILE} T1 : 3.33 points behind" in text
    assert "Reports for 2022-B3 are due by 2022-07-07." in text
    assert "Rank 1/2" in text
    assert "No report came." in await read(office, f"{BULLETIN}/units/U2")


async def test_a_tasks_page_tells_expected_against_actual_and_every_number(
    office: httpx.AsyncClient,
) -> None:
    text = await read(office, f"/tasks/{PLAN}/T1")
    assert "2022-B2 2022-04-30: 30%" in text
    assert "E 2022-08-31: 66.67%" in text
    assert "12.00% 16.67% 0.7200" in text
    assert "2022-05-05 09:00 on time" in text
    assert "R = a ÷ E = 0.3 ÷ (1/3) = 0.9000" in text
    assert "U1 lead" in text
    assert "序时进度与完成度" in await read(office, f"/tasks/{PLAN}/T1", "zh")


async def test_a_task_without_a_publication_has_a_page(site: Site) -> None:
    await site.house.hear_plan(a_task("T1"))
    office = site.visitor(await site.house.token("office"))
    assert "Nothing has been published of it yet." in await read(office, f"/tasks/{PLAN}/T1")


async def test_a_hidden_task_has_a_page_for_the_office_and_its_unit_alone(
    site: Site, office: httpx.AsyncClient
) -> None:
    path = f"/tasks/{PLAN}/T3"
    its_own = site.visitor(await site.house.token("submit", unit="U2"))
    another = site.visitor(await site.house.token("submit", unit="U1"))
    observer = site.visitor(await site.house.token("observer"))
    for reader, status in ((office, 200), (its_own, 200), (another, 404), (observer, 404)):
        assert (await reader.get(path)).status_code == status
    assert "a secret" not in (await observer.get(path)).text
    assert (await office.get(f"/tasks/{PLAN}/T9")).status_code == 404
    assert (await office.get("/tasks/nowhere/T1")).status_code == 404


@pytest.mark.usefixtures("office")
async def test_a_hidden_task_is_nowhere_on_an_observers_pages(site: Site) -> None:
    observer = site.visitor(await site.house.token("observer"))
    for path in (BULLETIN, f"{BULLETIN}?version=1", f"{BULLETIN}/units/U2", "/board"):
        page = (await observer.get(path)).text
        assert "a secret" not in page
        assert "T3" not in page


async def test_every_light_of_the_matrix_leads_to_a_page(office: httpx.AsyncClient) -> None:
    links = {one for one in Outline(await office.get(BULLETIN)).addresses if "/tasks/" in one}
    assert links == {f"/tasks/{PLAN}/{task}" for task in ("T1", "T2", "T3")}
    assert [(await office.get(link)).status_code for link in sorted(links)] == [200] * 3


async def test_the_bulletin_shows_the_events_of_its_period(
    office: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"unit": "U1", "matter": HOSTILE, "on": "2022-04-01", "cap": None, "waived_by": None}
    award = {**event, "type": "award", "points": Fraction(1, 2), "counts": False}
    penalty = {**event, "type": "penalty", "points": Fraction(3), "counts": True}
    veto = {**event, "type": "veto", "points": None, "counts": True, "cap": "fair"}
    events = tuple(SimpleNamespace(**one) for one in (award, penalty, veto))
    made = bulletin_page.bulletin
    monkeypatch.setattr(
        bulletin_page, "bulletin", lambda *of, **named: replace(made(*of, **named), events=events)
    )
    text = await read(office, BULLETIN)
    assert f"U1 award {HOSTILE} does not count +0.5 2022-04-01" in text
    assert f"U1 penalty {HOSTILE} −3 2022-04-01" in text
    assert f"U1 veto {HOSTILE} ≤ fair 2022-04-01" in text


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_a_corrected_period_is_safe_and_asks_no_other_host(
    office: httpx.AsyncClient, path: str
) -> None:
    page = await office.get(path)
    assert page.status_code == 200
    outline = Outline(page)
    assert "script" not in outline.tags
    assert HOSTILE not in page.text
    outside = [one for one in outline.addresses if not one.startswith(("/", "?", "#", "data:,"))]
    assert outside == []
    assert "url(" not in page.text
    assert ' style="' not in page.text  # the policy would not let it through

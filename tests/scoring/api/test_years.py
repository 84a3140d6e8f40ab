"""A year over HTTP: its answer, its explanation and its page, to whom they belong."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from databases import Databases
from kit_cast import until
from page_cast import read
from recompute import sums_in, wrong_sums
from scoring_cast import a_task
from scoring_house import PLAN, Site, open_site

from shared.contracts.decisions import Decision, Merger
from shared.contracts.intake import DecisionMade

YEAR = f"/v1/years/{PLAN}/2022"
PAGE = f"/bulletin/{PLAN}/years/2022"
SECOND = [{"unit": "U2", "role": "lead"}]
AFTER_B6 = "2023-01-18T09:00"


@pytest.fixture
async def open_to_all(tmp_path: Path, databases: Databases) -> AsyncIterator[Site]:
    """A site whose bulletins are for everybody."""
    async with open_site(tmp_path / "open", databases=databases, public=True) as made:
        yield made


async def a_published_year(site: Site, *decided: Decision) -> httpx.AsyncClient:
    """U1 has reached T1, U2 nine tenths of T2 and of the hidden T3; the office's client."""
    await site.house.hear_plan(
        a_task("T1", title={"zh": "学校", "en": "Schools"}),
        a_task("T2", assignments=SECOND),
        a_task("T3", title="a secret", assignments=SECOND, publish=False),
        activate_from="2022-B6",
    )
    site.house.at("2023-01-04T10:00")
    await site.house.hear_report("T1", "2022-B6", values={"T1.I": "100"})
    for task in ("T2", "T3"):
        await site.house.hear_report(task, "2022-B6", unit="U2", values={f"{task}.I": "90"})
    for number, one in enumerate(decided):
        made = site.house.clock.business_now()
        event = DecisionMade(
            plan=PLAN, decision=f"d-{number}", made_at=made, decided=one, by="Ms Lin"
        )
        await site.house.hear(event)
    site.house.at(AFTER_B6)
    await site.publish("2022-B6")
    lin = site.visitor(await site.house.token("office", holder="Ms Lin"))
    chen = site.visitor(await site.house.token("office", holder="Mr Chen"))
    assert (await lin.post(YEAR, json={"step": "draft"})).status_code == 202  # accepted

    async def computed() -> bool:
        return bool((await lin.get(YEAR)).json()["state"] != "waiting")

    await until(computed)
    assert (await chen.post(YEAR, json={"step": "approve"})).status_code == 202  # accepted
    assert (await lin.post(YEAR, json={"step": "release"})).status_code == 202  # accepted
    return lin


def explanation(unit: str, language: str = "en") -> str:
    return f"{YEAR}/units/{unit}/explanation?lang={language}"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_a_units_year_is_told_in_sums_that_follow(site: Site, language: str) -> None:
    office = await a_published_year(site)
    told = (await office.get(explanation("U2", language))).json()
    assert [wrong for line in told["text"] for wrong in wrong_sums(line)] == []
    # A, two attainments, B, the year.
    assert sum(sums_in(line) for line in told["text"]) >= 5  # as listed
    # T = Q = 100, P = 90: 92 in the period, 90 of the targets.
    assert (told["result"]["score"], told["result"]["rank"]) == ("91.20", 2)
    missing = await office.get(explanation("U9"))
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_unit")


async def test_a_hidden_task_is_in_a_years_answer_for_the_office_and_its_unit_only(
    site: Site,
) -> None:
    office = await a_published_year(site)
    own = site.visitor(await site.house.token("submit", unit="U2"))
    other = site.visitor(await site.house.token("submit", unit="U1"))

    def terms(body: dict[str, Any]) -> list[str]:
        return [one["task"] for one in body["result"]["target_terms"]]

    for reader, seen in ((office, ["T2", "T3"]), (own, ["T2", "T3"]), (other, ["T2"])):
        body = (await reader.get(explanation("U2"))).json()
        assert (terms(body), bool(body["text"])) == (seen, "T3" in seen)
    assert "T3" in (await office.get(YEAR)).text
    assert "T3" not in (await other.get(YEAR)).text


async def test_a_unit_that_merged_is_told_where_its_year_counts(site: Site) -> None:
    office = await a_published_year(site, Merger(units=("U2",), into="U1", effective="2023-B1"))
    assert "became part of" not in await read(office, PAGE)
    assert (await office.get(explanation("U2"))).json()["result"]["score"] == "91.20"


async def test_a_unit_that_merged_in_the_year_counts_in_its_successor(site: Site) -> None:
    office = await a_published_year(site, Merger(units=("U2",), into="U1", effective="2022-B6"))
    assert "became part of U1, and counts there" in await read(office, PAGE)
    told = (await office.get(explanation("U2"))).json()
    assert told["text"][1:] == ["Merged into U1: its periods, targets and events count there"]
    assert told["result"]["score"] is None


async def test_the_page_of_a_year_ranks_the_units_and_opens_each_number(
    open_to_all: Site,
) -> None:
    office = await a_published_year(open_to_all)
    text = await read(office, PAGE)
    assert "The year 2022" in text
    assert "1 U1 100.00" in text
    assert "2 U2 91.20" in text
    assert "T1 Schools" in text
    public = open_to_all.visitor()
    page = await read(public, PAGE)
    assert "2 U2 91.20" in page
    assert "T1 Schools" in page
    assert "secret" not in page
    assert "年度得分" in await read(public, PAGE, "zh")
    assert PAGE in (await public.get("/")).text
    assert PAGE in (await public.get(f"/bulletin/{PLAN}/2022-B6")).text


async def test_a_year_that_is_not_published_has_no_page(open_to_all: Site) -> None:
    await open_to_all.house.hear_plan(activate_from="2022-B6")
    answer = await open_to_all.visitor().get(PAGE)
    assert (answer.status_code, answer.json()["code"]) == (404, "period_unpublished")

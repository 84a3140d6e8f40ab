"""An evaluation over HTTP: its publication, its explanation, its pages."""

import httpx
from page_cast import read
from recompute import wrong_sums
from scoring_cast import a_task, an_indicator
from scoring_house import PLAN, Site

LOOK = f"/v1/publications/{PLAN}/look"
PAGE = f"/bulletin/{PLAN}/look"
FIGURE = {
    "id": "G1",
    "title": {"zh": "全市投资", "en": "Investment"},
    "kind": "level",
    "baseline": "0",
    "target": "100",
    "reporter": "U1",
}


async def a_published_look(site: Site) -> httpx.AsyncClient:
    """Of the first period alone: T1 has 15 of 100, the plan's own figure 30."""
    await site.house.hear_plan(
        a_task("T1", indicators=[an_indicator("T1.I")], due="2025-12-31", start="2021-01-01"),
        head={"evaluations": [{"id": "look", "as_of": "2022-02-28"}], "indicators": [FIGURE]},
    )
    site.house.at("2022-03-01T10:00")
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": "15"})
    await site.house.hear_report(PLAN, "2022-B1", values={"G1": "30"})
    site.house.at("2022-03-15T10:00")
    await site.publish("2022-B1")
    await site.publish("look")
    return site.visitor(await site.house.token("office"))


async def test_an_evaluation_is_published_and_told_like_a_period(site: Site) -> None:
    office = await a_published_look(site)
    body = (await office.get(LOOK)).json()
    assert (body["kind"], body["manifest"]["as_of"]) == ("evaluation", "2022-02-28")
    # E = 14/60; 0.15 / E = 0.6429.
    [line] = body["tasks"]
    assert (line["r"], line["score"], line["t"]) == ("0.6429", "64.29", None)
    told = (await office.get(f"{LOOK}/units/U1/explanation?lang=en")).json()
    text = [sentence for item in told["items"] for sentence in item["text"]]
    assert [wrong for sentence in text for wrong in wrong_sums(sentence)] == []
    assert "S = P: nothing was owed on this day" in text
    assert (await office.get(f"{LOOK}/documents")).status_code == 200  # fine


async def test_an_evaluation_has_its_pages(site: Site) -> None:
    office = await a_published_look(site)
    page = await read(office, PAGE)
    assert "64.29" in page
    assert "Investment" in page
    assert "64.29" in await read(office, f"{PAGE}/units/U1")
    assert "look" in await read(office, "/")
    assert (await office.get(f"/tasks/{PLAN}/T1")).status_code == 200  # fine

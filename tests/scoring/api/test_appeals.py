"""Appeals over HTTP: who may file, who may decide, what is shown meanwhile (assessment 4.13)."""

import httpx
import pytest
from kit_cast import until
from page_cast import read
from scoring_cast import a_task
from scoring_house import PLAN, Site, accepted

from shared.contracts.scoring import AppealDecided, AppealFiled

B1 = f"/v1/publications/{PLAN}/2022-B1"
PAGE = f"/bulletin/{PLAN}/2022-B1"
WRONG = {
    "plan": PLAN,
    "period": "2022-B1",
    "unit": "U1",
    "item": "T1",
    "grounds": "a digit was lost",
}
SECOND = [{"unit": "U2", "role": "lead"}]


async def published(site: Site, value: str = "10") -> httpx.AsyncClient:
    """U1 has reached a tenth of T1, U2 has a task that is not for everybody; U1's client."""
    await site.house.hear_plan(
        a_task("T1"), a_task("T2", title="a secret", assignments=SECOND, publish=False)
    )
    site.house.at("2022-03-01T10:00")
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": value})
    site.house.at("2022-03-15T10:00")
    await site.publish("2022-B1")
    return site.visitor(await site.house.token("submit", unit="U1", holder="Bureau 1"))


async def office(site: Site, holder: str) -> httpx.AsyncClient:
    return site.visitor(await site.house.token("office", holder=holder))


async def filed(who: httpx.AsyncClient, **other: str) -> str:
    answer = await who.post("/v1/appeals", json={**WRONG, **other})
    assert answer.status_code == 201, answer.text  # created
    name: str = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/appeals/{name}"
    return name


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_appeal_names_the_day_by_which_it_is_decided(site: Site) -> None:
    unit = await published(site)
    name = await filed(unit)
    told = (await unit.get(f"/v1/appeals/{name}")).json()
    # Filed on Tuesday 15 March; ten working days later is Tuesday the 29th.
    assert (told["state"], told["version"], told["decide_by"]) == ("open", 1, "2022-03-29")
    assert told["filed_by"] == "Bureau 1"
    [event] = await site.house.said(AppealFiled)
    assert (event.appeal, event.item, event.by) == (name, "T1", "Bureau 1")


async def test_a_unit_contests_for_itself_only(site: Site) -> None:
    await published(site)
    other = site.visitor(await site.house.token("submit", unit="U2", holder="Bureau 2"))
    assert refusal(await other.post("/v1/appeals", json=WRONG)) == (403, "other_unit")
    observer = site.visitor(await site.house.token("observer", holder="auditor"))
    assert refusal(await observer.post("/v1/appeals", json=WRONG)) == (403, "other_role")
    lin = await office(site, "Ms Lin")
    assert await filed(lin)


async def test_who_drafted_approved_released_or_filed_does_not_decide(site: Site) -> None:
    unit = await published(site)
    name = await filed(unit)
    said = {"upheld": False, "reason": "the count was right"}
    place = f"/v1/appeals/{name}/decide"
    for holder in ("Ms Lin", "Mr Chen"):  # who drafted and released, who approved
        answer = await (await office(site, holder)).post(place, json=said)
        assert refusal(answer) == (403, "same_holder")
    assert refusal(await unit.post(place, json=said)) == (403, "other_role")
    wu = await office(site, "Ms Wu")
    assert (await wu.post(place, json=said)).json()["state"] == "rejected"
    assert refusal(await wu.post(place, json=said)) == (409, "already_decided")
    [event] = await site.house.said(AppealDecided)
    assert (event.upheld, event.by, event.late) == (False, "Ms Wu", False)


async def test_a_decision_after_its_day_is_taken_and_says_that_it_is_late(site: Site) -> None:
    name = await filed(await published(site))
    site.house.at("2022-03-30T10:00")
    said = {"upheld": True, "reason": "the count was wrong"}
    told = (
        await (await office(site, "Ms Wu")).post(f"/v1/appeals/{name}/decide", json=said)
    ).json()
    assert (told["state"], told["late"]) == ("upheld", True)


async def test_while_it_is_open_answers_and_pages_say_so(site: Site) -> None:
    unit = await published(site)
    before = (await unit.get(B1)).json()
    name = await filed(unit)
    body = (await unit.get(B1)).json()
    assert body["under_review"] == ["T1"]
    assert [line["flags"] for line in body["tasks"]] == [["under_review"]]
    assert body["digest"] == before["digest"]
    for page in (PAGE, f"{PAGE}/units/U1"):
        assert "Contested, and under review" in await read(unit, page)
    assert "Contested" not in await read(unit, f"{PAGE}/units/U2")
    wu = await office(site, "Ms Wu")
    said = {"upheld": False, "reason": "the count was right"}
    await wu.post(f"/v1/appeals/{name}/decide", json=said)
    assert (await unit.get(B1)).json()["under_review"] == []
    assert "Contested" not in await read(unit, PAGE)


async def test_what_is_hidden_is_not_told_by_an_appeal_about_it(site: Site) -> None:
    unit = await published(site)
    second = site.visitor(await site.house.token("submit", unit="U2", holder="Bureau 2"))
    name = await filed(second, unit="U2", item="T2")
    assert (await unit.get(B1)).json()["under_review"] == []
    assert "secret" not in await read(unit, PAGE)
    assert (await unit.get("/v1/appeals")).json()["items"] == []
    assert refusal(await unit.get(f"/v1/appeals/{name}")) == (404, "unknown_appeal")
    lin = await office(site, "Ms Lin")
    assert [one["id"] for one in (await lin.get("/v1/appeals?state=open")).json()["items"]] == [
        name
    ]
    assert (await lin.get("/v1/appeals?state=upheld")).json()["items"] == []


@pytest.mark.parametrize(("value", "state"), [("15", "draft"), ("5", "failed")])
async def test_a_correction_that_names_an_appeal_is_no_worse_for_who_filed_it(
    site: Site, value: str, state: str
) -> None:
    name = await filed(await published(site))
    report = accepted(
        "T1", "2022-B1", clock=site.house.clock, values={"T1.I": value}, corrected=True
    )
    await site.house.hear(report)
    lin = await office(site, "Ms Lin")
    named = {"reason": "on appeal", "submissions": [report.submission], "appeals": [name]}
    assert (await lin.post(f"{B1}/correct", json=named)).status_code == 202  # accepted

    async def computed() -> bool:
        return bool((await lin.get(B1)).json()["state"] != "waiting")

    await until(computed)
    body = (await lin.get(B1)).json()
    assert body["state"] == state
    assert ("worse_for_appellant" in (body["failure"] or "")) is (state == "failed")


async def test_a_correction_names_an_appeal_that_stands(site: Site) -> None:
    name = await filed(await published(site))
    said = {"upheld": False, "reason": "the count was right"}
    await (await office(site, "Ms Wu")).post(f"/v1/appeals/{name}/decide", json=said)
    lin = await office(site, "Ms Lin")
    for appeal in (name, "ap-unheard-of"):
        named = {"reason": "on appeal", "zero": ["T1"], "appeals": [appeal]}
        answer = await lin.post(f"{B1}/correct", json=named)
        assert refusal(answer) == (404, "unknown_appeal")

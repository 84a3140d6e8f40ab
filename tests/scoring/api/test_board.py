"""The board over HTTP: where each task stands now, and for whose eyes."""

import httpx
from scoring_cast import a_task
from scoring_house import PLAN, Site

from shared.kit.problems import PROBLEM_JSON

SECOND = [{"unit": "U2", "role": "lead"}]


async def a_busy_town(site: Site) -> None:
    """U1 is behind with T1, U2 has reported nothing and works on a hidden task besides."""
    await site.house.hear_plan(
        a_task("T1"),
        a_task("T2", assignments=SECOND),
        a_task("T3", assignments=SECOND, publish=False),
    )
    site.house.at("2022-04-30T12:00")
    await site.house.hear_report("T1", values={"T1.I": "30"})


async def tasks_on(client: httpx.AsyncClient, query: str = "") -> list[str]:
    answer = await client.get(f"/v1/board{query}")
    assert answer.status_code == 200
    return [item["task"] for item in answer.json()["items"]]


async def test_the_board_tells_where_a_task_stands_in_decimal_strings(site: Site) -> None:
    await a_busy_town(site)
    office = site.visitor(await site.house.token("office"))
    first, second, _ = (await office.get("/v1/board")).json()["items"]
    assert first == {
        "plan": PLAN,
        "task": "T1",
        "action": "A1",
        "unit": "U1",
        "period": "2022-B2",
        "day": "2022-04-30",
        "light": "yellow",
        "reason": "ratio_yellow",
        "a": "0.3000",
        "e": "0.3333",
        "r": "0.9000",
        "gap": "3.3333",
        "reported_at": "2022-04-30T04:00:00Z",
    }
    assert (second["light"], second["reason"], second["a"]) == ("grey", "no_report", None)


async def test_the_board_is_filtered_by_plan_unit_and_light(site: Site) -> None:
    await a_busy_town(site)
    office = site.visitor(await site.house.token("office"))
    assert await tasks_on(office) == ["T1", "T2", "T3"]
    assert await tasks_on(office, "?plan=village") == []
    assert await tasks_on(office, "?unit=U2") == ["T2", "T3"]
    assert await tasks_on(office, "?light=yellow") == ["T1"]


async def test_a_units_token_sees_its_own_tasks_whatever_it_asks_for(site: Site) -> None:
    await a_busy_town(site)
    first = site.visitor(await site.house.token("submit", unit="U1"))
    second = site.visitor(await site.house.token("submit", unit="U2"))
    assert await tasks_on(first) == await tasks_on(first, "?unit=U2") == ["T1"]
    assert await tasks_on(second) == ["T2", "T3"]


async def test_an_observer_sees_no_task_that_is_not_for_publication(site: Site) -> None:
    await a_busy_town(site)
    observer = site.visitor(await site.house.token("observer"))
    assert await tasks_on(observer) == ["T1", "T2"]


async def test_the_board_is_not_for_strangers(site: Site) -> None:
    answer = await site.visitor().get("/v1/board")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert answer.json()["code"] == "token_missing"

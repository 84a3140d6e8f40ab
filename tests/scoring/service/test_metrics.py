"""Where the plans stand with their tasks and publications, for whoever watches a dashboard."""

import json
from pathlib import Path

import pytest
from databases import Databases
from scoring_cast import a_task
from scoring_house import AFTER_B1, AFTER_B2, PLAN, House, listening_house

DAY = 24 * 3600


async def figure(house: House, name: str, **labels: str) -> float | None:
    await house.scoring.parts.figures.read()
    return house.scoring.parts.metrics.registry.get_sample_value(name, {"plan": PLAN, **labels})


async def test_a_replica_that_has_just_begun_knows_the_lights(
    house: House, tmp_path: Path, databases: Databases
) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2"))
    house.at("2022-04-30T12:00")
    await house.hear_report(values={"T1.I": "33"})
    async with listening_house(tmp_path / "twin", databases=databases, twin_of=house) as twin:
        assert await figure(twin, "duban_tasks", light="green") == 1
        assert await figure(twin, "duban_tasks", light="red") == 0


async def test_a_draft_is_counted_by_its_state_until_it_is_released(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.ask("2022-B1")
    assert await figure(house, "duban_publications", state="waiting") == 1
    await house.runs.compute_next()
    assert await figure(house, "duban_publications", state="draft") == 1
    assert await figure(house, "duban_publications", state="waiting") == 0
    await house.approve("2022-B1", "Mr Chen")
    assert await figure(house, "duban_publications", state="approved") == 1
    await house.release("2022-B1", "Ms Wu")
    assert await figure(house, "duban_publications", state="published") == 1


async def test_a_draft_grows_old_until_it_is_released(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-15T09:00")
    await house.draft("2022-B1")
    house.at("2022-03-17T09:00")
    old = await figure(house, "duban_publications_oldest_draft_seconds")
    assert old == pytest.approx(2 * DAY, abs=10)
    await house.approve("2022-B1", "Mr Chen")
    await house.release("2022-B1", "Ms Wu")
    assert await figure(house, "duban_publications_oldest_draft_seconds") == 0


async def test_the_scores_and_rates_are_those_of_the_newest_period_published(
    house: House,
) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2"))
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    assert await figure(house, "duban_reporting_ratio") == 0
    house.at("2022-05-09T10:00")
    await house.hear_report(values={"T1.I": "33"})
    house.at(AFTER_B2)
    row = await house.publish("2022-B2")
    manifest = json.loads(row.manifest or "")

    assert await figure(house, "duban_reporting_ratio") == 0.5
    assert await figure(house, "duban_on_time_ratio") == 0.5
    assert await figure(house, "duban_plan_score") == float(manifest["plan_score"])
    for action in manifest["actions"]:
        shown = await figure(house, "duban_action_score", action=action["action"])
        assert shown == float(action["score"])
    for group, table in manifest["groups"].items():
        for unit in table:
            shown = await figure(house, "duban_unit_score", group=group, unit=unit["unit"])
            assert shown == (None if unit["score"] is None else float(unit["score"]))


async def test_a_publication_has_an_age_in_business_time(house: House) -> None:
    await house.hear_plan()
    assert await figure(house, "duban_publication_age_seconds") is None
    house.at("2022-03-15T09:00")
    await house.publish("2022-B1")
    house.at("2022-03-25T09:00")
    age = await figure(house, "duban_publication_age_seconds")
    assert age == pytest.approx(10 * DAY, abs=10)

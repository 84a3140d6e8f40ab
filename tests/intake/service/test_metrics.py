"""Where the plans stand with their reports, for whoever watches a dashboard."""

import math
from pathlib import Path

import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, at, report, running, trees

from shared.contracts.decisions import Veto
from shared.contracts.intake import DecisionMade

DAY = 24 * 3600


async def figure(town: Town, name: str, **labels: str) -> float | None:
    await town.intake.parts.figures.read()
    return town.intake.parts.metrics.registry.get_sample_value(name, labels)


async def owed(town: Town, period: str) -> dict[str, float]:
    """How many reports of a period stand where, without the zeros."""
    await town.intake.parts.figures.read()
    return {
        sample.labels["state"]: sample.value
        for metric in town.intake.parts.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "duban_obligations" and sample.labels["period"] == period and sample.value
    }


async def test_what_is_owed_moves_from_state_to_state(town: Town) -> None:
    duties = len(await town.owed(period="2022-B2"))
    assert await owed(town, "2022-B2") == {"owed": duties}
    accepted = await town.accepted(trees())
    assert await owed(town, "2022-B2") == {"owed": duties - 1, "submitted": 1}
    await town.post(f"/v1/submissions/{accepted['id']}/return", {"reason": "slip"}, by="office")
    assert await owed(town, "2022-B2") == {"owed": duties - 1, "returned": 1}
    await town.move_to("2022-05-11 09:30")
    assert await owed(town, "2022-B2") == {"overdue": duties - 1, "returned": 1}


async def test_the_last_closed_period_tells_what_is_missing_and_older_ones_nothing(
    town: Town,
) -> None:
    duties = len(await town.owed(period="2022-B2"))
    await town.move_to("2022-05-20 10:00")
    assert await owed(town, "2022-B2") == {"missing": duties}
    assert await figure(town, "duban_obligations", plan=PLAN, period="2022-B3", state="owed")
    await town.move_to("2022-07-20 10:00")
    assert await owed(town, "2022-B2") == {}
    assert await owed(town, "2022-B3") == {"missing": duties}


async def test_the_next_due_day_counts_down(town: Town) -> None:
    due = at("2022-05-11 00:00")
    left = (due - town.clock.business_now()).total_seconds()
    assert await figure(town, "duban_next_due_seconds", plan=PLAN) == pytest.approx(left, abs=10)
    await town.move_to("2022-05-10 23:59")
    assert await figure(town, "duban_next_due_seconds", plan=PLAN) == pytest.approx(60, abs=10)


async def test_a_year_without_a_holiday_table_is_seen_coming_from_afar(
    tmp_path: Path, databases: Databases
) -> None:
    far = LAKE_TOWN.replace("end: 2023-12-31", "end: 2027-12-31")
    async with running(tmp_path, databases=databases, start="2026-12-01 10:00") as town:
        await town.open()
        assert (await town.apply(far)).status_code == 200
        assert await figure(town, "duban_holiday_days_loaded", plan=PLAN) == 31
        days = '{"rest": ["2027-01-01"], "work": []}'
        await town.put("/v1/calendars/cn/2027", days, kind="json")
        assert await figure(town, "duban_holiday_days_loaded", plan=PLAN) == 396  # 2028


async def test_where_every_year_a_plan_needs_is_loaded_no_day_is_missing(town: Town) -> None:
    assert await figure(town, "duban_holiday_days_loaded", plan=PLAN) == math.inf


async def test_decisions_of_the_office_are_counted_by_type(town: Town) -> None:
    assert await figure(town, "duban_decisions_total", type="veto") == 0
    now = town.clock.business_now()
    decided = Veto(unit="water", period="2022-B2", cap="fair", matter="a flood")
    made = DecisionMade(plan=PLAN, decision="D1", made_at=now, decided=decided, by="office")
    async with town.intake.parts.db.write(PLAN) as session:
        await town.intake.plans._journal.record(session, made, at=now, correlation="r")
    assert await figure(town, "duban_decisions_total", type="veto") == 1
    assert await figure(town, "duban_decisions_total", type="exempt") == 0


async def test_a_replica_shows_what_stands_in_the_database(town: Town) -> None:
    await town.accepted(report("clean", "works", values={"clarity": "60"}))
    async with town.replica("two") as other:
        assert (await owed(other, "2022-B2"))["submitted"] == 1

"""A year on its way: rolled up from what was published, corrected with its periods, frozen."""

import json
from typing import Any

import pytest
from scoring_cast import a_task
from scoring_house import PLAN, House, accepted, caller

from scoring.domain.year_result import YearUnit
from scoring.service.caller import Refused
from scoring.service.releases import year_of
from scoring.store.tables import PublicationRow
from shared.contracts.scoring import PublicationReleased, YearReleased

CLOSED = {
    "2022-B4": "2022-09-20T09:00",
    "2022-B5": "2022-11-20T09:00",
    "2022-B6": "2023-01-20T09:00",
}


async def code_of(step: Any) -> str:  # noqa: ANN401  # a coroutine of any result
    with pytest.raises(Refused) as caught:
        await step
    return caught.value.code


async def half_a_year(house: House, *periods: str) -> None:
    """T1 reports 80, then 90, then the whole 100; T2 of another unit never reports."""
    two = a_task("T2", assignments=[{"unit": "U2", "role": "lead"}])
    await house.hear_plan(a_task("T1"), two, activate_from="2022-B4")
    for value, period in zip(("80", "90", "100"), periods, strict=False):
        house.at(CLOSED[period].replace("20T09", "03T09"))
        await house.hear_report("T1", period, values={"T1.I": value})
        house.at(CLOSED[period])
        await house.publish(period)


async def draft(house: House) -> PublicationRow:
    await house.scoring.years.draft(PLAN, 2022, caller=caller("Ms Lin"))
    await house.take_in()
    assert await house.runs.compute_next()
    return await house.scoring.years.find(PLAN, 2022, drafts=True)


async def publish(house: House) -> PublicationRow:
    await draft(house)
    await house.scoring.years.approve(PLAN, 2022, caller=caller("Mr Chen"))
    return await house.scoring.years.release(PLAN, 2022, caller=caller("Ms Wu"))


def unit(row: PublicationRow, name: str = "U1") -> YearUnit:
    return next(one for one in year_of(row).units if one.unit == name)


async def test_a_year_is_the_mean_of_its_periods_and_what_was_reached_of_its_targets(
    house: House,
) -> None:
    await half_a_year(house, *CLOSED)
    row = await publish(house)
    assert (row.state, row.version, row.kind) == ("published", 1, "year")
    one, two = unit(row), unit(row, "U2")
    assert (str(one.periods), str(one.attainment), str(one.score)) == ("100.00", "100.00", "100.00")
    # Silent in every period and without a value: 0.6 × 0 + 0.4 × 0.
    assert (str(two.periods), str(two.attainment), str(two.score)) == ("0.00", "0.00", "0.00")
    (told,) = await house.said(YearReleased)
    assert (told.year, told.version, told.digest, told.frozen) == (2022, 1, row.digest, False)


async def test_a_year_waits_for_each_of_its_periods(house: House) -> None:
    await half_a_year(house, "2022-B4", "2022-B5")
    house.at(CLOSED["2022-B6"])
    assert await code_of(draft(house)) == "previous_unpublished"


async def test_a_year_without_periods_of_the_plan_is_unknown(house: House) -> None:
    await half_a_year(house)
    step = house.scoring.years.draft(PLAN, 2030, caller=caller("Ms Lin"))
    assert await code_of(step) == "unknown_year"


async def test_a_year_is_published_once(house: House) -> None:
    await half_a_year(house, *CLOSED)
    await publish(house)
    assert await code_of(draft(house)) == "already_published"


async def test_a_year_is_approved_by_another_holder(house: House) -> None:
    await half_a_year(house, *CLOSED)
    await draft(house)
    step = house.scoring.years.approve(PLAN, 2022, caller=caller("Ms Lin"))
    assert await code_of(step) == "same_holder"


async def test_a_corrected_period_makes_the_next_version_of_its_year_in_the_same_step(
    house: House,
) -> None:
    await half_a_year(house, *CLOSED)
    first = await publish(house)
    event = accepted(
        "T2", "2022-B6", unit="U2", clock=house.clock, values={"T2.I": "50"}, corrected=True
    )
    await house.hear(event)
    await house.scoring.drafts.correct(
        PLAN,
        "2022-B6",
        reason="the report had been lost",
        submissions=[event.submission],
        caller=caller("Ms Lin"),
    )
    await house.take_in()
    assert await house.runs.compute_next()
    await house.approve("2022-B6", "Mr Chen")
    corrected = await house.release("2022-B6", "Ms Wu")
    second = await house.scoring.years.find(PLAN, 2022, drafts=False)
    assert (second.version, second.state) == (2, "published")
    assert json.loads(second.manifest or "")["previous"] == corrected.digest
    # B6: P = 50, T = Q = 100, so S = 60; A = 60 ÷ 3 = 20, B = 50: 0.6 × 20 + 0.4 × 50 = 32.
    two = unit(second, "U2")
    assert (str(two.periods), str(two.attainment), str(two.score)) == ("20.00", "50.00", "32.00")
    assert unit(second).score == unit(first).score
    assert [one.version for one in await house.said(PublicationReleased)][-1] == 2
    assert [one.version for one in await house.said(YearReleased)] == [1, 2]


async def test_a_frozen_year_ends_the_corrections_of_its_periods(house: House) -> None:
    await half_a_year(house, *CLOSED)
    assert await code_of(house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Lin"))) == (
        "period_unpublished"
    )
    await publish(house)
    row = await house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Lin"))
    assert row.frozen_by == "Ms Lin"
    step = house.scoring.drafts.correct(
        PLAN, "2022-B6", reason="too late", zero=["T1"], caller=caller("Ms Lin")
    )
    assert await code_of(step) == "frozen"
    assert [one.frozen for one in await house.said(YearReleased)] == [False, True]


async def test_a_veto_and_false_data_cap_the_grade_and_not_the_score(house: House) -> None:
    await half_a_year(house, *CLOSED)
    await house.scoring.drafts.correct(
        PLAN, "2022-B4", reason="the data were false", zero=["T1"], caller=caller("Ms Lin")
    )
    await house.take_in()
    assert await house.runs.compute_next()
    await house.approve("2022-B4", "Mr Chen")
    await house.release("2022-B4", "Ms Wu")
    one = unit(await publish(house))
    # A = (0 + 100 + 100) ÷ 3, so 0.6 × 66.67 + 0.4 × 100 = 80.
    assert (str(one.periods), str(one.score)) == ("66.67", "80.00")
    assert (one.grade, one.reasons) == ("good", ("vetoed",))

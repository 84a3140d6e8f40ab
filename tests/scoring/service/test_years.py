"""A year on its way: drafted, released, corrected with its periods, frozen (assessment 4.13)."""

import json
from decimal import Decimal
from typing import Any

from scoring_cast import Json, a_task
from scoring_house import PLAN, House, accepted, caller

from scoring.service.caller import Refused
from scoring.service.releases import result_of, year_of
from scoring.store.tables import PublicationRow
from shared.contracts.decisions import Award, Exemption, Penalty
from shared.contracts.intake import DecisionMade
from shared.contracts.scoring import PublicationReleased, YearReleased

AFTER_B5, AFTER_B6 = "2022-11-16T09:00", "2023-01-18T09:00"
"""The windows of the last two periods of 2022 have closed."""


async def draft_year(house: House) -> PublicationRow:
    """Ask for the year; it is computed."""
    await house.scoring.years.draft(PLAN, 2022, caller=caller("Ms Lin"))
    await house.take_in()
    assert await house.runs.compute_next()
    return await house.scoring.years.find(PLAN, 2022, drafts=True)


async def publish_year(house: House) -> PublicationRow:
    await draft_year(house)
    await house.scoring.years.approve(PLAN, 2022, caller=caller("Mr Chen"))
    return await house.scoring.years.release(PLAN, 2022, caller=caller("Ms Wu"))


async def draft_correction(house: House, period: str, **names: Any) -> None:  # noqa: ANN401  # names of any kind
    await house.scoring.drafts.correct(
        PLAN, period, reason="false figures", caller=caller("Ms Lin"), **names
    )
    await house.take_in()
    assert await house.runs.compute_next()


async def correct(house: House, period: str, **names: Any) -> PublicationRow:  # noqa: ANN401  # names of any kind
    await draft_correction(house, period, **names)
    await house.approve(period, "Mr Chen")
    return await house.release(period, "Ms Wu")


async def year_version(house: House, version: int) -> PublicationRow:
    return await house.scoring.years.find(PLAN, 2022, version=version, drafts=True)


def scores(row: PublicationRow) -> list[str]:
    return [str(one.score) for one in year_of(row).units]


async def code_of(step: Any) -> str:  # noqa: ANN401  # a coroutine of any result
    try:
        await step
    except Refused as refused:
        return refused.code
    return "taken"


def two_tasks() -> tuple[Json, Json]:
    return a_task("T1"), a_task("T2", assignments=[{"unit": "U2", "role": "lead"}])


async def two_periods(house: House, *, only_first: bool = False) -> None:
    """The plan begins with the last two periods of 2022; U1 is on schedule, U2 a tenth behind."""
    await house.hear_plan(*two_tasks(), activate_from="2022-B5")
    house.at("2022-11-02T10:00")
    await house.hear_report("T1", "2022-B5", values={"T1.I": "90"})
    await house.hear_report("T2", "2022-B5", unit="U2", values={"T2.I": "75"})
    house.at(AFTER_B5)
    await house.publish("2022-B5")
    if only_first:
        return
    house.at("2023-01-04T10:00")
    await house.hear_report("T1", "2022-B6", values={"T1.I": "100"})
    await house.hear_report("T2", "2022-B6", unit="U2", values={"T2.I": "90"})
    house.at(AFTER_B6)
    await house.publish("2022-B6")


async def test_a_year_is_drafted_approved_and_released(house: House) -> None:
    await two_periods(house)
    row = await publish_year(house)
    assert (row.kind, row.period, row.version, row.state) == ("year", "2022-year", 1, "published")
    # U2: both periods 80·0.9 + 20 = 92, target 90: 55.2 + 36
    assert scores(row) == ["100.00", "91.20", "None"]
    (told,) = await house.said(YearReleased)
    assert (told.year, told.version) == (2022, 1)


async def test_a_year_is_refused_while_a_period_of_it_is_not_published(house: House) -> None:
    await two_periods(house, only_first=True)
    assert await code_of(draft_year(house)) == "previous_unpublished"


async def test_the_refusal_names_the_period(house: House) -> None:
    await two_periods(house, only_first=True)
    try:
        await draft_year(house)
    except Refused as refused:
        assert "2022-B6" in refused.message  # noqa: PT017  # the code alone is another test's


async def test_a_year_without_a_period_of_the_plan_is_unknown(house: House) -> None:
    await two_periods(house)
    step = house.scoring.years.draft(PLAN, 2021, caller=caller("Ms Lin"))
    assert await code_of(step) == "unknown_year"


async def test_a_year_is_published_once(house: House) -> None:
    await two_periods(house)
    await publish_year(house)
    assert await code_of(draft_year(house)) == "already_published"


async def test_a_year_takes_two_holders_as_a_period_does(house: House) -> None:
    await two_periods(house)
    await draft_year(house)
    years = house.scoring.years
    assert await code_of(years.approve(PLAN, 2022, caller=caller("Ms Lin"))) == "same_holder"
    assert await code_of(years.release(PLAN, 2022, caller=caller("Ms Wu"))) == "not_approved"


async def test_a_corrected_period_makes_version_2_of_the_year_in_the_same_step(
    house: House,
) -> None:
    await two_periods(house)
    await publish_year(house)
    report = accepted(
        "T2", "2022-B6", unit="U2", clock=house.clock, values={"T2.I": "100"}, corrected=True
    )
    await house.hear(report)
    await correct(house, "2022-B6", submissions=[report.submission])
    first, second = await year_version(house, 1), await year_version(house, 2)
    assert (first.state, second.state) == ("published", "published")
    # U2: B6 100, so A 96; B reads the corrected figure: 57.6 + 40
    assert (scores(first)[1], scores(second)[1]) == ("91.20", "97.60")
    assert (scores(first)[0], scores(second)[0]) == ("100.00", "100.00")
    period, year = (await house.said(PublicationReleased, YearReleased))[-2:]
    assert isinstance(period, PublicationReleased)
    assert isinstance(year, YearReleased)
    assert (period.version, year.version) == (2, 2)


async def test_version_2_of_the_year_names_what_was_corrected_and_follows_in_the_chain(
    house: House,
) -> None:
    await two_periods(house)
    await publish_year(house)
    await correct(house, "2022-B6", zero=["T2"])
    period, year = await house.found("2022-B6"), await year_version(house, 2)
    manifest = json.loads(year.manifest or "")
    assert (manifest["previous"], year.previous_digest) == (period.digest, period.digest)
    assert year.release_number == (period.release_number or 0) + 1


async def test_false_data_cap_the_lead_in_the_year(house: House) -> None:
    await two_periods(house)
    await correct(house, "2022-B5", zero=["T1"])
    row = await publish_year(house)
    first = year_of(row).units[0]
    # (0 + 100) / 2 = 50: 30 + 40
    assert (str(first.score), first.grade, first.reasons) == ("70.00", "fair", ("vetoed",))


async def test_a_second_correction_keeps_what_the_first_found_false(house: House) -> None:
    await two_periods(house)
    await publish_year(house)
    await correct(house, "2022-B6", zero=["T1"])
    await correct(house, "2022-B5", zero=["T2"])
    units = year_of(await year_version(house, 3)).units
    assert [one.reasons for one in units[:2]] == [("vetoed",), ("vetoed",)]


async def test_the_year_reads_what_came_after_the_last_close(house: House) -> None:
    await two_periods(house)
    house.at("2023-01-20T09:00")
    await house.hear_report("T2", "2022-B6", unit="U2", values={"T2.I": "100"})
    row = await publish_year(house)
    assert scores(row)[1] == "95.20"  # A 92 as published, B 100
    assert str(result_of(await house.found("2022-B6")).units[1].score) == "92.00"


async def test_version_2_reads_nothing_else_that_came_after_version_1(house: House) -> None:
    await two_periods(house)
    await publish_year(house)
    await decide(house, Award(unit="U2", points=Decimal(3), matter="M1"), on="2023-01-20T09:00")
    await house.hear_report("T2", "2022-B6", unit="U2", values={"T2.I": "100"})
    await correct(house, "2022-B6", zero=["T1"])
    assert scores(await year_version(house, 2))[1] == "91.20"


async def decide(house: House, decided: Any, *, on: str, name: str = "d-1") -> None:  # noqa: ANN401  # any decision
    house.at(on)
    now = house.clock.business_now()
    await house.hear(
        DecisionMade(plan=PLAN, decision=name, made_at=now, decided=decided, by="Ms Lin")
    )


async def test_events_decided_in_the_year_enter_it(house: House) -> None:
    await house.hear_plan(*two_tasks(), activate_from="2022-B5")
    await decide(house, Award(unit="U2", points=Decimal(3), matter="M1"), on="2022-10-10T09:00")
    await two_periods_go_on(house)
    await decide(
        house, Award(unit="U1", points=Decimal(3), matter="M1"), on="2023-01-19T09:00", name="d-2"
    )
    assert scores(await publish_year(house)) == ["100.00", "94.20", "None"]


async def two_periods_go_on(house: House) -> None:
    for period, sent, closed, one, two in (
        ("2022-B5", "2022-11-02T10:00", AFTER_B5, "90", "75"),
        ("2022-B6", "2023-01-04T10:00", AFTER_B6, "100", "90"),
    ):
        house.at(sent)
        await house.hear_report("T1", period, values={"T1.I": one})
        await house.hear_report("T2", period, unit="U2", values={"T2.I": two})
        house.at(closed)
        await house.publish(period)


async def test_a_penalty_is_waived_in_version_2_only_where_the_correction_names_it(
    house: House,
) -> None:
    await house.hear_plan(*two_tasks(), activate_from="2022-B5")
    penalty = Penalty(unit="U2", points=Decimal(2), matter="P1")
    await decide(house, penalty, on="2022-10-10T09:00")
    await two_periods_go_on(house)
    await publish_year(house)
    waiver = Exemption(id="X1", task="T2", unit="U2", kind="E3", matter="P1", reason="flood")
    await decide(house, waiver, on="2023-01-20T09:00", name="X1")
    await correct(house, "2022-B5", zero=["T1"])
    assert scores(await year_version(house, 2))[1] == "89.20"
    await correct(house, "2022-B5", exemptions=["X1"])
    assert scores(await year_version(house, 3))[1] == "91.20"


async def test_only_a_published_year_is_frozen(house: House) -> None:
    await two_periods(house)
    step = house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Wu"))
    assert await code_of(step) == "period_unpublished"


async def test_of_a_frozen_year_no_period_is_corrected(house: House) -> None:
    await two_periods(house)
    await publish_year(house)
    await house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Wu"))
    assert await code_of(draft_correction(house, "2022-B5", zero=["T1"])) == "frozen"


async def test_a_correction_drafted_before_the_year_was_frozen_is_not_released(
    house: House,
) -> None:
    await two_periods(house)
    await publish_year(house)
    await draft_correction(house, "2022-B5", zero=["T1"])
    await house.approve("2022-B5", "Mr Chen")
    await house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Wu"))
    assert await code_of(house.release("2022-B5", "Ms Wu")) == "frozen"
    assert (await house.scoring.years.find(PLAN, 2022, drafts=False)).version == 1


async def test_a_year_is_frozen_once_and_tells_it(house: House) -> None:
    await two_periods(house)
    await publish_year(house)
    first = await house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Wu"))
    house.at("2023-02-01T09:00")
    again = await house.scoring.years.freeze(PLAN, 2022, caller=caller("Ms Lin"))
    assert (again.frozen_at, again.frozen_by) == (first.frozen_at, "Ms Wu")
    assert [one.frozen for one in await house.said(YearReleased)] == [False, True]

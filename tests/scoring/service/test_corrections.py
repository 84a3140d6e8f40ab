"""A published period is corrected: what gets a new version, and what stays as it was."""

import json
from typing import Any

import pytest
from scoring_cast import a_task
from scoring_house import AFTER_B1, AFTER_B2, PLAN, House, accepted, caller

from scoring.domain.task_line import TaskLine
from scoring.service.caller import Refused
from scoring.service.releases import result_of
from scoring.store.tables import PublicationRow
from shared.contracts.scoring import PublicationReleased


async def correct(house: House, period: str, **names: Any) -> PublicationRow:  # noqa: ANN401  # names of any kind
    """Ask for the next version of a period; it is computed."""
    await house.scoring.drafts.correct(
        PLAN, period, reason="the figure was wrong", caller=caller("Ms Lin"), **names
    )
    await house.take_in()
    assert await house.runs.compute_next()
    return await house.found(period)


async def corrected(house: House, period: str, **names: Any) -> PublicationRow:  # noqa: ANN401  # names of any kind
    """Correct a period and publish its next version."""
    await correct(house, period, **names)
    await house.approve(period, "Mr Chen")
    return await house.release(period, "Ms Wu")


async def should_have_said(house: House, task: str, period: str, value: str) -> str:
    """The office enters what a report should have said."""
    event = accepted(task, period, clock=house.clock, values={f"{task}.I": value}, corrected=True)
    await house.hear(event)
    return event.submission


def line(row: PublicationRow, task: str = "T1") -> TaskLine:
    return next(one for one in result_of(row).tasks if one.task == task)


async def version(house: House, period: str, number: int) -> PublicationRow:
    return await house.publications.find(PLAN, period, version=number, drafts=True)


async def code_of(step: Any) -> str:  # noqa: ANN401  # a coroutine of any result
    with pytest.raises(Refused) as caught:
        await step
    return caught.value.code


async def a_year_begun(house: House) -> None:
    """T1 was far behind in B1 and caught up in B2; T2 of another unit was on schedule."""
    two = a_task("T2", assignments=[{"unit": "U2", "role": "lead"}])
    await house.hear_plan(a_task("T1"), two)
    house.at("2022-03-02T10:00")
    await house.hear_report("T1", "2022-B1", values={"T1.I": "10"})
    await house.hear_report("T2", "2022-B1", unit="U2", values={"T2.I": "20"})
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at("2022-05-05T10:00")
    await house.hear_report("T1", "2022-B2", values={"T1.I": "34"})
    await house.hear_report("T2", "2022-B2", unit="U2", values={"T2.I": "40"})
    house.at(AFTER_B2)
    await house.publish("2022-B2")


async def test_a_correction_is_version_2_and_version_1_stays(house: House) -> None:
    await a_year_begun(house)
    before = await version(house, "2022-B1", 1)
    report = await should_have_said(house, "T1", "2022-B1", "15")
    row = await corrected(house, "2022-B1", submissions=[report])
    assert (row.version, row.state) == (2, "published")
    assert [str(line(one).score) for one in (before, row)] == ["68.00", "92.00"]
    assert (await version(house, "2022-B1", 1)).digest == before.digest
    assert (await version(house, "2022-B1", 1)).manifest == before.manifest


async def test_a_correction_changes_no_score_of_another_unit(house: House) -> None:
    await a_year_begun(house)
    report = await should_have_said(house, "T1", "2022-B1", "15")
    row = await corrected(house, "2022-B1", submissions=[report])
    first = result_of(await version(house, "2022-B1", 1))
    scores = [{one.unit: one.score for one in result.units} for result in (first, result_of(row))]
    assert scores[0]["U2"] == scores[1]["U2"]
    assert scores[0]["U1"] != scores[1]["U1"]


async def test_later_lights_follow_in_the_same_step_and_later_scores_stay(house: House) -> None:
    await a_year_begun(house)
    assert line(await version(house, "2022-B2", 1)).light == "yellow"  # red before: one step
    report = await should_have_said(house, "T1", "2022-B1", "16")
    await corrected(house, "2022-B1", submissions=[report])
    first, second = await version(house, "2022-B2", 1), await version(house, "2022-B2", 2)
    assert (line(second).light, second.state) == ("green", "published")
    assert line(second).score == line(first).score
    assert [one.score for one in result_of(second).units] == [
        one.score for one in result_of(first).units
    ]
    told = [(one.period, one.version) for one in await house.said(PublicationReleased)]
    assert told[-2:] == [("2022-B1", 2), ("2022-B2", 2)]


async def test_a_later_period_whose_lights_stay_gets_no_new_version(house: House) -> None:
    await a_year_begun(house)
    report = await should_have_said(house, "T1", "2022-B1", "11")
    await corrected(house, "2022-B1", submissions=[report])
    assert (await house.found("2022-B2")).version == 1


async def test_every_release_is_chained_to_the_one_before(house: House) -> None:
    await a_year_begun(house)
    report = await should_have_said(house, "T1", "2022-B1", "16")
    await corrected(house, "2022-B1", submissions=[report])
    rows = sorted(
        await house.publications.all(plan=PLAN, drafts=False),
        key=lambda row: row.release_number or 0,
    )
    assert [(row.period, row.version) for row in rows] == [
        ("2022-B1", 1),
        ("2022-B2", 1),
        ("2022-B1", 2),
        ("2022-B2", 2),
    ]
    assert [json.loads(row.manifest or "")["previous"] for row in rows] == [
        None,
        *(row.digest for row in rows[:-1]),
    ]


async def test_a_corrected_report_keeps_the_first_ones_instant(house: House) -> None:
    await house.hear_plan(a_task("T1"))
    house.at("2022-03-09T10:00")  # due was 7 March: two working days late
    await house.hear_report("T1", "2022-B1", values={"T1.I": "10"})
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at(AFTER_B2)
    report = await should_have_said(house, "T1", "2022-B1", "20")
    row = await corrected(house, "2022-B1", submissions=[report])
    assert (str(line(row).t), str(line(row).p)) == ("80.00", "100.00")


async def test_where_there_was_no_report_the_corrected_one_is_on_time(house: House) -> None:
    await house.hear_plan(a_task("T1"))
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at(AFTER_B2)
    report = await should_have_said(house, "T1", "2022-B1", "20")
    row = await corrected(house, "2022-B1", submissions=[report])
    assert (str(line(row).score), row.version) == ("100.00", 2)


async def test_a_correction_reads_nothing_else_that_came_after_the_first_cut_off(
    house: House,
) -> None:
    two = a_task("T2", assignments=[{"unit": "U2", "role": "lead"}])
    await house.hear_plan(a_task("T1"), two)
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at(AFTER_B2)
    await house.hear_report("T2", "2022-B1", unit="U2", values={"T2.I": "20"})
    report = await should_have_said(house, "T1", "2022-B1", "20")
    row = await corrected(house, "2022-B1", submissions=[report])
    assert (str(line(row, "T1").score), str(line(row, "T2").score)) == ("100.00", "0.00")


async def test_the_next_correction_stands_on_the_one_before(house: House) -> None:
    two = a_task("T2", assignments=[{"unit": "U2", "role": "lead"}])
    await house.hear_plan(a_task("T1"), two)
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at(AFTER_B2)
    first = await should_have_said(house, "T1", "2022-B1", "20")
    await corrected(house, "2022-B1", submissions=[first])
    event = accepted(
        "T2", "2022-B1", unit="U2", clock=house.clock, values={"T2.I": "20"}, corrected=True
    )
    await house.hear(event)
    row = await corrected(house, "2022-B1", submissions=[event.submission])
    assert row.version == 3
    assert (str(line(row, "T1").score), str(line(row, "T2").score)) == ("100.00", "100.00")


async def test_what_is_not_published_is_not_corrected(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    report = await should_have_said(house, "T1", "2022-B1", "20")
    assert await code_of(correct(house, "2022-B1", submissions=[report])) == "period_unpublished"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({}, "nothing_named"),
        ({"submissions": ["s-none"]}, "unknown_submission"),
        ({"exemptions": ["X1"]}, "unknown_exemption"),
        ({"zero": ["T9"]}, "unknown_task"),
    ],
)
async def test_a_correction_names_what_is_there(
    house: House, names: dict[str, list[str]], code: str
) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    assert await code_of(correct(house, "2022-B1", **names)) == code


async def test_a_correction_is_approved_by_another_holder(house: House) -> None:
    await a_year_begun(house)
    report = await should_have_said(house, "T1", "2022-B1", "15")
    await correct(house, "2022-B1", submissions=[report])
    assert await code_of(house.approve("2022-B1", "Ms Lin")) == "same_holder"


async def test_a_draft_that_was_returned_is_not_released(house: House) -> None:
    await a_year_begun(house)
    report = await should_have_said(house, "T1", "2022-B1", "16")
    await correct(house, "2022-B1", submissions=[report])
    await house.publications.send_back(
        PLAN, "2022-B1", reason="name the paper", caller=caller("Mr Chen")
    )
    row = await house.found("2022-B1")
    assert (row.state, row.failure) == ("returned", "name the paper")
    assert await code_of(house.approve("2022-B1", "Mr Chen")) == "not_drafted"
    assert (await house.found("2022-B2")).version == 1  # what would have followed is gone
    row = await corrected(house, "2022-B1", submissions=[report])
    assert (row.version, row.state) == (2, "published")

"""A milestone that has passed its date unfinished is told once, and taken back when that ends."""

import json
from typing import Any

import pytest
from scoring_cast import Json, a_milestone, a_task
from scoring_house import House, returned, workday

from shared.contracts.decisions import Amended
from shared.contracts.scoring import MilestoneOverdue, MilestoneSettled

DRAWINGS = a_milestone("drawings", "2022-03-31")
OPENING = a_milestone("opening", "2022-12-30", unit="U2")


def bridge(*milestones: Json, **of: object) -> Json:
    """A task with dated nodes: drawings by 31 March, opening by 30 December 2022."""
    return a_task("T1", milestones=[*(milestones or (DRAWINGS, OPENING))], **of)


async def days(house: House, *days: str) -> None:
    """The rounds of these working days are held."""
    for day in days:
        house.at(f"{day}T09:00")
        await house.hear(workday(house.clock))


async def overdue(house: House) -> list[tuple[str, str, str, int]]:
    told = await house.said(MilestoneOverdue)
    return [(one.milestone, one.day.isoformat(), one.stage, one.days) for one in told]


async def settled(house: House) -> list[tuple[str, str, str]]:
    told = await house.said(MilestoneSettled)
    return [(one.milestone, one.due.isoformat(), one.reason) for one in told]


async def test_a_milestone_is_told_on_the_first_working_day_after_its_date(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-03-31")
    assert await overdue(house) == []
    await days(house, "2022-04-01", "2022-04-02", "2022-04-06")
    assert await overdue(house) == [("drawings", "2022-04-01", "passed", 1)]
    (told,) = await house.said(MilestoneOverdue)
    assert (told.task, told.action, told.unit, told.milestone_unit) == ("T1", "A1", "U1", "U1")
    assert (told.period, told.title.zh, told.due.isoformat()) == (
        "2022-B2",
        "drawings",
        "2022-03-31",
    )


async def test_a_date_before_a_holiday_is_told_after_it(house: House) -> None:
    """1 to 7 October 2022 are off; the Saturday after them is worked."""
    await house.hear_plan(bridge(a_milestone("harvest", "2022-09-30", unit="U2")))
    await days(house, "2022-09-30", "2022-10-08", "2022-10-09")
    assert await overdue(house) == [("harvest", "2022-10-08", "passed", 8)]
    (told,) = await house.said(MilestoneOverdue)
    assert (told.unit, told.milestone_unit) == ("U1", "U2")


async def test_after_more_than_thirty_days_it_is_told_again_once(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01", "2022-04-30", "2022-05-05", "2022-05-06", "2022-06-01")
    assert await overdue(house) == [
        ("drawings", "2022-04-01", "passed", 1),
        ("drawings", "2022-05-05", "month", 35),
    ]


async def test_the_thirtieth_day_is_not_yet_more_than_thirty(house: House) -> None:
    await house.hear_plan(bridge(a_milestone("survey", "2022-05-09")))
    await days(house, "2022-05-10", "2022-06-08")
    assert [stage for _, _, stage, _ in await overdue(house)] == ["passed"]
    await days(house, "2022-06-09")
    assert [stage for _, _, stage, _ in await overdue(house)] == ["passed", "month"]


async def test_what_is_done_in_time_is_not_told(house: House) -> None:
    await house.hear_plan(bridge())
    house.at("2022-03-20T12:00")
    await house.hear_report(period="2022-B1", milestones={"drawings": "2022-02-20"})
    await days(house, "2022-04-01", "2022-06-01")
    assert await overdue(house) == []


async def test_a_share_of_it_is_not_done(house: House) -> None:
    part = a_milestone("drawings", "2022-03-31", partial=True)
    await house.hear_plan(bridge(part))
    house.at("2022-03-31T12:00")
    await house.hear_report(milestones={"drawings": {"share": "0.9"}}, as_of="2022-03-31")
    await days(house, "2022-04-01")
    assert await overdue(house) == [("drawings", "2022-04-01", "passed", 1)]


async def test_a_report_settles_it(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    await house.hear_report(milestones={"drawings": "2022-04-01"}, as_of="2022-04-01")
    assert await settled(house) == [("drawings", "2022-03-31", "done")]
    await days(house, "2022-04-02", "2022-06-01")
    assert await overdue(house) == [("drawings", "2022-04-01", "passed", 1)]
    assert len(await settled(house)) == 1


async def test_a_corrected_report_settles_it(house: House) -> None:
    await house.hear_plan(bridge())
    house.at("2022-05-09T12:00")
    await house.hear_report(milestones={})
    await days(house, "2022-05-10")
    await house.hear_report(milestones={"drawings": "2022-03-30"}, corrected=True)
    assert await settled(house) == [("drawings", "2022-03-31", "done")]


async def test_a_report_of_another_task_settles_nothing(house: House) -> None:
    await house.hear_plan(bridge(), a_task("T2"))
    await days(house, "2022-04-01")
    await house.hear_report("T2", values={"T2.I": "1"})
    assert await settled(house) == []


async def test_a_returned_report_leaves_it_late_and_it_is_told_anew(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    report = await house.hear_report(milestones={"drawings": "2022-04-01"}, as_of="2022-04-01")
    await house.hear(returned(report, clock=house.clock))
    await days(house, "2022-04-02", "2022-04-06")
    assert [day for _, day, _, _ in await overdue(house)] == ["2022-04-01", "2022-04-02"]


async def test_a_version_with_another_date_moves_it(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    await house.hear_plan(bridge(a_milestone("drawings", "2022-05-31")), version=2)
    assert await settled(house) == [("drawings", "2022-03-31", "moved")]
    await days(house, "2022-04-02", "2022-06-01")
    assert await overdue(house) == [
        ("drawings", "2022-04-01", "passed", 1),
        ("drawings", "2022-06-01", "passed", 1),
    ]


@pytest.mark.parametrize("tasks", [[bridge(OPENING)], [a_task("T2")]])
async def test_what_leaves_the_plan_is_dropped(house: House, tasks: list[Json]) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    await house.hear_plan(*tasks, version=2)
    assert await settled(house) == [("drawings", "2022-03-31", "dropped")]


REST: Json = {"periods": ["2022-B3"], "first": "2022-05-01", "last": "2022-06-30", "extend": False}


async def test_a_suspended_task_is_not_told_until_it_goes_on(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    await house.hear_plan(bridge(), version=2, amended={"T1": an_amendment(rests=[REST])})
    assert await settled(house) == []  # it rests from May on
    await days(house, "2022-05-05", "2022-06-30")
    assert await settled(house) == [("drawings", "2022-03-31", "not_counted")]
    assert len(await overdue(house)) == 1
    await days(house, "2022-07-01")
    assert [(day, stage) for _, day, stage, _ in (await overdue(house))[1:]] == [
        ("2022-07-01", "passed"),
        ("2022-07-01", "month"),
    ]


async def test_a_rest_that_gives_more_time_moves_a_date_to_come(house: House) -> None:
    rest = REST | {"extend": True}
    amended = {"T1": an_amendment(rests=[rest])}
    await house.hear_plan(bridge(a_milestone("survey", "2022-06-30")), amended=amended)
    await days(house, "2022-07-01", "2022-08-30")
    assert await overdue(house) == []
    await days(house, "2022-08-31")
    assert await overdue(house) == [("survey", "2022-08-31", "passed", 1)]


async def test_a_cancelled_task_is_not_told_and_what_was_told_is_taken_back(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    amended = {"T1": an_amendment(cancelled_on="2022-04-01")}
    await house.hear_plan(bridge(), version=2, amended=amended)
    assert await settled(house) == [("drawings", "2022-03-31", "not_counted")]
    await days(house, "2022-04-02", "2022-06-01")
    assert len(await overdue(house)) == 1


async def test_a_closed_task_is_taken_back(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-12-30")
    assert [stage for _, _, stage, _ in await overdue(house)] == ["passed", "month"]
    await days(house, "2023-01-03")
    assert await settled(house) == [("drawings", "2022-03-31", "not_counted")]


@pytest.mark.parametrize(
    "of", [{"start": "2022-06-01"}, {"assumed": ["due"]}], ids=["not_started", "unconfirmed"]
)
async def test_a_task_that_does_not_count_is_not_told(house: House, of: dict[str, Any]) -> None:
    await house.hear_plan(bridge(**of))
    await days(house, "2022-04-01")
    assert await overdue(house) == []


async def test_what_was_due_before_reports_are_owed_is_history(house: House) -> None:
    await house.hear_plan(bridge(), activate_from="2022-B3")
    await days(house, "2022-05-05")
    assert await overdue(house) == []


async def test_after_the_plans_last_period_it_is_told_without_one(house: House) -> None:
    opening = a_milestone("opening", "2022-08-31")
    await house.hear_plan(bridge(opening, due="2022-08-31"), head={"end": "2022-08-31"})
    await days(house, "2022-09-01")
    assert [one.period for one in await house.said(MilestoneOverdue)] == [None]
    await house.hear_report(period="2022-B4", milestones={"opening": "2022-08-31"})
    assert await settled(house) == [("opening", "2022-08-31", "done")]


async def test_all_of_it_again_says_nothing_twice(house: House) -> None:
    await house.hear_plan(bridge())
    await days(house, "2022-04-01")
    await house.hear_report(milestones={"drawings": "2022-04-01"}, as_of="2022-04-01")
    await house.voice.repeat_everything()
    await house.take_in()
    assert len(await overdue(house)) == len(await settled(house)) == 1


def an_amendment(**of: object) -> Amended:
    return Amended.model_validate_json(json.dumps(of))

"""The live board: one task on one day."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from scoring_cast import (
    Json,
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_task,
    an_indicator,
)

from scoring.domain.facts import Report
from scoring.domain.standing import Standing, standing
from shared.calendar.periods import PeriodScheme


def stands(
    task: Json, day: str, *reports: Report, finished: Mapping[str, int | None] | None = None
) -> Standing:
    plan = a_plan(task)
    today = date.fromisoformat(day)
    return standing(
        plan.tasks[0][1],
        action=plan.actions[0],
        units={unit.id: unit for unit in plan.units},
        reports=reports,
        rulebook=a_rulebook(),
        scheme=PeriodScheme(cadence="bimonthly"),
        period=PeriodScheme(cadence="bimonthly").containing(today),
        day=today,
        finished=finished or {},
    )


def test_a_task_stands_against_what_is_expected_today() -> None:
    now = stands(a_task(), "2022-05-15", a_report(values={"T1.I": "30"}))
    assert [str(number) for number in (now.a, now.e, now.r, now.gap)] == [
        "0.3000",
        "0.3737",
        "0.8029",
        "7.3656",
    ]
    assert (now.period, now.unit, now.light.light) == ("2022-B3", "U1", "yellow")


def test_time_alone_turns_a_light() -> None:
    report = a_report(values={"T1.I": "30"})
    days = [date(2022, 4, 1) + timedelta(days=n) for n in range(70)]
    lights = [stands(a_task(), str(day), report).light.light for day in days]
    turns = [light for n, light in enumerate(lights) if n == 0 or light != lights[n - 1]]
    assert turns == ["green", "yellow", "red"]


def test_a_value_for_the_end_of_the_running_period_already_counts() -> None:
    early = a_report(period="2022-B3", values={"T1.I": "50"}, received="2022-05-15T09:00:00")
    assert str(stands(a_task(), "2022-05-15", early).a) == "0.5000"


def test_silence_alone_does_not_change_the_live_light() -> None:
    assert stands(a_task(), "2022-02-20").light.steps == ("ratio_red",)
    assert stands(a_task(), "2022-01-20").light.steps == ("ratio_red", "early")


def test_a_milestone_overdue_too_long_is_red_on_the_board_too() -> None:
    task = a_task(measure="percent", milestones=[a_milestone("M1", "2022-03-31")], weight="10")
    report = a_report(percent="90")
    assert stands(task, "2022-04-30", report).light.light == "green"
    assert stands(task, "2022-05-01", report).light.light == "red"


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (a_task(start="2022-06-01"), "not_started"),
        (a_task(assumed=["due"]), "unconfirmed"),
        (a_task(milestones=[a_milestone("M1", "2022-06-30")]), "no_expectation"),
        (a_task(indicators=[an_indicator("I1", cadence="annual")]), "year_only"),
        (a_task(indicators=[an_indicator("I1", data_from="statistics")]), "no_data"),
    ],
)
def test_what_is_left_out_is_grey_with_its_reason(task: Json, reason: str) -> None:
    now = stands(task, "2022-05-15")
    assert (now.light.light, now.left_out, now.a, now.r) == ("grey", reason, None, None)


def test_what_a_publication_found_finished_is_blue() -> None:
    report = a_report(values={"T1.I": "100"})
    assert stands(a_task(), "2022-05-15", report).light.light == "green"
    assert stands(a_task(), "2022-05-15", report, finished={"T1": 2022}).light.light == "blue"
    after = stands(a_task(due="2023-06-30"), "2023-01-15", report, finished={"T1": 2022})
    assert (after.light.light, after.left_out) == ("blue", "done")

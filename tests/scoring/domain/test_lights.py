"""The lights, in the order in which they are made."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from scoring_cast import (
    Json,
    a_milestone,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    the_line,
    the_period,
)

from scoring.domain.facts import Previous, PreviousLine
from scoring.domain.lights import Course, LightDecision, published_light
from shared.contracts.rulebook import Lights
from shared.contracts.scoring import Light

HALF = Fraction(1, 2)


def light(
    r: str,
    previous: Light | None = None,
    *,
    e: Fraction = HALF,
    silent: int = 0,
    overdue: tuple[str, ...] = (),
    settings: Lights | None = None,
) -> LightDecision:
    index = Fraction(r)
    course = Course(r=Decimal(r), e=e, gap=100 * (e - index * e), overdue=overdue)
    return published_light(course, settings or Lights(), previous=previous, silent_periods=silent)


@pytest.mark.parametrize(
    ("r", "expected"),
    [
        ("0.9500", "green"),
        ("0.9499", "yellow"),
        ("0.8000", "yellow"),
        ("0.7999", "red"),
        ("-0.1000", "red"),
    ],
)
def test_the_ratio_decides_the_raw_light(r: str, expected: str) -> None:
    assert light(r).light == expected


@pytest.mark.parametrize(
    ("previous", "r", "expected"),
    [
        ("green", "0.7999", "red"),
        ("yellow", "0.9600", "yellow"),
        ("yellow", "0.9700", "green"),
        ("red", "0.8100", "red"),
        ("red", "0.8200", "yellow"),
        ("red", "1.0000", "yellow"),
        ("grey", "0.9500", "green"),
        ("blue", "0.9500", "green"),
        ("yellow", "0.8000", "yellow"),
    ],
)
def test_worse_is_immediate_and_better_is_slow(previous: Light, r: str, expected: str) -> None:
    assert light(r, previous).light == expected


def test_the_rulebook_may_let_a_light_recover_at_once() -> None:
    quick = Lights.model_validate_json('{"max_step": 2}')
    assert light("1.0000", "red", settings=quick).light == "green"
    assert light("0.9600", "red", settings=quick).light == "yellow"


def test_early_in_its_time_a_task_is_yellow_at_worst() -> None:
    assert light("0.1000", e=Fraction(99, 1000)) == LightDecision(
        light="yellow", steps=("ratio_red", "early")
    )
    assert light("0.1000", e=Fraction(1, 10)).light == "red"


def test_a_missing_report_is_yellow_and_a_second_one_red() -> None:
    assert light("1.0000", silent=1).light == "yellow"
    assert light("0.1000", silent=1).light == "red"
    assert light("1.0000", silent=2).light == "red"
    assert light("0.1000", e=Fraction(1, 20), silent=1).light == "yellow"


def test_a_milestone_overdue_too_long_is_red_whatever_else() -> None:
    decision = light("1.0000", overdue=("M1",))
    assert decision == LightDecision(light="red", steps=("ratio_green", "milestone_overdue:M1"))


@pytest.mark.parametrize(("due", "expected"), [("2022-03-31", "yellow"), ("2022-03-30", "red")])
def test_a_milestone_is_overdue_after_thirty_days(due: str, expected: str) -> None:
    task = a_task(milestones=[a_milestone("M0", "2022-02-01", weight="9"), a_milestone("M1", due)])
    report = a_report(milestones={"M0": "2022-02-01"})
    assert the_line(a_run(task, reports=[report])).light == expected


def previous(period: str, light: Light, *, missing: bool = False, unit: str = "U1") -> Previous:
    line = PreviousLine(unit=unit, light=light, missing=missing)
    return Previous(period=the_period(period), lines={"T1": line})


TOTAL = a_task(indicators=[an_indicator("I1")])


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (previous("2022-B1", "red"), "yellow"),
        (previous("2021-B6", "red"), "green"),
        (previous("2022-B1", "grey"), "green"),
        (None, "green"),
    ],
)
def test_the_light_of_the_period_before_is_remembered(
    before: Previous | None, expected: str
) -> None:
    run = a_run(TOTAL, reports=[a_report(values={"I1": "40"})], previous=before)
    assert the_line(run).light == expected


def test_a_new_year_forgets_the_light_of_the_old() -> None:
    report = a_report(period="2022-B1", values={"I1": "40"})
    run = a_run(TOTAL, period="2022-B1", reports=[report], previous=previous("2021-B6", "red"))
    assert the_line(run).light == "green"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (previous("2022-B1", "green", missing=True), "red"),
        (previous("2022-B1", "green", missing=False), "yellow"),
        (previous("2022-B1", "green", missing=True, unit="U2"), "yellow"),
        (previous("2021-B6", "green", missing=True), "yellow"),
    ],
)
def test_the_second_silence_of_a_unit_in_a_row_is_red(before: Previous, expected: str) -> None:
    earlier = a_report(period="2022-B1", values={"I1": "40"})
    run = a_run(TOTAL, reports=[earlier], previous=before, rulebook=a_rulebook())
    assert the_line(run).light == expected


GAP = Lights.model_validate_json('{"preset": "gap_pp"}')


@pytest.mark.parametrize(
    ("r", "e", "expected"),
    [
        ("0.9001", Fraction(1), "green"),
        ("0.9000", Fraction(1), "yellow"),
        ("0.7000", Fraction(1), "yellow"),
        ("0.6999", Fraction(1), "red"),
        ("0.0000", Fraction(1, 6), "yellow"),
        ("0.0000", Fraction(9, 100), "green"),
    ],
)
def test_by_points_the_gap_alone_decides(r: str, e: Fraction, expected: str) -> None:
    # 10 points and 30 points are yellow; at E = 16.7 % nothing can be 30 points behind.
    decision = light(r, e=e, settings=GAP)
    assert (decision.light, decision.steps) == (expected, (f"gap_pp_{expected}",))


def test_by_points_the_light_has_no_memory_and_silence_still_shows() -> None:
    assert light("0.9500", "red", e=Fraction(1), settings=GAP).light == "green"
    assert light("0.9500", e=Fraction(1), settings=GAP, silent=1).light == "yellow"
    assert light("0.9500", e=Fraction(1), settings=GAP, overdue=("M1",)).light == "red"


def of_the_preset(task: Json, preset: str, **said: Any) -> str:  # noqa: ANN401  # a report's fields
    rulebook = a_rulebook(lights={"preset": preset})
    return the_line(a_run(task, reports=[a_report(**said)], rulebook=rulebook)).light


def test_supervision_slips_are_red_once_the_day_has_come() -> None:
    running, due = a_task(measure="percent"), a_task(measure="percent", due="2022-04-30")
    assert of_the_preset(running, "overdue_only", percent="33.4") == "green"
    assert of_the_preset(running, "overdue_only", percent="1") == "yellow"
    assert of_the_preset(due, "overdue_only", percent="99.9") == "red"


def test_supervision_slips_are_red_for_a_milestone_past_its_day() -> None:
    nodes = [a_milestone("M1", "2022-04-29"), a_milestone("M2", "2022-12-31")]
    task = a_task(milestones=nodes)
    assert of_the_preset(task, "overdue_only", milestones={"M2": "2022-04-01"}) == "red"
    assert of_the_preset(task, "overdue_only", milestones={"M1": "2022-04-30"}) == "green"
    assert of_the_preset(task, "ratio", milestones={"M2": "2022-04-01"}) == "green"

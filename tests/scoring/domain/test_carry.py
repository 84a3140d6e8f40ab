"""What a missing report scores where the last value is carried on (assessment 4.5)."""

# ruff: noqa: E501  # a row of a table is one line

import pytest
from scoring_cast import (
    Json,
    a_milestone,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    printed,
    the_line,
    the_period,
)

from scoring.domain.facts import Previous, PreviousLine
from scoring.domain.task_line import TaskLine


def silent(
    task: Json, *, before: Previous | None = None, said: bool = True, **settings: object
) -> TaskLine:
    """The line of a task that reported a quarter in B1 (as the task is measured), nothing in B2."""
    figure = {one["id"]: "25" for one in task.get("indicators", [])}
    nodes = {"M1": "2022-02-01"} if "milestones" in task else None
    earlier = a_report(
        period="2022-B1", values=figure, milestones=nodes, percent="25" if not figure else None
    )
    rulebook = a_rulebook(**{"missing": "carry", **settings})
    reports = [earlier] if said else []
    return the_line(a_run(task, reports=reports, previous=before, rulebook=rulebook))


def was(*, missing: bool, period: str = "2022-B1") -> Previous:
    line = PreviousLine(unit="U1", light="green", missing=missing)
    return Previous(period=the_period(period), lines={"T1": line})


def test_once_the_last_total_earns_its_progress_part() -> None:
    # a = 0.25 against E = 1/3: P = 75, S = 0.8 x 75.
    line = silent(a_task())
    assert printed(line, "p", "t", "q", "score") == ("75.00", "0.00", "0.00", "60.00")
    assert (line.flags, line.light, line.missing) == (("carried",), "red", True)


def test_where_lateness_is_a_deduction_its_weight_is_carried_too() -> None:
    # S = (0.8 + 0.1) x 75.
    line = silent(a_task(), lateness={"mode": "deduction"})
    assert printed(line, "score") == ("67.50",)


def test_a_second_silence_in_a_row_scores_nothing_across_the_new_year_too() -> None:
    assert printed(silent(a_task(), before=was(missing=True)), "p", "score") == ("0.00", "0.00")
    assert printed(silent(a_task(), before=was(missing=False)), "score") == ("60.00",)
    two_before = was(missing=True, period="2021-B6")
    assert printed(silent(a_task(), before=two_before), "score") == ("60.00",)


@pytest.mark.parametrize(
    ("task", "score"),
    [
        (a_task(milestones=[a_milestone("M1", "2022-02-01"), a_milestone("M2", "2022-04-01")]), "40.00"),
        (a_task(measure="percent"), "0.00"),
        (a_task(indicators=[an_indicator("I1", "level", baseline="0")]), "0.00"),
        (a_task(indicators=[an_indicator("I1"), an_indicator("I2", "maintain", target="20")]), "0.00"),
    ],
)  # fmt: skip
def test_only_totals_and_milestones_are_carried(task: Json, score: str) -> None:
    line = silent(task)
    assert printed(line, "score") == (score,)
    assert ("carried" in line.flags) == (score != "0.00")


def test_without_a_value_there_is_nothing_to_carry() -> None:
    line = silent(a_task(), said=False)
    assert (printed(line, "p", "score"), line.flags) == (("0.00", "0.00"), ())
    pending = a_task(indicators=[an_indicator("I1", data_from="statistics")])
    assert printed(silent(pending, said=False), "p", "score") == ("0.00", "0.00")


def test_a_figure_never_reported_is_carried_as_nothing_beside_the_others() -> None:
    # a = 0.25 against 1/3, and 0: P = (75 + 0)/2, S = 0.8 x 37.5
    task = a_task(indicators=[an_indicator("I1"), an_indicator("I2")])
    earlier = a_report(period="2022-B1", values={"I1": "25"})
    line = the_line(a_run(task, reports=[earlier], rulebook=a_rulebook(missing="carry")))
    assert printed(line, "p", "score") == ("37.50", "30.00")

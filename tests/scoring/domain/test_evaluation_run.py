"""Evaluations of the whole plan at a day, by hand (assessment 4.14, 4.17)."""

from collections.abc import Sequence
from datetime import date

import pytest
from scoring_cast import (
    Json,
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_task,
    an_indicator,
    printed,
)

from scoring.domain.evaluation_run import EvaluationFacts, EvaluationResult, run_evaluation
from scoring.domain.facts import PlanFacts, Report
from scoring.domain.task_line import TaskLine


def evaluated(
    *tasks: Json,
    day: str = "2023-12-31",
    reports: Sequence[Report] = (),
    plan: PlanFacts | None = None,
) -> EvaluationResult:
    """The plan at a day."""
    return run_evaluation(
        EvaluationFacts(
            plan=plan or a_plan(*tasks),
            rulebook=a_rulebook(),
            id="look",
            day=date.fromisoformat(day),
            reports=tuple(reports),
        )
    )


def line(task: Json, **other: object) -> TaskLine:
    [found] = evaluated(task, **other).tasks  # type: ignore[arg-type]  # as of `evaluated`
    return found


LONG = {"start": "2021-01-01", "due": "2025-12-31"}


def test_a_task_scores_its_progress_alone() -> None:
    # Three of five years have gone: E = 0.6; 48 of 100 is R = 0.8.
    found = line(a_task(**LONG), reports=[a_report(period="2023-B6", values={"T1.I": "48"})])
    assert printed(found, "a", "e", "r", "p", "t", "q", "score") == (
        "0.4800", "0.6000", "0.8000", "80.00", None, None, "80.00",
    )  # fmt: skip
    assert (found.light, found.expected, found.timeliness) == ("yellow", False, None)


def test_what_is_dated_later_is_not_yet_true() -> None:
    reports = [
        a_report(period="2023-B2", values={"T1.I": "30"}),
        a_report(period="2023-B3", values={"T1.I": "40"}, as_of="2023-06-10"),
    ]
    assert printed(line(a_task(**LONG), day="2023-06-09", reports=reports), "a") == ("0.3000",)
    assert printed(line(a_task(**LONG), day="2023-06-10", reports=reports), "a") == ("0.4000",)


def test_a_closed_or_finished_task_is_looked_at_all_the_same() -> None:
    done = a_task(start="2021-01-01", due="2021-12-31")
    assert printed(line(done), "e", "score", "left_out") == ("1.0000", "0.00", None)
    told = [a_report(period="2021-B6", values={"T1.I": "100"})]
    found = line(done, reports=told)
    assert (printed(found, "score"), found.light) == (("100.00",), "green")


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (a_task(start="2024-01-01", due="2024-12-31"), "not_started"),
        (a_task(**LONG, assumed=["weight"]), "unconfirmed"),
        (a_task(**LONG, indicators=[an_indicator(data_from="statistics")]), "no_data"),
        (a_task(**LONG, milestones=[a_milestone("M1", "2024-06-30")]), "no_expectation"),
    ],
)
def test_what_cannot_be_looked_at_is_left_out(task: Json, reason: str) -> None:
    found = line(task)
    assert (found.left_out, found.light, found.score) == (reason, "grey", None)


def test_every_year_of_what_recurs_counts_none_for_more_than_itself() -> None:
    """Years of 100: 150 in 2021, 50 in 2022, 80 of the 2023 that is half gone on 30 June."""
    reports = [
        a_report(period="2021-B6", values={"I1": "150"}),
        a_report(period="2022-B6", values={"I1": "50"}),
        a_report(period="2023-B3", values={"I1": "80"}),
    ]
    task = a_task(**LONG, indicators=[an_indicator("I1", "recurring")])
    # a = (1 + 0.5 + 0.8) / 3, E = (1 + 1 + 0.5) / 3.
    found = line(task, day="2023-06-30", reports=reports)
    assert printed(found, "a", "e", "score") == ("0.7667", "0.8333", "92.00")


def test_slower_figures_and_ranks_count_too() -> None:
    figures = [
        an_indicator("I1", "rank", target="10"),
        an_indicator("I2", "maintain", target="50", cadence="annual"),
    ]
    reports = [
        a_report(period="2023-B6", values={"I1": "15", "I2": "50"}),
    ]
    # A rank of 15 among the first ten is worth a half, what is kept the whole.
    assert printed(line(a_task(**LONG, indicators=figures), reports=reports), "score") == ("75.00",)


def test_units_actions_and_the_plan_follow_and_units_are_ranked() -> None:
    plan = a_plan(
        a_task("X", **LONG, weight="30"),
        a_task("Y", **LONG, assignments=[{"unit": "U2", "role": "lead"}]),
    )
    reports = [
        a_report("X", "2023-B6", values={"X.I": "60"}),
        a_report("Y", "2023-B6", unit="U2", values={"Y.I": "30"}),
    ]
    found = evaluated(plan=plan, reports=reports)
    assert [(str(one.score), one.rank) for one in found.units[:2]] == [("100.00", 1), ("50.00", 2)]
    # (30 x 100 + 10 x 50) / 40
    assert (str(found.plan_score), found.rates.reporting_rate) == ("87.50", None)
    assert EvaluationResult.model_validate_json(found.model_dump_json()) == found

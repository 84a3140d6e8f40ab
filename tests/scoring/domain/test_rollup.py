"""Shares, units, actions, ranks, grades and rates."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_cast import (
    Json,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    the_line,
    the_task,
)

from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.rollup import UnitResult, published_mean, rates
from scoring.domain.shares import shares
from scoring.domain.task_line import TaskLine
from shared.contracts.plan import Assignment, Role, Validity
from shared.contracts.rulebook import Rounding, Shares

LEAD = {"unit": "U1", "role": "lead"}
SPLIT, COEFFICIENT = Shares(), Shares(mode="coefficient")
HELPERS = [{"unit": "U2", "role": "cooperating"}, {"unit": "U3", "role": "cooperating"}]


def share(settings: Shares, *assignments: Json) -> dict[str, str]:
    task = the_task(a_task(assignments=list(assignments)))
    return {unit: str(part) for unit, part in shares(task.assignments, settings).items()}


def test_leads_and_helpers_divide_their_parts_equally() -> None:
    joint = {"unit": "U2", "role": "joint_lead"}
    assert share(SPLIT, LEAD, *HELPERS) == {"U1": "7/10", "U2": "3/20", "U3": "3/20"}
    assert share(SPLIT, LEAD, joint, HELPERS[1]) == {"U1": "7/20", "U2": "7/20", "U3": "3/10"}


def test_without_helpers_the_leads_have_all() -> None:
    supervisor = {"unit": "U2", "role": "supervising"}
    assert share(SPLIT, LEAD, supervisor) == {"U1": "1"}


def test_a_unit_with_two_roles_keeps_the_larger_before_the_split() -> None:
    assert share(SPLIT, {"unit": "U1", "role": "cooperating"}, LEAD, HELPERS[0]) == {
        "U1": "7/10",
        "U2": "3/10",
    }


def test_a_share_written_in_the_plan_replaces_its_part() -> None:
    assert share(SPLIT, LEAD | {"share": "0.9"}, HELPERS[0] | {"share": "0.1"}) == {
        "U1": "9/10",
        "U2": "1/10",
    }


roles = st.sampled_from(["joint_lead", "cooperating", "supervising"])


@given(st.lists(st.tuples(st.sampled_from(["U1", "U2", "U3", "U4"]), roles), max_size=6))
def test_the_shares_of_a_task_sum_to_one(others: list[tuple[str, Role]]) -> None:
    helpers = [Assignment(unit=unit, role=role) for unit, role in others]
    lead = Assignment(unit="U1", role="lead")
    assert sum(shares([*helpers, lead], SPLIT).values(), Fraction(0)) == 1


def test_a_unit_that_has_closed_holds_nothing_any_more() -> None:
    task = a_task(assignments=[LEAD, HELPERS[0]])
    plan = a_plan(task, a_task("T2", assignments=[{"unit": "U2", "role": "lead"}]))
    units = tuple(
        unit.model_copy(update={"valid": Validity(to=date(2022, 4, 29))})
        if unit.id == "U2"
        else unit
        for unit in plan.units
    )
    result = run_period(a_run(plan=replace(plan, units=units)))
    assert [line.left_out for line in result.tasks] == [None, "closed"]
    assert result.tasks[0].shares == {"U1": 1}
    closed = by_unit(result)["U2"]
    assert (closed.score, closed.rank, closed.reasons) == (None, None, ("no_counted_task",))


def test_by_coefficient_each_role_has_its_own() -> None:
    assert share(COEFFICIENT, LEAD, *HELPERS) == {"U1": "1", "U2": "1/2", "U3": "1/2"}


def lead_and_helpers(mode: str) -> PeriodResult:
    """Task X: S 75, led by U1, helped by U2 and U3; Y is U1's (95), Z is U2's (88)."""
    plan = a_plan(
        a_task("X", weight="20", assignments=[LEAD, *HELPERS]),
        a_task("Y", weight="10"),
        a_task("Z", weight="12", assignments=[{"unit": "U2", "role": "lead"}]),
    )
    # E = 1/3 and W = 0.8 progress: S = 20 + 0.8·P.
    reports = [
        a_report("X", values={"X.I": "22.916666"}),
        a_report("Y", values={"Y.I": "31.25"}),
        a_report("Z", unit="U2", values={"Z.I": "28.333333"}),
    ]
    rules = a_rulebook(shares={"mode": mode})
    return run_period(a_run(plan=plan, reports=reports, rulebook=rules))


def by_unit(result: PeriodResult) -> dict[str, UnitResult]:
    return {unit.unit: unit for unit in result.units}


def test_a_units_score_weighs_its_tasks_by_its_share() -> None:
    result = lead_and_helpers("split")
    assert [str(line.score) for line in result.tasks] == ["75.00", "95.00", "88.00"]
    units = by_unit(result)
    assert (str(units["U1"].score), str(units["U2"].score)) == ("83.33", "85.40")
    assert [unit.model_dump(mode="json")["counted_weight"] for unit in result.units] == [
        "24",
        "15",
        "3",
    ]


def test_by_coefficient_the_same_tasks_weigh_otherwise() -> None:
    units = by_unit(lead_and_helpers("coefficient"))
    assert (str(units["U1"].score), str(units["U2"].score)) == ("81.67", "82.09")


def test_an_action_is_the_mean_of_its_tasks_and_the_plan_of_its_actions() -> None:
    pairs = [(Fraction(20), "91"), (Fraction(10), "88"), (Fraction(20), "60")]
    mean = published_mean([(w, Decimal(score)) for w, score in pairs], Rounding())
    assert str(mean) == "78.00"
    plan = a_plan(
        a_task("X", action="A1"),
        a_task("Y", action="A2"),
        a_task("Z", action="A3", start="2022-11-01"),
        actions={"A1": "3", "A2": "1", "A3": "9"},
    )
    reports = [a_report("X", values={"X.I": "50"})]
    result = run_period(a_run(plan=plan, reports=reports))
    summary = result.summary()
    assert summary["actions"] == [
        {"action": "A1", "score": "100.00"},
        {"action": "A2", "score": "0.00"},
        {"action": "A3", "score": None},
    ]
    assert summary["plan_score"] == "75.00"


def test_a_unit_without_a_counted_task_has_no_score_and_no_rank() -> None:
    result = run_period(a_run(a_task(start="2022-11-01")))
    unit = result.units[0]
    assert (unit.score, unit.rank, unit.grade) == (None, None, None)
    assert unit.reasons == ("no_counted_task",)


def covered(left_out_weight: str) -> UnitResult:
    late = {"start": "2022-01-01", "due": "2022-12-31", "measure": "yes_no"}
    plan = a_plan(
        a_task("X", weight="10"),
        a_task("Y", weight=left_out_weight, **late),
        a_task("Z", weight="99", start="2022-11-01"),
        a_task("V", assignments=[{"unit": "U2", "role": "lead"}]),
    )
    reports = [a_report("X", values={"X.I": "50"}), a_report("V", unit="U2", values={"V.I": "1"})]
    return run_period(a_run(plan=plan, reports=reports)).units[0]


def test_a_unit_mostly_left_out_is_shown_but_neither_ranked_nor_graded() -> None:
    thin, enough = covered("10.1"), covered("10")
    assert (str(thin.score), thin.rank, thin.grade) == ("100.00", None, None)
    assert thin.reasons == ("insufficient_basis",)
    assert (enough.rank, enough.reasons) == (1, ("no_seat",))
    assert enough.model_dump(mode="json")["left_out_weight"] == "10"


def test_groups_are_ranked_apart() -> None:
    plan = a_plan(
        *(a_task(f"T{n}", assignments=[{"unit": f"U{n}", "role": "lead"}]) for n in (1, 2, 3, 4)),
        units={"U1": "parks", "U2": "bureaus", "U3": "parks", "U4": "bureaus"},
    )
    reports = [
        a_report(f"T{n}", unit=f"U{n}", values={f"T{n}.I": str(10 * n)}) for n in (1, 2, 3, 4)
    ]
    result = run_period(a_run(plan=plan, reports=reports))
    assert [unit.rank for unit in result.units] == [2, 2, 1, 1]


def outcomes(line: TaskLine, outcome: str, times: int) -> list[TaskLine]:
    assert line.timeliness is not None
    known = line.timeliness.model_copy(update={"outcome": outcome})
    return [line.model_copy(update={"timeliness": known})] * times


def test_rates_are_of_the_reports_expected() -> None:
    line = the_line(a_run(a_task()))
    lines = outcomes(line, "on_time", 42) + outcomes(line, "late", 3) + outcomes(line, "missing", 1)
    assert rates(lines, Rounding()).model_dump(mode="json") == {
        "expected": 46,
        "on_time": 42,
        "late": 3,
        "missing": 1,
        "reporting_rate": "97.83",
        "on_time_rate": "91.30",
    }


def test_where_no_report_was_expected_there_is_no_rate() -> None:
    result = run_period(a_run(a_task(start="2022-11-01")))
    assert (result.rates.expected, result.rates.reporting_rate) == (0, None)


@pytest.mark.parametrize(("mode", "score"), [("half_up", "20.13"), ("half_even", "20.12")])
def test_the_rulebook_chooses_how_a_tie_is_rounded(mode: str, score: str) -> None:
    # 20 + 0.8 · 100 · 3 · a = 20.125
    report = a_report(values={"I1": "0.625"})
    task = a_task(indicators=[{"id": "I1", "title": "I1", "kind": "cumulative", "target": "1200"}])
    rules = a_rulebook(rounding={"mode": mode})
    assert str(the_line(a_run(task, reports=[report], rulebook=rules)).score) == score


def test_the_summary_is_the_bulletins_block() -> None:
    summary = run_period(a_run(a_task(), reports=[a_report(values={"T1.I": "30"})])).summary()
    assert list(summary) == ["units", "tasks", "actions", "plan_score", "rates"]
    assert summary["tasks"] == [
        {
            "task": "T1",
            "unit": "U1",
            "a": "0.3000",
            "e": "0.3333",
            "r": "0.9000",
            "light": "yellow",
            "p": "90.00",
            "t": "100.00",
            "q": "100.00",
            "score": "92.00",
            "left_out": None,
            "flags": [],
        }
    ]
    assert summary["units"][0] == {
        "unit": "U1",
        "group": "departments",
        "score": "92.00",
        "rank": None,
        "grade": "excellent",
        "counted_weight": "10",
        "left_out_weight": "0",
        "reasons": [],
        "lines": [],
    }

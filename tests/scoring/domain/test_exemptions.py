"""Exemptions: what they do to the named unit's line of the named task, and to nothing else."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_cast import Json, a_plan, a_report, a_rulebook, a_run, a_task, an_indicator, printed

from scoring.domain.facts import Entered, PlanFacts, Report
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.ranking import Contender, Place, placed
from scoring.domain.rollup import UnitResult
from scoring.domain.task_line import TaskLine
from shared.contracts.decisions import Exemption, ExemptionKind, Penalty

U1, U2, U3 = ({"unit": f"U{n}", "role": "lead"} for n in (1, 2, 3))
HELP = [{"unit": f"U{n}", "role": "cooperating"} for n in (2, 3)]
PERIOD = "2022-B2"


def exemption(kind: ExemptionKind, task: str = "Y", unit: str = "U1", *periods: str) -> Exemption:
    return Exemption(
        id=f"X-{kind}-{task}-{unit}", task=task, unit=unit, kind=kind, periods=periods or (PERIOD,)
    )


def reported(task: str, score: int, unit: str = "U1") -> Report:
    """A report that scores so much: S = 20 + 0.8 · P, and E = 1/3 of a target of 2400."""
    return a_report(task, unit=unit, values={f"{task}.I": str((score - 20) * 10)})


def a_part(name: str, weight: str, *assignments: Json) -> Json:
    figure = an_indicator(f"{name}.I", target="2400")
    return a_task(name, weight=weight, indicators=[figure], assignments=list(assignments or (U1,)))


def result_of(
    plan: PlanFacts, reports: Sequence[Report], *exemptions: Exemption, **rules: object
) -> PeriodResult:
    run = a_run(plan=plan, reports=reports, rulebook=a_rulebook(**rules))
    return run_period(replace(run, exemptions=exemptions))


THREE = a_plan(a_part("X", "20"), a_part("Y", "15"), a_part("Z", "15"))
TOLD = [reported("X", 90), reported("Y", 30), reported("Z", 80)]


def unit_in(result: PeriodResult, unit: str = "U1") -> UnitResult:
    return next(one for one in result.units if one.unit == unit)


def line_in(result: PeriodResult, task: str = "Y") -> TaskLine:
    return next(one for one in result.tasks if one.task == task)


@pytest.mark.parametrize(
    ("kinds", "score"),
    [
        ((), "69.00"),
        (("E1",), "85.71"),
        (("E2",), "69.00"),
        (("E3",), "69.00"),
        (("E4",), "78.00"),
        (("E5",), "69.00"),
        (("E4", "E1"), "85.71"),
    ],
)
def test_each_kind_of_exemption_does_what_the_worked_example_says(
    kinds: Sequence[ExemptionKind], score: str
) -> None:
    result = result_of(THREE, TOLD, *(exemption(kind) for kind in kinds))
    unit = unit_in(result)
    assert (str(unit.score), unit.reasons, unit.lines) == (score, (), ())


def test_an_exempt_task_is_left_out_and_still_owes_its_report() -> None:
    result = result_of(THREE, TOLD, exemption("E1"))
    line = line_in(result)
    assert printed(line, "p", "t", "q", "r", "gap", "score") == (None,) * 6
    assert printed(line, "a", "e", "light", "left_out") == ("0.0417", "0.3333", "grey", "exempt")
    assert line.light_steps == ("exempt",)
    assert line.earned == Decimal("30.00")
    assert (result.rates.expected, result.rates.on_time) == (3, 3)
    assert (str(unit_in(result).counted_weight), str(unit_in(result).left_out_weight)) == (
        "35",
        "15",
    )
    # The action follows the lead: (20 · 90 + 15 · 80) / 35
    assert str(result.actions[0].score) == "85.71"


def test_an_exempt_task_shows_the_means_of_all_its_parts_like_any_that_is_left_out() -> None:
    later = an_indicator("Y.J", start="2022-07-01")
    task = a_part("Y", "15")
    plan = a_plan(task | {"indicators": [*task["indicators"], later]})
    line = line_in(result_of(plan, [reported("Y", 60)], exemption("E1")))
    # 400 of 2400 against 1/3, and nothing of 100 against 0
    assert printed(line, "a", "e") == ("0.0833", "0.1667")


def test_a_floor_lifts_the_score_and_nothing_else() -> None:
    result = result_of(THREE, TOLD, exemption("E4"), exemption("E4", "X"))
    lifted, high = line_in(result), line_in(result, "X")
    plain = line_in(result_of(THREE, TOLD))
    assert printed(lifted, "score", "earned") == ("60.00", "30.00")
    columns = ("a", "e", "r", "p", "t", "q", "light", "left_out")
    assert printed(lifted, *columns) == printed(plain, *columns)
    assert printed(high, "score", "earned") == ("90.00", "90.00")


def test_the_floor_is_the_rulebooks_and_holds_for_a_missing_report_too() -> None:
    result = result_of(THREE, TOLD[:1], exemption("E4"), exemption={"floor": "55.5"})
    assert printed(line_in(result), "score", "p") == ("55.50", "0.00")


def test_outside_its_periods_and_for_another_task_an_exemption_does_nothing() -> None:
    plain = result_of(THREE, TOLD)
    for idle in (
        exemption("E1", "Y", "U1", "2022-B1", "2022-B3"),
        exemption("E4", "W"),
        exemption("E1", "Y", "U3"),
    ):
        assert result_of(THREE, TOLD, idle) == plain


SHARED = a_plan(
    a_part("Y", "20", U1, *HELP), a_part("X", "10", U1), a_part("Z", "12", U2), a_part("V", "3", U3)
)
SHARED_TOLD = [
    reported("Y", 50),
    reported("X", 95),
    reported("Z", 88, "U2"),
    reported("V", 80, "U3"),
]


def lines_of(result: PeriodResult) -> dict[str, list[tuple[str, str | None, str | None]]]:
    return {
        unit.unit: [
            (one.task, None if one.score is None else str(one.score), one.left_out)
            for one in unit.lines
        ]
        for unit in result.units
    }


def test_when_the_lead_is_exempt_its_helpers_keep_their_score() -> None:
    result = result_of(SHARED, SHARED_TOLD, exemption("E1"))
    assert lines_of(result) == {
        "U1": [],
        "U2": [("Y", "50.00", None)],
        "U3": [("Y", "50.00", None)],
    }
    # U1 only X; U2 (3 · 50 + 12 · 88) / 15; U3 (3 · 50 + 3 · 80) / 6
    assert [str(unit.score) for unit in result.units] == ["95.00", "80.40", "65.00"]
    # (10 · 95 + 12 · 88 + 3 · 80) / 25
    assert str(result.actions[0].score) == "89.84"


def test_when_a_helper_is_exempt_the_task_keeps_its_line() -> None:
    result = result_of(SHARED, SHARED_TOLD, exemption("E1", unit="U2"))
    assert lines_of(result) == {"U1": [], "U2": [("Y", None, "exempt")], "U3": []}
    assert printed(line_in(result), "score", "left_out", "earned") == ("50.00", None, None)
    # U1 (14 · 50 + 10 · 95) / 24
    assert [str(unit.score) for unit in result.units] == ["68.75", "88.00", "65.00"]
    assert str(unit_in(result, "U2").left_out_weight) == "3"


def test_a_floor_for_the_lead_or_for_a_helper_lifts_only_its_own_score() -> None:
    lead = result_of(SHARED, SHARED_TOLD, exemption("E4"))
    assert lines_of(lead) == {
        "U1": [],
        "U2": [("Y", "50.00", None)],
        "U3": [("Y", "50.00", None)],
    }
    helper = result_of(SHARED, SHARED_TOLD, exemption("E4", unit="U3"))
    assert lines_of(helper) == {"U1": [], "U2": [], "U3": [("Y", "60.00", None)]}
    assert printed(line_in(helper), "score") == ("50.00",)


def test_when_nothing_is_expected_yet_an_exempt_lead_is_exempt_and_its_helper_is_not() -> None:
    task = a_part("Y", "10", U1, HELP[0]) | {"start": "2022-01-01", "measure": "yes_no"}
    plan = a_plan({**task, "indicators": []})
    result = result_of(plan, [], exemption("E1"))
    assert line_in(result).left_out == "exempt"
    assert lines_of(result)["U2"] == [("Y", None, "no_expectation")]


def test_a_finished_task_that_is_exempt_owes_no_report_and_stays_finished() -> None:
    run = a_run(plan=THREE, reports=TOLD[:1], finished={"Y": 2022})
    line = line_in(run_period(replace(run, exemptions=(exemption("E1"),))))
    assert (line.left_out, line.expected, line.finished) == ("exempt", False, True)


def test_no_exemption_covers_false_data() -> None:
    run = replace(a_run(plan=SHARED, reports=SHARED_TOLD), zeroed=frozenset({"Y"}))
    for kind in ("E1", "E4"):
        lead = line_in(run_period(replace(run, exemptions=(exemption(kind),))))
        assert printed(lead, "score", "left_out") == ("0.00", None)
    helper = run_period(replace(run, exemptions=(exemption("E1", unit="U2"),)))
    assert lines_of(helper)["U2"] == [("Y", None, "exempt")]


def test_what_is_cancelled_before_it_is_exempt_stays_so() -> None:
    plan = a_plan(a_part("X", "20"), a_part("Y", "15") | {"start": "2022-05-01"})
    result = result_of(plan, TOLD[:1], exemption("E1"), exemption("E4"))
    assert line_in(result).left_out == "not_started"
    assert unit_in(result).reasons == ()


@pytest.mark.parametrize("kind", ["E1", "E4"])
@pytest.mark.parametrize(
    ("weight", "grade", "reasons"),
    [("15", "excellent", ()), ("15.1", "good", ("exemption_limit",))],
)
def test_with_more_than_the_limit_exempt_a_unit_is_not_excellent(
    kind: ExemptionKind, weight: str, grade: str, reasons: Sequence[str]
) -> None:
    plan = a_plan(a_part("X", str(50 - Decimal(weight))), a_part("Y", weight))
    result = result_of(plan, [reported("X", 95), reported("Y", 95)], exemption(kind))
    unit = unit_in(result)
    # Alone in its group: without rank and without quota, not without the bar.
    assert (unit.score, unit.rank, unit.grade, unit.reasons) == (
        Decimal("95.00"),
        None,
        grade,
        reasons,
    )


def test_a_helpers_exempt_weight_counts_by_its_share() -> None:
    # U3 has 3 of Y and 3 of V: half of its active weight is exempt.
    result = result_of(SHARED, SHARED_TOLD, exemption("E4", unit="U3"))
    assert unit_in(result, "U3").reasons == ("exemption_limit",)
    assert (unit_in(result, "U3").rank, unit_in(result, "U3").grade) == (2, "fair")


def test_a_unit_without_a_score_or_without_basis_needs_no_bar() -> None:
    every = [exemption("E1", task) for task in ("X", "Y", "Z")]
    assert unit_in(result_of(THREE, TOLD, *every)).reasons == ("no_counted_task",)
    assert unit_in(result_of(THREE, TOLD, *every[:2])).reasons == ("insufficient_basis",)


def graded(*scores: int, barred: Collection[str] = ()) -> dict[str, Place]:
    """The places of units U0, U1 … of one group, of which half may be excellent."""
    group = {
        f"U{n}": Contender(score=Decimal(score), barred=f"U{n}" in barred)
        for n, score in enumerate(scores)
    }
    return placed({"g": group}, a_rulebook(quota={"excellent": "0.5"}))


def test_the_seat_of_a_barred_unit_passes_on() -> None:
    plain, barred = graded(99, 97, 95, 93), graded(99, 97, 95, 93, barred={"U0"})
    assert [one.grade for one in plain.values()] == ["excellent", "excellent", "good", "good"]
    assert [one.grade for one in barred.values()] == ["good", "excellent", "excellent", "good"]
    assert [unit for unit, one in barred.items() if one.no_seat] == ["U3"]


def test_a_stored_result_is_read_back_as_it_was() -> None:
    fine = Penalty.model_validate({"unit": "U1", "points": "2.5", "matter": "M"})
    run = replace(
        a_run(plan=SHARED, reports=SHARED_TOLD),
        exemptions=(exemption("E4"), exemption("E1", unit="U2")),
        entries=(Entered(decision="D", entry=fine, on=date(2022, 4, 1)),),
    )
    result = run_period(run)
    assert PeriodResult.model_validate_json(result.model_dump_json()) == result


def test_a_bar_leaves_the_lower_grades_alone() -> None:
    barred = graded(70, 50, barred={"U0", "U1"})
    assert [one.grade for one in barred.values()] == ["fair", "poor"]


kinds: st.SearchStrategy[ExemptionKind] = st.sampled_from(["E1", "E2", "E3", "E4", "E5"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(kinds, st.sampled_from(["U1", "U2", "U3"])), min_size=1, max_size=4),
    st.lists(st.integers(20, 100), min_size=4, max_size=4),
    st.booleans(),
)
def test_an_exemption_changes_no_other_task_and_every_unit_recomputes(
    decided: list[tuple[ExemptionKind, str]], scores: list[int], silent: bool
) -> None:
    leads = ("U1", "U1", "U2", "U3")
    told = [
        reported(name, score, lead) for name, score, lead in zip("YXZV", scores, leads, strict=True)
    ]
    told = told[1:] if silent else told
    exemptions = [exemption(kind, "Y", unit) for kind, unit in decided]
    plain, result = result_of(SHARED, told), result_of(SHARED, told, *exemptions)
    assert [one for one in result.tasks if one.task != "Y"] == [
        one for one in plain.tasks if one.task != "Y"
    ]
    named = {unit for kind, unit in decided if kind in {"E1", "E4"}}
    for unit in result.units:
        if unit.unit not in named:
            assert unit.score == unit_in(plain, unit.unit).score
        own = {one.task: one.score for one in unit.lines}
        pairs = [
            (line.weight * line.shares[unit.unit], own.get(line.task, line.score))
            for line in result.tasks
            if line.shares.get(unit.unit)
        ]
        counted = [(w, Fraction(score)) for w, score in pairs if score is not None]
        if unit.score is None:
            assert not counted
            continue
        total = sum((w * score for w, score in counted), Fraction(0))
        mean = total / sum((w for w, _ in counted), Fraction(0))
        assert abs(Fraction(unit.score) - mean) <= Fraction(1, 200)

"""`duban verify` works out every formula again: kinds, curves, decisions, events, the year."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from local.test_verify import Desk, Json, documents, forged
from scoring_cast import (
    a_milestone,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    the_period,
)
from scoring_year_cast import a_year, award, flat, penalty, rating, veto

from scoring.domain.documents import canonical
from scoring.domain.evaluation_run import EvaluationFacts, run_evaluation
from scoring.domain.facts import Item, PlanFacts, Report, RunFacts
from scoring.domain.memory import previous_of
from scoring.domain.period_run import run_period
from scoring.domain.publication import Cutoff, build
from scoring.domain.year_publication import build_year
from scoring.domain.year_result import YearResult
from shared.contracts.decisions import Amended, Change, Rest

CUTOFF = Cutoff(position=17, at=datetime(2023, 1, 18, 1, tzinfo=UTC))
KEY = b"a secret of the office"
POINTS = [{"by": "2022-03-31", "share": "0.1"}, {"by": "2025-12-31", "share": "1"}]
LONG = {"start": "2021-01-01", "due": "2025-12-31"}


@pytest.fixture
def desk(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> Desk:  # noqa: ANN401  # a path
    return Desk(tmp_path, capsys)


def of_kind(kind: str, value: str, **fields: object) -> tuple[Json, Report]:
    name = f"{kind}{len(fields)}"
    task = a_task(name, **LONG, indicators=[an_indicator(f"{name}.I", kind, **fields)])
    return task, a_report(name, values={f"{name}.I": value})


def every_kind() -> RunFacts:
    """One task of each kind and curve that other tests leave out."""
    told = [
        of_kind("growth", "6", target="8"),
        of_kind("about", "93"),
        of_kind("about", "60", baseline="10"),
        of_kind("about", "93", tolerance="0", baseline=None, cadence="bimonthly"),
        of_kind("ceiling", "55"),
        of_kind("ceiling", "3", tolerance="0"),
        of_kind("range", "45", target="50", target_high="60", baseline="40"),
        of_kind("compound", "6", target="7", years=5),
        of_kind("recurring", "30"),
        of_kind("level", "30", ratio=True),
        of_kind("hold", "0", target="0"),
    ]
    curves: list[tuple[str, Json]] = [
        ("smooth", {}),
        ("table", {"table": POINTS}),
        ("table", {"between": "step", "table": POINTS}),
        ("yearly", {}),
        ("yearly", {"inside": "smooth", "yearly": {"2021": "0.3", "2025": "1"}}),
    ]  # fmt: skip
    for place, (curve, more) in enumerate(curves):
        name = f"curve{place}"
        told.append(
            (
                a_task(name, **LONG, expectation={"curve": curve, **more}),
                a_report(name, values={f"{name}.I": "20"}),
            )
        )
    relation = a_task("relation", indicators=[an_indicator("rel", "relation", target=None)])
    told.append(
        (relation, a_report("relation", relations={"rel": (Decimal("5.7"), Decimal("6.4"))}))
    )
    register = a_task("register", indicators=[an_indicator("reg", "register", target=None)])
    items = {
        "a": Item(due=date(2022, 4, 1)),
        "b": Item(due=date(2022, 5, 1), closed=date(2022, 4, 2)),
    }
    told.append((register, a_report("register", registers={"reg": items})))
    told.append((a_task("rubric", measure="rubric"), a_report("rubric", rubric="B")))
    return a_run(plan=a_plan(*(task for task, _ in told)), reports=[report for _, report in told])


def amended(plan: PlanFacts) -> PlanFacts:
    """A task rests and has no more time, one is given it, one begins anew."""
    rest = {"periods": ("2022-B1",), "first": date(2022, 1, 1), "last": date(2022, 2, 28)}
    change = Change(
        decision="d", effective="2022-B2", first=date(2022, 3, 1), indicator="C.I",
        target=Decimal(120), mode="rebase", due=None, year_targets=None,
    )  # fmt: skip
    return replace(
        plan,
        amended={
            "A": Amended(rests=(Rest(**rest, extend=False),)),  # type: ignore[arg-type]
            "B": Amended(rests=(Rest(**rest, extend=True),)),  # type: ignore[arg-type]
            "C": Amended(changes=(change,)),
        },
    )


def the_notes(desk: Desk, *publications: Json) -> list[str]:
    """What is taken as given; nothing may be wrong."""
    status, printed, errors = desk.verify(desk.file(*publications))
    assert (status, errors) == (0, [])
    return [line for line in printed if line.startswith("  ")]


def test_no_kind_and_no_curve_is_taken_as_given(desk: Desk) -> None:
    run = every_kind()
    formulas = {part.formula for line in run_period(run).tasks for part in line.parts}
    assert len(formulas) >= 13
    assert the_notes(desk, documents(run)) == []


def test_rests_and_new_beginnings_are_worked_out_again(desk: Desk) -> None:
    tasks = [a_task(name, start="2021-07-01") for name in "ABC"]
    reports = [a_report(name, values={f"{name}.I": "50"}) for name in "ABC"]
    run = a_run(plan=amended(a_plan(*tasks)), reports=reports)
    one = documents(run)
    assert (
        len([b for line in run_period(run).tasks for part in line.parts for b in part.bends]) == 3
    )
    assert the_notes(desk, one) == []
    for leaf in one["leaves"].values():
        for line in leaf["tasks"]:
            for part in line["parts"]:
                part["bends"][0]["operands"]["expected"] = "0.5"
    assert any("E before" in error or ", E:" in error for error in desk.errors(forged(one)))


def tied(**rulebook: object) -> tuple[Json, Json]:
    """Two periods; in the second U1 and U2 are tied, and U2 was better before."""
    tasks = [
        a_task(name, measure="percent", assignments=[{"unit": unit, "role": "lead"}])
        for name, unit in (("X", "U1"), ("Y", "U2"), ("Z", "U3"))
    ]
    settings = a_rulebook(**rulebook)
    first = a_run(
        plan=a_plan(*tasks),
        period="2022-B1",
        reports=[
            a_report(task, "2022-B1", unit=unit, percent=percent)
            for task, unit, percent in (("X", "U1", "5"), ("Y", "U2", "10"), ("Z", "U3", "1"))
        ],
        rulebook=settings,
    )
    done = run_period(first)
    second = a_run(
        plan=a_plan(*tasks),
        reports=[
            a_report(task, unit=unit, percent=percent)
            for task, unit, percent in (("X", "U1", "30"), ("Y", "U2", "30"), ("Z", "U3", "1"))
        ],
        rulebook=settings,
        previous=previous_of(the_period("2022-B1"), done.tasks, done.units),
    )
    before = documents(first)
    return before, documents(second, previous=before["digest"])


def test_a_tie_is_broken_by_what_is_published_of_this_period_and_the_one_before(desk: Desk) -> None:
    settings = {"ranking": "ordinal", "tie_break": ["progress", "last_period"]}
    first, second = tied(**settings)
    ranks = {unit: leaf["result"]["rank"] for unit, leaf in second["leaves"].items()}
    assert ranks == {"U1": 2, "U2": 1, "U3": 3}
    assert the_notes(desk, first, second) == []
    assert "what broke a tie" in the_notes(desk, second)[0]
    for unit, rank in (("U1", 1), ("U2", 2)):
        second["leaves"][unit]["result"]["rank"] = rank
    errors = desk.errors(first, forged(second))
    assert "unit U1, rank: 1 is written, 2 follows" in errors


def test_the_seat_at_a_tie_goes_to_whom_the_tie_break_names(desk: Desk) -> None:
    settings = {
        "grades": {"excellent": "50", "good": "40", "fair": "10"},
        "quota": {"excellent": "0.4", "ties": "tie_break"},
        "tie_break": ["last_period"],
    }
    first, second = tied(**settings)
    grades = {unit: leaf["result"]["grade"] for unit, leaf in second["leaves"].items()}
    assert (grades["U1"], grades["U2"]) == ("good", "excellent")
    assert the_notes(desk, first, second) == []


def with_events(points: str = "3") -> Json:
    plan = a_plan(a_task("X", measure="percent"))
    run = a_run(
        plan=plan,
        reports=[a_report("X", percent="20")],
        rulebook=a_rulebook(events={"level": "period"}),
    )
    decided = (award("2", "M1", on="2022-03-01"), penalty(points, on="2022-04-01"))
    return documents(replace(run, entries=decided))


def test_events_in_a_periods_score_are_worked_out_again(desk: Desk) -> None:
    one = with_events()
    result = one["leaves"]["U1"]["result"]
    # P = 60, S = 48 + 20 = 68; 68 + 2 - 3.
    assert (result["score"], result["bonus"], result["deductions"]) == ("67.00", "2.00", "3.00")
    assert the_notes(desk, one) == []
    result["deductions"] = "2.00"
    assert 'unit U1, taken: "2.00" is written, "3.00" follows' in desk.errors(forged(one))


def test_an_evaluation_is_worked_out_again(desk: Desk) -> None:
    plan = a_plan(
        a_task("X", **LONG, indicators=[an_indicator("X.I", "recurring")]),
        a_task("Y", **LONG, milestones=[a_milestone("m", "2022-03-01")]),
    )
    reports = (
        a_report("X", "2021-B6", values={"X.I": "150"}),
        a_report("X", "2022-B6", values={"X.I": "50"}),
        a_report("Y", "2022-B6", milestones={"m": None}),
    )
    facts = EvaluationFacts(
        plan=plan, rulebook=a_rulebook(), id="look", day=date(2022, 12, 31), reports=reports
    )
    publication = build(
        run_evaluation(facts), kind="evaluation", plan="town", plan_version=1,
        rulebook=facts.rulebook, period="look", version=1, cutoff=CUTOFF, previous_digest=None,
        actions=plan.actions, salt_key=KEY,
    )  # fmt: skip
    one = copied(publication.digest, publication.manifest, publication.leaves)
    assert one["leaves"]["U1"]["result"]["score"] == "37.50"
    assert the_notes(desk, one) == []
    one["leaves"]["U1"]["tasks"][0]["score"] = "80.00"
    assert desk.errors(forged(one))


def copied(digest: str, manifest: Mapping[str, Any], leaves: Mapping[str, Any]) -> Json:
    one = {"reader": "office", "digest": digest, "manifest": manifest, "leaves": leaves}
    copy: Json = json.loads(canonical(one))
    return copy


def a_full_year(**settings: Any) -> YearResult:  # noqa: ANN401  # of a rulebook
    plan = a_plan(
        a_task(
            "T1",
            indicators=[
                an_indicator("T1.I", year_targets={"2022": "60"}),
                an_indicator("T1.S", "maintain", target="7", data_from="statistics"),
            ],
            due="2025-12-31",
        ),
        a_task("T2", weight="7", indicators=[an_indicator("T2.I", "growth", target="8")]),
    )
    reports = [
        a_report("T1", "2022-B6", values={"T1.I": "70"}),
        a_report("T2", "2022-B5", values={"T2.I": "3"}),
    ]
    events = [
        award("2", "M1"),
        award("1", "M1"),
        penalty("3", "P1"),
        penalty("4", "P4", uncapped=True),
        veto("fair"),
        rating("88.5"),
    ]
    scores = {
        "U1": ["91.37", "88.02", None, "90.00", "70.55", "83.19"],
        "U2": flat("95.00"),
        "U3": flat("94.00"),
    }
    return a_year(scores=scores, plan=plan, reports=reports, entries=events, **settings)


def year_documents(result: YearResult, previous: str | None = None, **settings: object) -> Json:
    publication = build_year(
        result, plan="town", plan_version=1, rulebook=a_rulebook(**settings), version=1,
        cutoff=CUTOFF, previous_digest=previous, actions=a_plan(a_task()).actions,
        public={}, amends=None, salt_key=KEY,
    )  # fmt: skip
    return copied(publication.digest, publication.manifest, publication.leaves)


YEARS: Sequence[Json] = (
    {},
    {"year": {"periods": "0.5", "attainment": "0.3", "public": "0.2"}},
    {"year": {"period_weights": ["0.1", "0.1", "0.2", "0.2", "0.2", "0.2"]}},
    {"year": {"overshoot_bonus": None}, "events": {"bonus_max": "1"}},
    {"quota": {"excellent": "0.5"}},
)


@pytest.mark.parametrize("settings", YEARS)
def test_a_year_follows_from_its_periods_targets_and_events(desk: Desk, settings: Json) -> None:
    assert the_notes(desk, year_documents(a_full_year(**settings), **settings)) == []


def in_leaf(*path: str | int, to: object) -> Callable[[Json], None]:
    """Write something into the result of U1 in its leaf."""

    def change(one: Json) -> None:
        inner: Any = one["leaves"]["U1"]
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


FORGED = {
    "a score": (in_leaf("result", "score", to="99.00"), "unit U1, score"),
    "the mean of the periods": (in_leaf("result", "periods", to="99.00"), "unit U1, periods"),
    "a period": (in_leaf("result", "period_terms", 0, "score", to="99.00"), "unit U1, periods"),
    "attainment": (in_leaf("result", "attainment", to="99.00"), "unit U1, attainment"),
    "a target": (in_leaf("tasks", 0, "operands", "end", to="90"), "unit U1, T1.I, a"),
    "an overshoot": (in_leaf("tasks", 0, "overshoot", to="2"), "unit U1, T1.I, overshoot"),
    "a bonus": (in_leaf("result", "bonus", to="5.00"), "unit U1, bonus"),
    "a penalty forgotten": (in_leaf("result", "events", 2, "counts", to=False), "unit U1, taken"),
    "a cap lifted": (in_leaf("result", "caps", to=[]), "unit U1, grade"),
    "a rank": (in_leaf("result", "rank", to=1), "unit U1, rank"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_year_that_was_forged_is_named(desk: Desk, what: str) -> None:
    change, named = FORGED[what]
    one = year_documents(
        a_full_year(grades={"excellent": "50", "good": "40", "fair": "10"}),
        grades={"excellent": "50", "good": "40", "fair": "10"},
    )
    change(one)
    assert any(error.startswith(f"{named}:") for error in desk.errors(forged(one)))


def test_a_years_scores_are_those_of_its_periods(desk: Desk) -> None:
    period = documents(a_run(plan=a_plan(a_task()), period="2022-B1", reports=[]))
    year = year_documents(a_full_year(), previous=period["digest"])
    assert 'unit U1, 2022-B1: "91.37" is written, "0.00" follows' in desk.errors(period, year)

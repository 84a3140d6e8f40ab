"""What must hold of every run, whatever was planned and reported."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_cast import (
    Json,
    a_plan,
    a_report,
    a_rulebook,
    a_run,
    a_task,
    an_indicator,
    the_line,
)

from scoring.domain.documents import canonical
from scoring.domain.facts import Report
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.publication import Cutoff, build

quick = settings(max_examples=60, deadline=None)
values = st.decimals(min_value=0, max_value=300, places=2).map(str)
targets = st.decimals(min_value="0.01", max_value=250, places=2).map(str)
weights = st.integers(min_value=1, max_value=30).map(str)
days_after = st.integers(min_value=0, max_value=16)
marks = st.integers(min_value=0, max_value=120).map(Decimal)


@st.composite
def indicators(draw: st.DrawFn, name: str) -> Json:
    kinds = ["cumulative", "level", "at_most", "hold", "maintain", "growth", "ceiling", "about"]
    kind = draw(st.sampled_from(kinds))
    extra: Json = {"weight": draw(weights)}
    if kind == "level":
        extra["baseline"] = "-5"
    if kind == "at_most":
        extra["baseline"] = draw(st.sampled_from(["0", "300"]))
    return an_indicator(name, kind, target=draw(targets), **extra)


def received(days: int) -> str:
    return (datetime(2022, 5, 1, 9) + timedelta(days=days)).isoformat()  # noqa: DTZ001  # local


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[Json], list[Report]]:
    tasks, reports = [], []
    for n in range(draw(st.integers(1, 5))):
        roles = [{"unit": draw(st.sampled_from(["U1", "U2", "U3"])), "role": "lead"}]
        helper = draw(st.sampled_from(["U1", "U2", "U3"]))
        if helper != roles[0]["unit"]:
            roles.append({"unit": helper, "role": "cooperating"})
        start = draw(st.sampled_from(["2022-01-01", "2022-03-17", "2022-07-01"]))
        parts = [draw(indicators(f"T{n}.a")), draw(indicators(f"T{n}.b"))]
        tasks.append(
            a_task(f"T{n}", start=start, weight=draw(weights), assignments=roles, indicators=parts)
        )
        if draw(st.booleans()):
            reports.append(
                a_report(
                    f"T{n}",
                    unit=roles[0]["unit"],
                    received=received(draw(days_after)),
                    marks=draw(marks),
                    values={part["id"]: draw(values) for part in parts if draw(st.booleans())},
                )
            )
    return tasks, reports


def run(tasks: Sequence[Json], reports: Sequence[Report], **rules: object) -> PeriodResult:
    return run_period(a_run(*tasks, reports=reports, rulebook=a_rulebook(**rules)))


@quick
@given(towns(), st.sampled_from(["component", "deduction"]))
def test_every_score_lies_between_0_and_100(
    town: tuple[list[Json], list[Report]], mode: str
) -> None:
    result = run(*town, lateness={"mode": mode})
    every = [line.score for line in result.tasks] + [unit.score for unit in result.units]
    every += [action.score for action in result.actions] + [result.plan_score]
    assert all(0 <= score <= 100 for score in every if score is not None)


def half_up(numerator: int, denominator: int) -> str:
    """The printed quotient to 2 places, on integers alone."""
    hundredths = (200 * numerator + denominator) // (2 * denominator)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def mean_of(pairs: Sequence[tuple[str, str]]) -> str | None:
    """The mean of printed scores by printed exact weights, as a reader would compute it."""
    total = sum((Fraction(weight) for weight, _ in pairs), Fraction(0))
    if total == 0:
        return None
    mean = sum((Fraction(w) * Fraction(s) for w, s in pairs), Fraction(0)) / total
    return half_up(mean.numerator, mean.denominator)


def score_of(line: Json) -> str:
    """S of a published line, from what stands in the line."""
    if line["basis"] == "score.missing/1":
        return "0.00"
    parts = [part for part in line["parts"] if part["left_out"] is None]
    weights = sum(Fraction(part["weight"]) for part in parts)
    p = sum(
        Fraction(part["weight"])
        * min(max(Fraction(part["a"]), Fraction(0)) / Fraction(part["e"]), Fraction(1))
        for part in parts
    ) / Fraction(weights)
    by, filled = line["charges"], line["completeness"]
    t = max(Fraction(0), 100 - Fraction(by["per_day"]) * line["timeliness"]["late_days"])
    q = Fraction(100 * filled["filled"], filled["required"]) - Fraction(filled["marks"])
    s = (
        Fraction(by["progress"]) * 100 * p
        + Fraction(by["timeliness"]) * t
        + Fraction(by["quality"]) * max(Fraction(0), q)
    )
    return half_up(s.numerator, s.denominator)


@quick
@given(towns())
def test_every_score_recomputes_from_the_published_lines_under_it(
    town: tuple[list[Json], list[Report]],
) -> None:
    facts = a_run(*town[0], reports=town[1])
    publication = build(
        run_period(facts),
        plan="town",
        plan_version=1,
        rulebook=facts.rulebook,
        period="2022-B2",
        version=1,
        cutoff=Cutoff(position=1, at=datetime(2022, 5, 18, tzinfo=UTC)),
        previous_digest=None,
    )
    lines: dict[str, Any] = {}
    for unit, leaf in publication.leaves.items():
        parts = []
        for line in json.loads(canonical(leaf))["tasks"]:
            lines[line["task"]] = line
            if line["score"] is not None:
                assert line["score"] == score_of(line)
                weight = Fraction(line["weight"]) * Fraction(line["shares"][unit])
                parts.append((str(weight), line["score"]))
        assert leaf["result"]["score"] == mean_of(parts)
    of_action = [(x["weight"], x["score"]) for x in lines.values() if x["score"] is not None]
    assert publication.manifest["actions"][0]["score"] == mean_of(of_action)
    assert publication.manifest["plan_score"] == mean_of(of_action)


@quick
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_tasks_units_and_reports_changes_nothing(
    town: tuple[list[Json], list[Report]],
    random: Any,  # noqa: ANN401  # hypothesis' own
) -> None:
    tasks, reports = town
    before = run(tasks, reports)
    shuffled, sent = list(tasks), list(reports)
    random.shuffle(shuffled)
    random.shuffle(sent)
    units = {"U3": "departments", "U1": "departments", "U2": "departments"}
    after = run_period(a_run(plan=a_plan(*shuffled, units=units), reports=sent))
    assert after.model_dump_json() == before.model_dump_json()


@quick
@given(towns())
def test_not_more_are_excellent_than_there_are_seats(
    town: tuple[list[Json], list[Report]],
) -> None:
    result = run(*town, grades={"excellent": "70", "good": "60", "fair": "50"})
    ranked = [unit for unit in result.units if unit.rank is not None]
    excellent = [unit for unit in ranked if unit.grade == "excellent"]
    assert len(excellent) <= int(Fraction(3, 10) * len(ranked))


@quick
@given(towns())
def test_a_unit_without_a_score_is_in_no_ranking(town: tuple[list[Json], list[Report]]) -> None:
    result = run(*town)
    scored = [
        unit
        for unit in result.units
        if unit.score is not None and "insufficient_basis" not in unit.reasons
    ]
    for unit in result.units:
        assert (unit.rank is None) == (unit not in scored or len(scored) == 1)
        assert (unit.grade is None) == (unit not in scored)
        assert unit.rank is None or unit.rank <= len(scored)


@quick
@given(indicators("I1"), indicators("I2"), values, values, values)
def test_a_better_value_never_lowers_the_score(
    first: Json, second: Json, one: str, other: str, beside: str
) -> None:
    task = a_task(indicators=[first, second])
    falling = first["kind"] in {"at_most", "hold", "ceiling"}
    worse, better = sorted((one, other), key=Fraction, reverse=falling)

    def units_score(value: str) -> Decimal:
        reports = [a_report(values={"I1": value, "I2": beside})]
        score = run([task], reports).units[0].score
        assert score is not None
        return score

    assert units_score(worse) <= units_score(better)


@quick
@given(days_after, days_after, values, st.sampled_from(["component", "deduction"]))
def test_an_earlier_report_never_scores_less(a: int, b: int, value: str, mode: str) -> None:
    rules = a_rulebook(lateness={"mode": mode})

    def score(days: int) -> Decimal:
        reports = [a_report(values={"T1.I": value}, received=received(days))]
        found = the_line(a_run(a_task(), reports=reports, rulebook=rules)).score
        assert found is not None
        return found

    assert score(min(a, b)) >= score(max(a, b))


@quick
@given(indicators("I1"), values, values, days_after)
def test_to_report_is_never_worse_than_not_to(
    indicator: Json, earlier: str, now: str, days: int
) -> None:
    task = a_task(indicators=[indicator])
    known = a_report(period="2022-B1", values={"I1": earlier})
    report = a_report(values={"I1": now}, received=received(days))
    silent, told = (
        the_line(a_run(task, reports=reports)).score for reports in ([known], [known, report])
    )
    assert silent is not None
    assert told is not None
    assert told >= silent


@quick
@given(
    st.lists(
        st.tuples(st.integers(0, 30000), st.integers(1, 25000), weights), min_size=1, max_size=4
    ),
    st.integers(1, 6),
    st.integers(min_value=0, max_value=4),
    st.integers(0, 110),
)
def test_a_task_scores_as_a_naive_model_on_integers_does(
    figures: list[tuple[int, int, str]], bimonth: int, missing_fields: int, marked: int
) -> None:
    """Values and targets in hundredths; the year is gone by a sixth each period, all in time."""
    fields = len(figures)
    left_blank = min(missing_fields, fields - 1)
    period = f"2022-B{bimonth}"
    task = a_task(
        indicators=[
            an_indicator(f"I{n}", target=str(Decimal(target) / 100), weight=weight)
            for n, (_, target, weight) in enumerate(figures)
        ]
    )
    sent = {f"I{n}": str(Decimal(value) / 100) for n, (value, _, _) in enumerate(figures)}
    for n in range(left_blank):
        del sent[f"I{n}"]
    report = a_report(period=period, values=sent, marks=Decimal(marked))

    total = sum(int(weight) for _, _, weight in figures)
    common = 1
    for _, target, _ in figures:
        common *= target * bimonth
    earned = 0  # of total · common
    for n, (value, target, weight) in enumerate(figures):
        a_over_e = 0 if n < left_blank else value * 6 * (common // (target * bimonth))
        earned += int(weight) * min(a_over_e, common)
    quality = max(0, 100 * (fields - left_blank) - marked * fields)  # of 100 · fields
    # S = 80 · earned / (total · common) + 10 + quality / (10 · fields)
    over = total * common * 10 * fields
    score = 800 * fields * earned + 10 * over + quality * total * common
    line = the_line(a_run(task, period=period, reports=[report]))
    assert str(line.score) == half_up(score, over)

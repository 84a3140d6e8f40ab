"""What must hold of every run, whatever was planned and reported."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
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
from scoring_drawn import UNITS, assignments, chain, chains, fields, rulebooks

from scoring.domain.corrections import relit
from scoring.domain.documents import Publication, canonical
from scoring.domain.facts import Report, RunFacts
from scoring.domain.memory import finished_after, previous_of
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.publication import Cutoff, build
from shared.contracts.decisions import Exemption, ExemptionKind

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
values = st.decimals(min_value=0, max_value=300, places=2).map(str)
targets = st.decimals(min_value="0.01", max_value=250, places=2).map(str)
weights = st.integers(min_value=1, max_value=30).map(str)
days_after = st.integers(min_value=0, max_value=20)
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


# ---- of plans, reports and rulebooks of every kind ---------------------------------------------


def published(run: RunFacts, result: PeriodResult) -> Publication:
    return build(
        result,
        plan="town",
        plan_version=1,
        rulebook=run.rulebook,
        period=run.period.id,
        version=1,
        cutoff=Cutoff(position=1, at=datetime(2022, 5, 18, tzinfo=UTC)),
        previous_digest=None,
    )


def bytes_of(run: RunFacts, result: PeriodResult) -> list[bytes]:
    publication = published(run, result)
    return [canonical(publication.manifest), *map(canonical, publication.leaves.values())]


def scores_of(result: PeriodResult) -> Json:
    """Every score by what it is of."""
    return {
        **{unit.unit: unit.score for unit in result.units},
        **{line.task: (line.score, line.left_out) for line in result.tasks},
        **{f"action {one.action}": one.score for one in result.actions},
        "plan": result.plan_score,
    }


@quick
@given(chains())
def test_every_score_lies_between_0_and_100(runs: list[RunFacts]) -> None:
    for result in chain(runs):
        scores = [line.score for line in result.tasks] + [unit.score for unit in result.units]
        scores += [one.score for line in result.tasks for one in line.own]
        scores += [one.score for one in result.actions] + [result.plan_score]
        assert all(0 <= score <= 100 for score in scores if score is not None)


@quick
@given(chains(), st.randoms(use_true_random=False))
def test_the_same_inputs_give_the_same_bytes_in_whatever_order(
    runs: list[RunFacts],
    random: Any,  # noqa: ANN401  # hypothesis' own
) -> None:
    def shuffled(run: RunFacts) -> RunFacts:
        tasks, units, reports = list(run.plan.tasks), list(run.plan.units), list(run.reports)
        random.shuffle(tasks)
        random.shuffle(units)
        random.shuffle(reports)
        plan = replace(run.plan, tasks=tuple(tasks), units=tuple(units))
        return replace(run, plan=plan, reports=tuple(reports))

    first, again = chain(runs), chain([shuffled(run) for run in runs])
    for run, one, other in zip(runs, first, again, strict=True):
        assert bytes_of(run, one) == bytes_of(run, other)


@quick
@given(chains())
def test_two_halves_of_a_task_score_as_the_whole(runs: list[RunFacts]) -> None:
    def halved(run: RunFacts) -> RunFacts:
        action, task = run.plan.tasks[0]
        halves = [task.model_copy(update={"id": f"{task.id}{half}", "weight": task.weight / 2})
                  for half in "ab"]  # fmt: skip
        reports, excused, amended = [], [], dict(run.plan.amended)
        change = amended.pop(task.id, None)
        for half in halves:
            reports += [replace(one, task=half.id) for one in run.reports if one.task == task.id]
            excused += [one.model_copy(update={"task": half.id}) for one in run.exemptions
                        if one.task == task.id]  # fmt: skip
            if change is not None:
                amended[half.id] = change
        both = tuple((action, half) for half in halves)
        plan = replace(run.plan, tasks=(*both, *run.plan.tasks[1:]), amended=amended)
        return replace(
            run,
            plan=plan,
            reports=(*reports, *(one for one in run.reports if one.task != task.id)),
            exemptions=(*excused, *(one for one in run.exemptions if one.task != task.id)),
        )

    for whole, parts in zip(chain(runs), chain([halved(run) for run in runs]), strict=True):
        of_whole = [(one.score, one.counted_weight, one.left_out_weight) for one in whole.units]
        of_parts = [(one.score, one.counted_weight, one.left_out_weight) for one in parts.units]
        assert of_parts == of_whole
        assert (parts.actions, parts.plan_score) == (whole.actions, whole.plan_score)


@quick
@given(assignments())
def test_the_shares_of_a_task_sum_to_1(assigned: list[Json]) -> None:
    run = a_run(plan=a_plan(a_task(assignments=assigned), units=UNITS))
    shares = the_line(run).shares
    assert sum(shares.values()) == 1
    assert set(shares) == {one["unit"] for one in assigned if one["role"] != "supervising"}


@quick
@given(chains(), st.data())
def test_a_correction_changes_no_score_but_of_its_period_and_of_units_with_a_share(
    runs: list[RunFacts], data: st.DataObject
) -> None:
    before, sent = chain(runs), [one for one in runs[0].reports if one.period == runs[0].period.id]
    assume(sent)
    wrong = data.draw(st.sampled_from(sent))
    right = replace(
        wrong,
        corrected=True,
        percent=None if wrong.percent is None else Decimal(50),
        values={name: Decimal(1) for name in wrong.values},
    )
    last = runs[0]
    reports = tuple(right if one is wrong else one for one in last.reports)
    after = [run_period(replace(last, reports=reports))]
    line = next(one for one in before[0].tasks if one.task == wrong.task)
    for was_unit, now_unit in zip(before[0].units, after[0].units, strict=True):
        assert was_unit.score == now_unit.score or line.shares.get(was_unit.unit)
    for was_line, now_line in zip(before[0].tasks, after[0].tasks, strict=True):
        assert was_line == now_line or was_line.task == wrong.task
    previous = previous_of(last.period, after[0].tasks, after[0].units)
    finished = finished_after({}, last.period, after[0].tasks)
    for run, published_then in zip(runs[1:], before[1:], strict=True):
        again = run_period(replace(run, previous=previous, finished=finished))
        now = relit(published_then, again)
        assert scores_of(now) == scores_of(published_then)
        previous = previous_of(run.period, now.tasks, now.units)
        finished = finished_after(finished, run.period, now.tasks)


@quick
@given(chains(), st.sampled_from(["E1", "E2", "E3", "E4", "E5"]), st.data())
def test_an_exemption_changes_no_other_task(
    runs: list[RunFacts],
    kind: ExemptionKind,
    data: st.DataObject,  # a literal
) -> None:
    run = runs[0]
    _, task = data.draw(st.sampled_from(run.plan.tasks))
    unit = data.draw(st.sampled_from(sorted(UNITS)))
    given_now = Exemption(id="X", task=task.id, unit=unit, kind=kind, periods=(run.period.id,))
    plain = run_period(run)
    excused = run_period(replace(run, exemptions=(*run.exemptions, given_now)))
    for was, now in zip(plain.tasks, excused.tasks, strict=True):
        assert was == now or was.task == task.id
    for other in UNITS:
        if other != unit:
            own = (next(one for one in result.units if one.unit == other).score
                   for result in (plain, excused))  # fmt: skip
            assert len(set(own)) == 1


@quick
@given(fields(), st.sampled_from(["0.30", "0.50"]))
def test_no_group_has_more_excellent_units_than_seats(run: RunFacts, part: str) -> None:
    quota = run.rulebook.quota.model_copy(
        update={"ties": "exclude_all", "small_groups": "floor", "excellent": Decimal(part)}
    )
    result = run_period(replace(run, rulebook=run.rulebook.model_copy(update={"quota": quota})))
    for group in {unit.group for unit in result.units}:
        ranked = [u for u in result.units if u.group == group and u.rank is not None]
        excellent = [unit for unit in ranked if unit.grade == "excellent"]
        assert len(excellent) <= int(Fraction(part) * len(ranked))


@quick
@given(fields())
def test_only_units_with_a_score_and_a_basis_are_counted_in_a_group(run: RunFacts) -> None:
    result = run_period(run)
    for group in {unit.group for unit in result.units}:
        every = [unit for unit in result.units if unit.group == group]
        able = [u for u in every if u.score is not None and "insufficient_basis" not in u.reasons]
        ranks = sorted(unit.rank for unit in every if unit.rank is not None)
        assert len(ranks) == (len(able) if len(able) > 1 else 0)
        assert all(unit.rank is None for unit in every if unit not in able)
        assert not ranks or ranks[-1] <= len(able)


@quick
@given(chains())
def test_every_units_score_recomputes_from_the_lines_of_its_leaf(runs: list[RunFacts]) -> None:
    for run, result in zip(runs, chain(runs), strict=True):
        publication = published(run, result)
        for unit, leaf in publication.leaves.items():
            told: Any = json.loads(canonical(leaf))
            own = {one["task"]: one for one in told["result"]["lines"]}
            pairs = []
            for line in told["tasks"]:
                score = own.get(line["task"], line)["score"]
                if score is not None and line["shares"].get(unit):
                    weight = Fraction(line["weight"]) * Fraction(line["shares"][unit])
                    pairs.append((weight, Fraction(score)))
            u = told["result"]["score"]
            assert (u is None) == (not pairs)
            if pairs:
                mean = sum((w * s for w, s in pairs), Fraction(0)) / sum(w for w, _ in pairs)
                mean += Fraction(told["result"]["bonus"] or 0)
                mean -= Fraction(told["result"]["deductions"] or 0)
                exact = min(max(mean, Fraction(0)), Fraction(100))
                half = Fraction(1, 2) / 10**run.rulebook.rounding.places
                assert abs(Fraction(u) - exact) <= half


@quick
@given(chains(), rulebooks(missing="zero"), st.data())
def test_a_better_value_lowers_no_units_score_under_any_rulebook(
    runs: list[RunFacts], rules: Json, data: st.DataObject
) -> None:
    run = replace(runs[0], rulebook=a_rulebook(**rules))
    told = [(one, name) for one in run.reports for name in one.values]
    assume(told)
    report, name = data.draw(st.sampled_from(told))
    figures = {one.id: one for _, task in run.plan.tasks for one in task.indicators}
    falls = figures[name].kind in {"at_most", "hold", "ceiling", "rank"}
    step = data.draw(st.sampled_from([Decimal("0.5"), Decimal(30)]))
    better = report.values[name] + (-step if falls else step)
    if figures[name].kind == "yes_no":
        better = Decimal(1)
    raised = replace(report, values={**report.values, name: better})
    after = run_period(
        replace(run, reports=tuple(raised if one is report else one for one in run.reports))
    )
    for was, now in zip(run_period(run).units, after.units, strict=True):
        assert (was.score is None) == (now.score is None)
        assert was.score is None or now.score is None or was.score <= now.score


@quick
@given(chains(), rulebooks(missing="zero"), st.data())
def test_to_report_lowers_no_units_score_under_any_rulebook(
    runs: list[RunFacts], rules: Json, data: st.DataObject
) -> None:
    run = replace(runs[0], rulebook=a_rulebook(**rules))
    assume(run.reports)
    report = data.draw(st.sampled_from(run.reports))
    silent = run_period(
        replace(run, reports=tuple(one for one in run.reports if one is not report))
    )
    for was, now in zip(silent.units, run_period(run).units, strict=True):
        assert was.score is None or now.score is None or was.score <= now.score


@quick
@given(rulebooks(missing="zero"), days_after, days_after, st.sampled_from(["30", "100"]))
def test_an_earlier_report_never_scores_less_under_any_rulebook(
    rules: Json, a: int, b: int, done: str
) -> None:
    def score(days: int) -> Decimal:
        report = a_report(values={"T1.I": done}, received=received(days))
        found = the_line(a_run(a_task(), reports=[report], rulebook=a_rulebook(**rules))).score
        assert found is not None
        return found

    assert score(min(a, b)) >= score(max(a, b))

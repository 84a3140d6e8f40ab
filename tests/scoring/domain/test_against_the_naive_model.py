"""The rules against a second writing of the rule text, on plans, reports and rulebooks drawn."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from scoring_cast import Json
from scoring_drawn import chain, chains, fields, years
from scoring_naive_model import Period, run_naively
from scoring_naive_task import Line, Memory
from scoring_naive_year import printed, year_naively

from scoring.domain.facts import RunFacts
from scoring.domain.period_run import PeriodResult, run_period
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_run import run_year

compared = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def number(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


COUNTED = ("a", "e", "r", "p", "t", "q")


def told_by_the_model(period: Period) -> Json:
    def line(one: Line) -> Json:
        shown = {name: getattr(one, name) for name in COUNTED} if one.left_out is None else {}
        own = {unit: (x.score, x.left_out) for unit, x in one.own.items()}
        return {**shown, "score": one.score, "left_out": one.left_out, "light": one.light,
                "finished": one.finished, "own": own, "shares": one.shares}  # fmt: skip

    return {
        "tasks": {one.task.id: line(one) for one in period.lines},
        "units": {
            name: (u.score, u.rank, u.grade, u.counted, u.left_out, u.no_seat)
            for name, u in period.units.items()
        },
        "actions": period.actions,
        "plan": period.plan,
        "rates": period.rates,
    }


def told_by_the_rules(result: PeriodResult) -> Json:
    tasks = {}
    for one in result.tasks:
        counted = one.left_out is None
        shown = {name: number(getattr(one, name)) for name in COUNTED} if counted else {}
        own = {unit: one.of(unit) for unit in one.shares}
        tasks[one.task] = {
            **shown,
            "score": number(one.score),
            "left_out": one.left_out,
            "light": one.light,
            "finished": one.finished,
            "own": {unit: (number(x.score), x.left_out) for unit, x in own.items()},
            "shares": dict(one.shares),
        }
    rates = result.rates
    return {
        "tasks": tasks,
        "units": {
            u.unit: (number(u.score), u.rank, u.grade, u.counted_weight, u.left_out_weight,
                     "no_seat" in u.reasons)
            for u in result.units
        },
        "actions": {one.action: number(one.score) for one in result.actions},
        "plan": number(result.plan_score),
        "rates": (rates.expected, rates.on_time, rates.late, rates.missing),
    }  # fmt: skip


@compared
@given(chains())
def test_periods_score_as_the_rule_text_read_a_second_time(runs: list[RunFacts]) -> None:
    memory = Memory()
    for run, result in zip(runs, chain(runs), strict=True):
        assert told_by_the_rules(result) == told_by_the_model(run_naively(run, memory))


# ---- ranks and the year ------------------------------------------------------------------------


@compared
@given(fields())
def test_groups_rank_and_grade_as_the_rule_text_read_a_second_time(run: RunFacts) -> None:
    assert run.previous is not None
    memory = Memory(last=run.previous.period.last)
    memory.scores = {unit: number(score) for unit, score in run.previous.scores.items()}
    assert told_by_the_rules(run_period(run)) == told_by_the_model(run_naively(run, memory))


@compared
@given(years())
def test_years_roll_up_as_the_rule_text_read_a_second_time(runs: list[RunFacts]) -> None:
    results, memory, last = chain(runs), Memory(), runs[-1]
    facts = YearFacts(
        plan=last.plan,
        rulebook=last.rulebook,
        year=2022,
        tz=last.tz,
        periods=tuple((run.period, result) for run, result in zip(runs, results, strict=True)),
        owed=len(runs),
        reports=last.reports,
        entries=last.entries,
        exemptions=last.exemptions,
    )
    year = run_year(facts)
    naive = year_naively(facts, [run_naively(run, memory) for run in runs])
    told = {
        one.unit: (number(one.periods), number(one.attainment), number(one.overshoot),
                   number(one.score), one.rank, one.grade, "few_periods" in one.reasons)
        for one in year.units
    }  # fmt: skip
    assert told == printed(naive, last.rulebook)
    assert {one.action: number(one.score) for one in year.actions} == naive.actions
    assert number(year.plan_score) == naive.plan

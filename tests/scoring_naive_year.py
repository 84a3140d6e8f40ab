"""The roll-up of a year written a second time, straight from the rule text (4.8, 4.14, 4.17).

Mergers and splits of units are left to other tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction as F  # noqa: N817  # it stands in every line
from math import floor

from scoring_naive_attainment import ALWAYS, attained, falls, figure
from scoring_naive_model import (
    Period,
    Unit,
    events,
    rank,
    with_events,
)
from scoring_naive_task import mean, rnd

from scoring.domain.facts import Entered, Report
from scoring.domain.year_facts import YearFacts
from shared.contracts.plan import Indicator, Task
from shared.contracts.rulebook import Rulebook

GRADES = ["excellent", "good", "fair", "poor"]


@dataclass
class YearUnit:
    """What is printed of a unit's year."""

    a: F | None
    b: F | None
    overshoot: F
    score: F | None
    few: bool
    place: Unit


@dataclass
class Year:
    """What is printed of a year."""

    units: dict[str, YearUnit]
    actions: dict[str, F | None]
    plan: F | None


def year_naively(facts: YearFacts, periods: Sequence[Period]) -> Year:
    """The year of published periods; `facts` gives all but these."""
    rules, mode = facts.rulebook, facts.rulebook.rounding
    units = {one.id: unit_of(one.id, one.group, facts, periods) for one in facts.plan.units}
    rank((one.place for one in units.values() if not one.few), rules)
    for one in units.values():
        caps = [x.entry.cap for x in facts.entries if x.entry.type == "veto"
                and x.entry.unit == one.place.name and x.on.year == facts.year]  # fmt: skip
        if one.place.grade is not None:
            one.place.grade = max([one.place.grade, *caps], key=GRADES.index)
    actions = {}
    for head in facts.plan.actions:
        found = mean((F(1), period.actions[head.id]) for period in periods)
        actions[head.id] = None if found is None else rnd(found, mode.places, mode.mode)
    plan = mean((F(head.weight), actions[head.id]) for head in facts.plan.actions)
    return Year(units, actions, None if plan is None else rnd(plan, mode.places, mode.mode))


def unit_of(name: str, group: str, facts: YearFacts, periods: Sequence[Period]) -> YearUnit:
    rules, settings = facts.rulebook, facts.rulebook.year
    weights = [F(1)] * len(periods)
    if settings.period_weights != "equal":
        weights = [F(x) for x in settings.period_weights][-len(periods) :]
    us = [period.units[name].score for period in periods]
    a = mean(zip(weights, us, strict=True))
    if settings.order == "task_first":
        a = task_first(name, periods, weights)
    b, overshoot = targets(name, facts, periods[-1])
    ratings = [one.entry.score for one in facts.entries if one.entry.type == "rating"
               and (one.entry.unit, one.entry.year) == (name, facts.year)]  # fmt: skip
    c = F(ratings[-1]) if ratings else None
    score = None
    if a is not None:
        terms = [(F(settings.periods), a), (F(settings.attainment), b), (F(settings.public), c)]
        whole = mean(terms)
        whole = a if whole is None else whole
        owed = still_to_count(name, facts, periods)
        score = with_events(whole + overshoot, *events(owed, facts.exemptions, rules), rules)
        score = rnd(score, rules.rounding.places, rules.rounding.mode)
    vetoed = any(one.entry.type == "veto" and one.entry.unit == name
                 and one.on.year == facts.year for one in facts.entries)  # fmt: skip
    last = periods[-1].units[name]
    terms_last = replace_last(last, rules)
    return YearUnit(
        a=a,
        b=b,
        overshoot=overshoot,
        score=score,
        few=sum(u is not None for u in us) < min(settings.min_periods, facts.owed),
        place=Unit(name, group, score, F(1), F(0), weak=False, barred=vetoed, terms=terms_last),
    )


def replace_last(last: Unit, rules: Rulebook) -> tuple[F, ...]:
    """What breaks a tie of the year: all of its last period, and that period's score itself."""
    terms = dict(zip(rules.tie_break, last.terms, strict=True))
    terms["last_period"] = F(-1) if last.score is None else last.score
    return tuple(terms[name] for name in rules.tie_break)


def task_first(name: str, periods: Sequence[Period], weights: Sequence[F]) -> F | None:
    """The mean of each task's scores, weighed as in the last period it counted in."""
    scores: dict[str, list[tuple[F, F | None]]] = {}
    omega: dict[str, F] = {}
    for period, v in zip(periods, weights, strict=True):
        for line in period.lines:
            share = line.shares.get(name)
            if share and line.own[name].left_out is None:
                scores.setdefault(line.task.id, []).append((v, line.own[name].score))
                omega[line.task.id] = F(line.task.weight) * share
    return mean((omega[task], mean(found)) for task, found in scores.items())


def still_to_count(name: str, facts: YearFacts, periods: Sequence[Period]) -> list[Entered]:
    """The events of the year that are inside no period's score."""
    mine = [x for x in facts.entries if x.entry.unit == name and x.on.year == facts.year]
    if facts.rulebook.events.level == "year" or facts.rulebook.year.order == "task_first":
        return mine
    spans = [
        (span.first, span.last)
        for (span, _), period in zip(facts.periods, periods, strict=True)
        if period.units[name].score is not None
    ]
    return [x for x in mine if not any(first <= x.on <= last for first, last in spans)]


def targets(name: str, facts: YearFacts, last: Period) -> tuple[F | None, F]:
    """B and the overshoot, by the shares of the last period."""
    parts: list[tuple[F, F | None, F]] = []
    for _, task in facts.plan.tasks:
        share = next(line.shares.get(name, F(0)) for line in last.lines if line.task.id == task.id)
        amended = facts.plan.amended.get(task.id)
        if not share or (amended is not None and amended.cancelled_on is not None):
            continue
        dated = [one for one in task.indicators if has_target(task, one, facts.year)]
        whole = sum((F(one.weight) for one in dated), F(0))
        for one in dated:
            a = reached(task, one, facts)
            weight = F(one.weight) / whole * F(task.weight) * share
            parts.append((weight, a, overshot(a, facts.rulebook)))
    b = mean((w, None if a is None else 100 * min(max(a, F(0)), F(1))) for w, a, _ in parts)
    over = mean((w, None if a is None else points) for w, a, points in parts)
    return b, over or F(0)


def has_target(task: Task, one: Indicator, year: int) -> bool:
    start, due = one.start or task.start, one.due or task.due
    if not start.year <= year <= due.year:
        return False
    if one.year_targets:
        return str(year) in one.year_targets
    kept = one.kind in {"range", "about"} and one.baseline is None
    always = one.kind in ALWAYS or (one.kind == "at_most" and not falls(one)) or kept
    return (always and one.kind != "ceiling") or one.kind == "recurring" or due.year == year


def reached(task: Task, one: Indicator, facts: YearFacts) -> F | None:
    """a of the year; None where a source has no figure, or nothing of a register is due."""
    end = date(facts.year, 12, 31)
    mine = [x for x in facts.reports if x.task == task.id and x.returned_at is None]
    said = sorted(mine, key=lambda report: (report.as_of, report.received_at))
    told = [report for report in said if one.id in report.values]
    if one.kind == "recurring":
        told = [report for report in told if report.as_of.year == facts.year]
    if not any(report.tells(one.id) for report in said) or (one.kind == "recurring" and not told):
        return F(0) if one.data_from == "unit" else None
    target = one.year_targets.get(str(facts.year))
    if target is None:
        if one.kind == "ceiling":
            return attained(one, F(told[-1].values[one.id]), F(1), facts.rulebook)
        return figure(task, one, said, end, facts.rulebook)
    x = F(told[-1].values[one.id])
    if one.kind == "cumulative":
        return (x - before(told, one, facts.year)) / F(target)
    if one.kind in {"growth", "recurring", "compound"}:
        return x / F(target)
    own = one.model_copy(update={"target": target, "strict": False})
    return attained(own, x, F(1), facts.rulebook)


def before(told: Sequence[Report], one: Indicator, year: int) -> F:
    earlier = [report.values[one.id] for report in told if report.as_of.year < year]
    return F(earlier[-1]) if earlier else F(0)


def overshot(a: F | None, rules: Rulebook) -> F:
    bonus = rules.year.overshoot_bonus
    if bonus is None or a is None or a <= 1:
        return F(0)
    return min(F(bonus.max), floor((a - 1) / F(bonus.step)) * F(bonus.points))


def printed(year: Year, rules: Rulebook) -> Mapping[str, object]:
    """The numbers of the units as they are printed."""

    def two(x: F | None) -> F | None:
        return None if x is None else rnd(x, 2, rules.rounding.mode)

    return {
        name: (two(one.a), two(one.b), two(one.overshoot), one.score, one.place.rank,
               one.place.grade, one.few and one.a is not None)
        for name, one in year.units.items()
    }  # fmt: skip

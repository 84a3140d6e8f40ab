"""What an indicator has attained of its target for a year (assessment 4.14): the terms of B."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from scoring.domain.attainment import NOTHING, Attained, Listed, attain
from scoring.domain.figures import Reported, dated, reported
from scoring.domain.kinds import always_expected, form_of
from scoring.domain.reading import Reading
from scoring.domain.year_result import TargetTerm
from shared.contracts.plan import Indicator, Task
from shared.contracts.rulebook import OvershootBonus, Rulebook


def increment(*, end: Fraction, start: Fraction, target: Fraction) -> Fraction:
    """Of a running total the year counts what was added in it (assessment 4.14)."""
    return (end - start) / target


def share(*, value: Fraction, target: Fraction) -> Fraction:
    """A rate or a total of the year is held against what the year was to bring (4.14, 4.17)."""
    if target == 0:
        raise ValueError("a year's target of 0 cannot be scored: leave the year out")
    return value / target


FORMULAS: Final[Mapping[str, Callable[..., Fraction]]] = {
    "year.increment/1": increment,
    "year.share/1": share,
}


@dataclass(frozen=True, kw_only=True)
class YearOf:
    """A year of a task: what was read of it, and by which rules."""

    year: int
    last: date
    """The day on which the year is looked at."""
    ends: date
    """The last day of its last period: a value of then is final."""
    reading: Reading
    rulebook: Rulebook


def terms_of(task: Task, weight: Fraction, of: YearOf) -> tuple[TargetTerm, ...]:
    """A task's figures that have a target for the year share its weight by their own (4.14).

    `task` is as in force at the end of the year, `weight` its weight times the unit's share.
    """
    with_target = [one for one in task.indicators if has_target(task, one, of.year)]
    every = sum((Fraction(one.weight) for one in with_target), Fraction(0))
    if not every:
        return ()
    return tuple(
        _term(task, one, weight * Fraction(one.weight) / every, of)
        for one in sorted(with_target, key=lambda one: one.id)
    )


def has_target(task: Task, indicator: Indicator, year: int) -> bool:
    """A figure has a target in a year it is active in (assessment 4.14).

    By `year_targets` where it has any; without, in the year it is due in; what is kept, ranked or
    begins anew each year, in every year.
    """
    start, due = indicator.start or task.start, indicator.due or task.due
    if not start.year <= year <= due.year or Fraction(indicator.weight) <= 0:
        return False
    if indicator.year_targets:
        return str(year) in indicator.year_targets
    every_year = always_expected(indicator) and indicator.kind != "ceiling"
    return every_year or indicator.kind == "recurring" or due.year == year


def overshoot(a: Fraction, settings: OvershootBonus | None) -> Fraction:
    """Each whole step over the target earns its points, up to the most (assessment 4.14)."""
    if settings is None or a <= 1:
        return Fraction(0)
    steps = int((a - 1) / Fraction(settings.step))
    return min(Fraction(settings.max), steps * Fraction(settings.points))


def _term(task: Task, indicator: Indicator, weight: Fraction, of: YearOf) -> TargetTerm:
    own = dated(task, indicator, of.last)
    found = reported(own, of.reading, of.last)
    if found is None:
        by_unit = indicator.data_from == "unit"
        return _told(task, indicator, NOTHING, weight, None, of, counts=by_unit)
    if isinstance(found.figure, Listed) and found.figure.nothing_due:
        return _told(task, indicator, NOTHING, weight, found, of, counts=False)
    attained = _attained(own, found, of)
    return _told(task, indicator, attained, weight, found, of, counts=True)


def _told(
    task: Task,
    indicator: Indicator,
    attained: Attained,
    weight: Fraction,
    found: Reported | None,
    of: YearOf,
    *,
    counts: bool,
) -> TargetTerm:
    return TargetTerm(
        task=task.id,
        indicator=indicator.id,
        formula=attained.formula,
        operands=dict(attained.operands),
        a=attained.a if counts else None,
        weight=weight,
        overshoot=overshoot(attained.a, of.rulebook.year.overshoot_bonus),
        final=found is not None and any(one.as_of >= of.ends for one in found.reports),
        submissions=tuple(sorted({one.submission for one in found.reports})) if found else (),
    )


def _attained(indicator: Indicator, found: Reported, of: YearOf) -> Attained:
    """By the year's own target, strict ignored; else by the target itself (4.14, 4.17)."""
    target = indicator.year_targets.get(str(of.year))
    if target is None:
        return attain(indicator, found.figure, tolerances=of.rulebook.tolerances)
    ratio = indicator.divided
    goal = Fraction(target) * (Fraction(ratio.part) / Fraction(ratio.whole) if ratio else 1)
    if indicator.kind == "cumulative" and isinstance(found.figure, Fraction):
        before = _before(indicator, of)
        return _computed("year.increment/1", end=found.figure, start=before, target=goal)
    if indicator.kind == "compound":
        return _computed("year.share/1", value=_rate(found, of.year), target=goal)
    if indicator.kind in {"recurring", "growth"} and isinstance(found.figure, Fraction):
        return _computed("year.share/1", value=found.figure, target=goal)
    own = indicator.model_copy(update={"target": target, "strict": False})
    return attain(_kept(own, goal, of), found.figure, tolerances=of.rulebook.tolerances)


def _kept(indicator: Indicator, goal: Fraction, of: YearOf) -> Indicator:
    """What stood at the target of the year from the beginning is to be maintained there (4.17)."""
    margin = of.rulebook.tolerances.about if indicator.tolerance is None else indicator.tolerance
    ways = {"level": ("maintain", goal), "about_level": ("about", goal * (1 - Fraction(margin)))}
    kind, reached = ways.get(form_of(indicator), (None, goal))
    if kind is None or indicator.baseline is None or Fraction(indicator.baseline) < reached:
        return indicator
    return indicator.model_copy(update={"kind": kind, "baseline": None})


def _computed(formula: str, **operands: Fraction) -> Attained:
    return Attained(formula=formula, operands=operands, a=FORMULAS[formula](**operands))


def _before(indicator: Indicator, of: YearOf) -> Fraction:
    """Where a running total stood at the end of the year before; 0 where it had not begun."""
    eve = date(of.year, 1, 1) - timedelta(days=1)
    value = of.reading.until(eve).value(indicator.id)
    return Fraction(value[0]) if value else Fraction(0)


def _rate(found: Reported, year: int) -> Fraction:
    """The rate of the year; where it is not out, of the latest year that is."""
    rates = found.figure
    if not isinstance(rates, Mapping):
        raise TypeError("a compound figure has a rate for each year")
    return rates.get(year, rates[max(rates)])


def counted(terms: Sequence[TargetTerm]) -> Iterator[tuple[Fraction, Fraction, Fraction]]:
    """Weight, attainment within 0 and 1, and overshoot, of the terms that have a value."""
    for term in terms:
        if term.a is not None:
            yield term.weight, min(max(term.a, Fraction(0)), Fraction(1)), term.overshoot

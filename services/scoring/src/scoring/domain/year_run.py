"""The roll-up of a year: from published periods, targets and events to ranks (assessment 4.14)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from scoring.domain.amended import task_on
from scoring.domain.conditions import inactive_reason
from scoring.domain.events import bonus_and_deductions, guarded_bonus
from scoring.domain.exact import PRINTED_PLACES, rounded
from scoring.domain.facts import Entered, PlanFacts, Report, assigned_on, is_unconfirmed
from scoring.domain.period_run import PeriodResult
from scoring.domain.ranking import Grade, grades, ranks
from scoring.domain.reading import Reading, read
from scoring.domain.rollup import ActionResult, published_mean
from scoring.domain.support import unsupported_settings
from scoring.domain.year_figures import figures_of
from scoring.domain.year_result import (
    Cap,
    PeriodTerm,
    TargetTerm,
    YearReason,
    YearResult,
    YearUnit,
)
from scoring.domain.year_targets import YearOf, counted, terms_of
from shared.calendar.periods import Period, PeriodScheme
from shared.contracts.decisions import UNAMENDED, Exemption, Rating, Veto
from shared.contracts.plan import ActionHead, Task, Unit
from shared.contracts.rulebook import Rulebook

_ORDER: Final[tuple[Grade, ...]] = ("excellent", "good", "fair", "poor")
Share = Literal["periods", "attainment", "public"]


@dataclass(frozen=True, kw_only=True)
class YearFacts:
    """All that the roll-up of a year reads; every report and decision lies before the cut-off.

    `periods` are the published periods of the year in their order, with their latest versions;
    `owed` is how many there are to be. `zeroed` are the tasks of which corrections of these
    periods found the data false.
    """

    plan: PlanFacts
    rulebook: Rulebook
    year: int
    tz: tzinfo
    periods: tuple[tuple[Period, PeriodResult], ...]
    owed: int
    reports: tuple[Report, ...]
    entries: tuple[Entered, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    zeroed: frozenset[str] = frozenset()

    @property
    def last(self) -> date:
        """The last day of the year."""
        return date(self.year, 12, 31)

    @property
    def scheme(self) -> PeriodScheme:
        """How the plan cuts time into periods."""
        calendar = self.plan.head.calendar
        return PeriodScheme(cadence=calendar.cadence, anchor_month=calendar.anchor_month)

    def reading(self, task: str) -> Reading:
        """What is known of a task, or of the plan's or an action's figures, at the year's end."""
        mine = [one for one in self.reports if one.task == task]
        last = self.periods[-1][0]
        unit = next((one.unit for one in reversed(mine) if one.period == last.id), "")
        return read(mine, unit=unit, period=last, scheme=self.scheme, close_end=None)


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """The exact terms of a unit's year; None where a term has no value."""

    a: Fraction | None
    b: Fraction | None
    c: Fraction | None
    overshoot: Fraction


def run_year(facts: YearFacts) -> YearResult:
    """A year is rolled up from the published periods; ranks are on its published scores.

    Raises:
        ValueError: the rulebook asks for what is not offered, or no period of the year is there.
    """
    refused = unsupported_settings(facts.rulebook)
    if refused:
        raise ValueError("not_supported: " + "; ".join(reason.what for reason in refused))
    if not facts.periods:
        raise ValueError(f"unknown_year: no period of {facts.year} is published")
    targets = _targets(facts)
    units = [
        _unit(unit, targets[unit.id], facts)
        for unit in sorted(facts.plan.units, key=lambda unit: unit.id)
    ]
    by_action = _actions(facts)
    rounding = facts.rulebook.rounding
    weights = {head.id: Fraction(head.weight) for head in facts.plan.actions}
    return YearResult(
        year=facts.year,
        units=_ranked(units, facts.rulebook),
        actions=by_action,
        plan_score=published_mean(
            ((weights[one.action], one.score) for one in by_action), rounding
        ),
        figures=figures_of(facts.plan, facts.last, reading=facts.reading, rulebook=facts.rulebook),
    )


def _targets(facts: YearFacts) -> Mapping[str, Sequence[TargetTerm]]:
    """The terms of B by unit: every task in force weighs by the share of the last period."""
    shares = {line.task: line.shares for line in facts.periods[-1][1].tasks}
    found: dict[str, list[TargetTerm]] = defaultdict(list)
    heads = {head.id: head for head in facts.plan.actions}
    for action, filed in sorted(facts.plan.tasks, key=lambda pair: pair[1].id):
        task = _in_force(filed, heads[action], facts)
        if task is None:
            continue
        of = YearOf(
            year=facts.year,
            last=facts.last,
            ends=facts.periods[-1][0].last,
            reading=facts.reading(task.id),
            rulebook=facts.rulebook,
        )
        for unit, share in shares.get(task.id, {}).items():
            if share:
                found[unit] += terms_of(task, Fraction(task.weight) * share, of)
    return found


def _in_force(filed: Task, action: ActionHead, facts: YearFacts) -> Task | None:
    """A task as the year's end finds it; None where it is cancelled, unconfirmed or not led."""
    amended = facts.plan.amended.get(filed.id, UNAMENDED)
    if amended.cancelled_on is not None and amended.cancelled_on <= facts.last:
        return None
    if is_unconfirmed(filed, action):
        return None
    task = task_on(filed, amended, facts.last)
    units = {unit.id: unit for unit in facts.plan.units}
    assigned = assigned_on(task, units, facts.periods[-1][0].last)
    reason = inactive_reason(task, action, assigned, facts.last, cancelled_on=None)
    return None if reason in {"not_started", "closed"} else task


def _unit(unit: Unit, terms: Sequence[TargetTerm], facts: YearFacts) -> YearUnit:
    """A unit's year: the means A and B and the rating C, then overshoot and events (4.14)."""
    scores = [
        (period.id, next((one.score for one in result.units if one.unit == unit.id), None))
        for period, result in facts.periods
    ]
    rating = _rating(unit.id, facts)
    sums = _sums([score for _, score in scores], terms, rating)
    weights = _weights(sums, facts.rulebook)
    tally = bonus_and_deductions(_entries(unit.id, facts), facts.exemptions, facts.rulebook.events)
    score = bonus = None
    if sums.a is not None:
        raw = _weighed(sums, weights) + sums.overshoot
        bonus = guarded_bonus(raw, tally.bonus, facts.rulebook.events)
        score = min(max(raw + bonus - tally.deductions, Fraction(0)), Fraction(100))
    caps = _caps(unit.id, facts)
    return YearUnit(
        unit=unit.id,
        group=unit.group,
        periods=_printed(sums.a, facts),
        attainment=_printed(sums.b, facts),
        overshoot=_amount(sums.overshoot, facts),
        bonus=_amount(tally.bonus if bonus is None else bonus, facts),
        deductions=_amount(tally.deductions, facts),
        score=None if score is None else _rounded(score, facts),
        rank=None,
        grade=None,
        reasons=_reasons([score for _, score in scores], terms, caps, facts),
        period_terms=tuple(PeriodTerm(period=name, score=one) for name, one in scores),
        target_terms=tuple(terms),
        public=_printed(rating, facts),
        weights=weights,
        coverage=_coverage(terms),
        events=tally.events,
        caps=caps,
    )


def _sums(
    scores: Sequence[Decimal | None], terms: Sequence[TargetTerm], rating: Fraction | None
) -> _Sums:
    """A from the published scores, B and the overshoot by the weights of the targets."""
    known = [Fraction(score) for score in scores if score is not None]
    valued = list(counted(terms))
    weight = sum((w for w, _, _ in valued), Fraction(0))
    return _Sums(
        a=sum(known, Fraction(0)) / len(known) if known else None,
        b=100 * sum((w * a for w, a, _ in valued), Fraction(0)) / weight if weight else None,
        c=rating,
        overshoot=sum((w * over for w, _, over in valued), Fraction(0)) / weight
        if weight
        else Fraction(0),
    )


def _weights(sums: _Sums, rulebook: Rulebook) -> dict[Share, Fraction]:
    """A term without a value, or of no weight, leaves the sum (assessment 4.14)."""
    settings = rulebook.year
    every: dict[Share, tuple[Fraction, Fraction | None]] = {
        "periods": (Fraction(settings.periods), sums.a),
        "attainment": (Fraction(settings.attainment), sums.b),
        "public": (Fraction(settings.public), sums.c),
    }
    return {name: weight for name, (weight, value) in every.items() if weight and value is not None}


def _weighed(sums: _Sums, weights: Mapping[Share, Fraction]) -> Fraction:
    """The terms that have a value, by their weights; of these weights the sum is 1 again."""
    values = {"periods": sums.a, "attainment": sums.b, "public": sums.c}
    total = sum(weights.values(), Fraction(0))
    if not total:
        return sums.a or Fraction(0)
    return (
        sum((w * (values[name] or Fraction(0)) for name, w in weights.items()), Fraction(0)) / total
    )


def _reasons(
    scores: Sequence[Decimal | None],
    terms: Sequence[TargetTerm],
    caps: Sequence[Cap],
    facts: YearFacts,
) -> tuple[YearReason, ...]:
    assessed = sum(score is not None for score in scores)
    reasons: list[YearReason] = []
    if not assessed:
        reasons.append("no_counted_task")
    elif assessed < min(facts.rulebook.year.min_periods, facts.owed):
        reasons.append("few_periods")
    if assessed and not any(term.a is not None for term in terms):
        reasons.append("no_year_target")
    if caps:
        reasons.append("vetoed")
    return tuple(reasons)


def _entries(unit: str, facts: YearFacts) -> list[Entered]:
    """The unit's events of the year."""
    return [
        one
        for one in facts.entries
        if one.entry.unit == unit
        and one.on.year == facts.year
        and not isinstance(one.entry, Rating)
    ]


def _rating(unit: str, facts: YearFacts) -> Fraction | None:
    """The public's newest rating of the unit for the year."""
    found = [
        one.entry.score
        for one in facts.entries
        if isinstance(one.entry, Rating) and (one.entry.unit, one.entry.year) == (unit, facts.year)
    ]
    return Fraction(found[-1]) if found else None


def _caps(unit: str, facts: YearFacts) -> tuple[Cap, ...]:
    """Vetoes of the year cap the unit's grade, and false data of tasks it leads (4.4, 4.8)."""
    vetoes = [
        Cap(matter=one.entry.matter, grade=one.entry.cap)
        for one in _entries(unit, facts)
        if isinstance(one.entry, Veto)
    ]
    led = {
        line.task
        for _, result in facts.periods
        for line in result.tasks
        if line.unit == unit and line.task in facts.zeroed
    }
    return (*vetoes, *(Cap(matter=task, grade="good") for task in sorted(led)))


def _coverage(terms: Sequence[TargetTerm]) -> Fraction | None:
    every = sum((term.weight for term in terms), Fraction(0))
    known = sum((term.weight for term in terms if term.a is not None), Fraction(0))
    return known / every if every else None


def _actions(facts: YearFacts) -> tuple[ActionResult, ...]:
    """An action's year is the mean of its published scores over the periods (4.14)."""
    return tuple(
        ActionResult(
            action=head.id,
            score=published_mean(
                (
                    (Fraction(1), one.score)
                    for _, result in facts.periods
                    for one in result.actions
                    if one.action == head.id
                ),
                facts.rulebook.rounding,
            ),
        )
        for head in sorted(facts.plan.actions, key=lambda head: head.id)
    )


def _ranked(units: Sequence[YearUnit], rulebook: Rulebook) -> tuple[YearUnit, ...]:
    """Ranks and grades within the groups; a veto caps the grade, not the score (4.8, 4.11)."""
    ranked = {one.unit: one for one in units}
    for group in {one.group for one in units}:
        mine = [one for one in units if one.group == group]
        scores = {
            one.unit: one.score
            for one in mine
            if one.score is not None and "few_periods" not in one.reasons
        }
        places = ranks(scores, rulebook.ranking)
        barred = {one.unit for one in mine if one.caps}
        quota = Fraction(rulebook.quota.excellent)
        for unit, given in grades(scores, rulebook.grades, quota, barred=barred).items():
            one = ranked[unit]
            no_seat: tuple[YearReason, ...] = ("no_seat",) if given.no_seat else ()
            ranked[unit] = one.model_copy(
                update={
                    "rank": places.get(unit),
                    "grade": max((given.grade, *(cap.grade for cap in one.caps)), key=_ORDER.index),
                    "reasons": (*one.reasons, *no_seat),
                }
            )
    return tuple(ranked.values())


def _printed(value: Fraction | None, facts: YearFacts) -> Decimal | None:
    return None if value is None else _amount(value, facts)


def _amount(value: Fraction, facts: YearFacts) -> Decimal:
    return rounded(value, PRINTED_PLACES, facts.rulebook.rounding.mode)


def _rounded(value: Fraction, facts: YearFacts) -> Decimal:
    return rounded(value, facts.rulebook.rounding.places, facts.rulebook.rounding.mode)

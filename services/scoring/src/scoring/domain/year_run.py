"""The roll-up of a year: from published periods, targets and events to ranks (assessment 4.14)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from scoring.domain.amended import task_on
from scoring.domain.conditions import inactive_reason
from scoring.domain.events import bonus_and_deductions, guarded_bonus
from scoring.domain.exact import PRINTED_PLACES, rounded
from scoring.domain.facts import assigned_on, is_unconfirmed
from scoring.domain.ranking import Contender, Grade, Place, placed
from scoring.domain.rollup import ActionResult, published_mean
from scoring.domain.successions import merged_into
from scoring.domain.tie_break import terms_of as tie_terms
from scoring.domain.year_events import caps_of, outside_the_periods, rating_of
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_figures import figures_of
from scoring.domain.year_periods import mean_of, period_terms, task_terms, value_of
from scoring.domain.year_result import (
    Cap,
    TargetTerm,
    YearReason,
    YearResult,
    YearUnit,
)
from scoring.domain.year_targets import YearOf, counted, terms_of
from shared.contracts.decisions import UNAMENDED
from shared.contracts.plan import ActionHead, Task, Unit
from shared.contracts.rulebook import Rulebook

_ORDER: Final[tuple[Grade, ...]] = ("excellent", "good", "fair", "poor")
Share = Literal["periods", "attainment", "public"]


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
        ValueError: no period of the year is there, or the weights of periods do not fit them.
    """
    if not facts.periods:
        raise ValueError(f"unknown_year: no period of {facts.year} is published")
    targets = _targets(facts)
    units = [
        _unit(unit, targets[unit.id], facts)
        if (into := merged_into(unit.id, facts.passings)) is None
        else _merged(unit, into, facts)
        for unit in sorted(facts.plan.units, key=lambda unit: unit.id)
    ]
    by_action = _actions(facts)
    rounding = facts.rulebook.rounding
    weights = {head.id: Fraction(head.weight) for head in facts.plan.actions}
    return YearResult(
        year=facts.year,
        units=_ranked(units, facts),
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
                found[unit] += terms_of(task, task.own_weight * share, of)
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
    scores = period_terms(unit.id, facts)
    tasks = task_terms(unit.id, facts) if facts.rulebook.year.order == "task_first" else ()
    rating = rating_of(unit.id, facts)
    sums = _sums(mean_of(tasks or scores), terms, rating)
    weights = _weights(sums, facts.rulebook)
    tally = bonus_and_deductions(
        outside_the_periods(unit.id, facts), facts.exemptions, facts.rulebook.events
    )
    score = bonus = None
    if sums.a is not None:
        raw = _weighed(sums, weights) + sums.overshoot
        bonus = guarded_bonus(raw, tally.bonus, facts.rulebook.events)
        score = min(max(raw + bonus - tally.deductions, Fraction(0)), Fraction(100))
    caps = caps_of(unit.id, facts)
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
        reasons=_reasons([value_of(one) for one in scores], terms, caps, facts),
        period_terms=scores,
        task_terms=tasks,
        target_terms=tuple(terms),
        public=_printed(rating, facts),
        weights=weights,
        coverage=_coverage(terms),
        events=tally.events,
        caps=caps,
    )


def _merged(unit: Unit, into: str, facts: YearFacts) -> YearUnit:
    """A unit that became part of another has no year of its own; it stands in its group (4.14)."""
    group = next(one.group for one in facts.plan.units if one.id == into)
    zero = _amount(Fraction(0), facts)
    return YearUnit(
        unit=unit.id,
        group=group,
        periods=None,
        attainment=None,
        overshoot=zero,
        bonus=zero,
        deductions=zero,
        score=None,
        rank=None,
        grade=None,
        reasons=("no_counted_task",),
        merged_into=into,
        period_terms=(),
        task_terms=(),
        target_terms=(),
        public=None,
        weights={},
        coverage=None,
        events=(),
        caps=(),
    )


def _sums(a: Fraction | None, terms: Sequence[TargetTerm], rating: Fraction | None) -> _Sums:
    """A is of the published scores, B and the overshoot by the weights of the targets."""
    valued = list(counted(terms))
    weight = sum((w for w, _, _ in valued), Fraction(0))
    return _Sums(
        a=a,
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
    scores: Sequence[Fraction | None],
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


def _ranked(units: Sequence[YearUnit], facts: YearFacts) -> tuple[YearUnit, ...]:
    """Ranks and grades within the groups; what breaks a tie is of the last period (4.10, 4.11)."""
    period, order = facts.periods[-1][1], facts.rulebook.tie_break
    last = {one.unit: one.score for one in period.units}
    groups: dict[str, dict[str, Contender]] = defaultdict(dict)
    for one in units:
        if one.score is not None and "few_periods" not in one.reasons:
            groups[one.group][one.unit] = Contender(
                score=one.score,
                terms=tie_terms(one.unit, period.tasks, last.get(one.unit), order),
                barred=bool(one.caps),
            )
    places = placed(groups, facts.rulebook)
    return tuple(_in_place(one, places[one.unit]) if one.unit in places else one for one in units)


def _in_place(one: YearUnit, place: Place) -> YearUnit:
    """A veto caps the grade, not the score (assessment 4.8)."""
    no_seat: tuple[YearReason, ...] = ("no_seat",) if place.no_seat else ()
    return one.model_copy(
        update={
            "rank": place.rank,
            "grade": max((place.grade, *(cap.grade for cap in one.caps)), key=_ORDER.index),
            "reasons": (*one.reasons, *no_seat),
        }
    )


def _printed(value: Fraction | None, facts: YearFacts) -> Decimal | None:
    return None if value is None else _amount(value, facts)


def _amount(value: Fraction, facts: YearFacts) -> Decimal:
    return rounded(value, PRINTED_PLACES, facts.rulebook.rounding.mode)


def _rounded(value: Fraction, facts: YearFacts) -> Decimal:
    return rounded(value, facts.rulebook.rounding.places, facts.rulebook.rounding.mode)

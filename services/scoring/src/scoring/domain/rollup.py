"""From published task scores to units, actions, the plan and the rates (assessment 3.3, 4.6)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from operator import mul
from typing import Final, Literal

from scoring.domain.events import Tally, guarded_bonus, with_floor_guard
from scoring.domain.exact import PRINTED_PLACES, Printed, Weight, rounded
from scoring.domain.ranking import Contender, Grade, Place, Terms, placed
from scoring.domain.task_line import INACTIVE, TaskLine
from scoring.domain.tie_break import terms_of
from shared.contracts.plan import ActionHead, Unit
from shared.contracts.rulebook import Rounding, Rulebook
from shared.contracts.values import Contract

UnitReason = Literal["no_counted_task", "insufficient_basis", "no_seat", "exemption_limit"]

_NO_RANK: Final[frozenset[UnitReason]] = frozenset({"no_counted_task", "insufficient_basis"})


class UnitLine(Contract):
    """A task's line where the unit's own differs from it."""

    task: str
    score: Printed | None
    left_out: str | None


class UnitResult(Contract):
    """A unit's result; no rank and no grade where its reasons say so.

    `bonus` and `deductions` are the points of events inside the score, None where these count in
    the year.
    """

    unit: str
    group: str
    score: Printed | None
    rank: int | None
    grade: Grade | None
    counted_weight: Weight
    left_out_weight: Weight
    reasons: tuple[UnitReason, ...]
    lines: tuple[UnitLine, ...] = ()
    bonus: Printed | None = None
    deductions: Printed | None = None


class ActionResult(Contract):
    """An action's score; None where none of its tasks counted."""

    action: str
    score: Printed | None


class Rates(Contract):
    """How the reports came, counted, and in percent to 2 places; None where none was expected."""

    expected: int
    on_time: int
    late: int
    missing: int
    reporting_rate: Printed | None
    on_time_rate: Printed | None


def published_mean(
    pairs: Iterable[tuple[Fraction, Decimal | None]], rounding: Rounding
) -> Decimal | None:
    """A mean of published scores by their weights, rounded once; without weight there is none."""
    mean = weighted_mean(pairs)
    return None if mean is None else rounded(mean, rounding.places, rounding.mode)


def weighted_mean(pairs: Iterable[tuple[Fraction, Decimal | None]]) -> Fraction | None:
    """A mean of published scores by their weights, exact; without weight there is none.

    Weights and scores are two columns of scaled integers: one product, and one division at the end.
    """
    counted = [(weight, score) for weight, score in pairs if score is not None]
    weights, _ = _scaled([weight.as_integer_ratio() for weight, _ in counted])
    scores, scale = _scaled([score.as_integer_ratio() for _, score in counted])
    if (whole := sum(weights)) == 0:
        return None
    return Fraction(sum(map(mul, weights, scores)), whole * scale)


def _scaled(column: Sequence[tuple[int, int]]) -> tuple[list[int], int]:
    """Numbers over their least common denominator, and that denominator."""
    scale = lcm(*(below for _, below in column))
    return [above * (scale // below) for above, below in column], scale


def units(
    every: Iterable[Unit],
    lines: Sequence[TaskLine],
    rulebook: Rulebook,
    *,
    last: Mapping[str, Decimal | None] | None = None,
    tallies: Mapping[str, Tally] | None = None,
) -> tuple[UnitResult, ...]:
    """A unit scores the mean of its tasks' published scores and is ranked within its group.

    Tasks weigh by weight and share (assessment 4.6, 4.10, 4.11). `last` are the units' scores of
    the period before, which may break a tie, `tallies` their events, where these are
    in the scores of the period.
    """
    held: dict[str, list[TaskLine]] = defaultdict(list)
    for line in lines:
        for unit, share in line.shares.items():
            if share:
                held[unit].append(line)
    unranked = [
        unit_result(unit, held[unit.id], rulebook, (tallies or {}).get(unit.id))
        for unit in sorted(every, key=lambda unit: unit.id)
    ]
    terms = {
        one.unit: terms_of(one.unit, lines, (last or {}).get(one.unit), rulebook.tie_break)
        for one in unranked
    }
    return _ranked(unranked, terms, rulebook)


def unit_result(
    unit: Unit, lines: Iterable[TaskLine], rulebook: Rulebook, tally: Tally | None = None
) -> UnitResult:
    """A unit of whose active weight more than the guard's part is left out has no firm basis.

    With more than the limit exempt (E1 and E4) it cannot be excellent. `lines` are those it has a
    share in; where its own score of a task differs it is listed (assessment 4.6, 4.9).
    """
    every = sorted(lines, key=lambda line: line.task)
    held = [(line.weight * line.shares[unit.id], line.of(unit.id)) for line in every]
    in_force = [(w, own) for w, own in held if own.left_out not in INACTIVE]
    active = sum((w for w, _ in in_force), Fraction(0))
    counted = sum((w for w, own in in_force if own.left_out is None), Fraction(0))
    exempt = sum((w for w, own in in_force if own.exemption is not None), Fraction(0))
    mean = weighted_mean((w, own.score) for w, own in held)
    bonus = None
    if mean is not None and tally is not None:
        bonus = guarded_bonus(mean, tally.bonus, rulebook.events)
    score = _score(mean, tally, rulebook)
    reasons: tuple[UnitReason, ...] = ()
    if score is None:
        reasons = ("no_counted_task",)
    elif active - counted > Fraction(rulebook.coverage_guard) * active:
        reasons = ("insufficient_basis",)
    elif exempt > Fraction(rulebook.exemption.limit) * active:
        reasons = ("exemption_limit",)
    return UnitResult(
        unit=unit.id,
        group=unit.group,
        score=score,
        rank=None,
        grade=None,
        counted_weight=counted,
        left_out_weight=active - counted,
        reasons=reasons,
        lines=tuple(
            UnitLine(task=line.task, score=own.score, left_out=own.left_out)
            for line, (_, own) in zip(every, held, strict=True)
            if (own.score, own.left_out) != (line.score, line.left_out)
        ),
        bonus=None if bonus is None else _points(bonus, rulebook.rounding),
        deductions=None if tally is None else _points(tally.deductions, rulebook.rounding),
    )


def actions(
    every: Iterable[ActionHead], lines: Sequence[TaskLine], rounding: Rounding
) -> tuple[ActionResult, ...]:
    """An action's score is the mean of its tasks' published scores by weight (assessment 4.6)."""
    return tuple(
        ActionResult(
            action=action.id,
            score=published_mean(
                ((line.weight, line.score) for line in lines if line.action == action.id),
                rounding,
            ),
        )
        for action in sorted(every, key=lambda action: action.id)
    )


def plan_score(
    heads: Iterable[ActionHead], results: Iterable[ActionResult], rounding: Rounding
) -> Decimal | None:
    """The plan's score is the mean of its actions' published scores by weight (assessment 4.6)."""
    weights: Mapping[str, Fraction] = {head.id: Fraction(head.weight) for head in heads}
    return published_mean(((weights[one.action], one.score) for one in results), rounding)


def rates(lines: Iterable[TaskLine], rounding: Rounding) -> Rates:
    """Of the reports expected: how many came, and how many came on time (assessment 3.3)."""
    outcomes = [line.timeliness.outcome for line in lines if line.timeliness is not None]
    expected, on_time, late = len(outcomes), outcomes.count("on_time"), outcomes.count("late")

    def rate(part: int) -> Decimal | None:
        if not expected:
            return None
        return rounded(Fraction(100 * part, expected), PRINTED_PLACES, rounding.mode)

    return Rates(
        expected=expected,
        on_time=on_time,
        late=late,
        missing=expected - on_time - late,
        reporting_rate=rate(on_time + late),
        on_time_rate=rate(on_time),
    )


def _score(mean: Fraction | None, tally: Tally | None, rulebook: Rulebook) -> Decimal | None:
    """The mean with the events of the period, rounded once (assessment 4.6, 4.8)."""
    if mean is None:
        return None
    if tally is not None:
        mean = with_floor_guard(mean, tally.bonus, tally.deductions, rulebook.events)
    return rounded(mean, rulebook.rounding.places, rulebook.rounding.mode)


def _points(points: Fraction, rounding: Rounding) -> Decimal:
    return rounded(points, PRINTED_PLACES, rounding.mode)


def _ranked(
    results: Sequence[UnitResult], terms: Mapping[str, Terms], rulebook: Rulebook
) -> tuple[UnitResult, ...]:
    groups: dict[str, dict[str, Contender]] = defaultdict(dict)
    for one in results:
        if one.score is not None and not _NO_RANK & {*one.reasons}:
            groups[one.group][one.unit] = Contender(
                score=one.score,
                terms=terms[one.unit],
                barred="exemption_limit" in one.reasons,
            )
    places = placed(groups, rulebook)
    return tuple(_in_place(one, places[one.unit]) if one.unit in places else one for one in results)


def _in_place(one: UnitResult, place: Place) -> UnitResult:
    reasons = ("no_seat",) if place.no_seat else one.reasons
    return one.model_copy(update={"rank": place.rank, "grade": place.grade, "reasons": reasons})

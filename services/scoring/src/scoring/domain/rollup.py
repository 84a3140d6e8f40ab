"""From published task scores to units, actions, the plan and the rates (assessment 3.3, 4.6)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from scoring.domain.exact import PRINTED_PLACES, Printed, Weight, rounded
from scoring.domain.ranking import Grade, grades, ranks
from scoring.domain.task_line import INACTIVE, TaskLine
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
    """A unit's result; no rank and no grade where its reasons say so."""

    unit: str
    group: str
    score: Printed | None
    rank: int | None
    grade: Grade | None
    counted_weight: Weight
    left_out_weight: Weight
    reasons: tuple[UnitReason, ...]
    lines: tuple[UnitLine, ...] = ()


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
    counted = [(weight, Fraction(score)) for weight, score in pairs if score is not None]
    weights = sum((weight for weight, _ in counted), Fraction(0))
    if weights == 0:
        return None
    total = sum((weight * score for weight, score in counted), Fraction(0))
    return rounded(total / weights, rounding.places, rounding.mode)


def units(
    every: Iterable[Unit], lines: Sequence[TaskLine], rulebook: Rulebook
) -> tuple[UnitResult, ...]:
    """A unit scores the mean of its tasks' published scores and is ranked within its group.

    Tasks weigh by weight and share (assessment 4.6, 4.10, 4.11).
    """
    held: dict[str, list[TaskLine]] = defaultdict(list)
    for line in lines:
        for unit, share in line.shares.items():
            if share:
                held[unit].append(line)
    unranked = [
        unit_result(unit, held[unit.id], rulebook)
        for unit in sorted(every, key=lambda unit: unit.id)
    ]
    return _ranked(unranked, rulebook)


def unit_result(unit: Unit, lines: Iterable[TaskLine], rulebook: Rulebook) -> UnitResult:
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
    score = published_mean(((w, own.score) for w, own in held), rulebook.rounding)
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


def _ranked(results: Sequence[UnitResult], rulebook: Rulebook) -> tuple[UnitResult, ...]:
    ranked: dict[str, UnitResult] = {one.unit: one for one in results}
    for group in {one.group for one in results}:
        scores = {
            one.unit: one.score
            for one in results
            if one.group == group and one.score is not None and not _NO_RANK & {*one.reasons}
        }
        barred = {unit for unit in scores if "exemption_limit" in ranked[unit].reasons}
        places = ranks(scores, rulebook.ranking)
        quota = Fraction(rulebook.quota.excellent)
        for unit, given in grades(scores, rulebook.grades, quota, barred=barred).items():
            reasons = ("no_seat",) if given.no_seat else ranked[unit].reasons
            ranked[unit] = ranked[unit].model_copy(
                update={"rank": places.get(unit), "grade": given.grade, "reasons": reasons}
            )
    return tuple(ranked.values())

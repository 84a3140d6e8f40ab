"""The mean A of a unit's published periods (assessment 4.14)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from scoring.domain.successions import of_line, weighed
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_result import PeriodPart, PeriodTerm, TaskTerm


def period_weights(facts: YearFacts) -> tuple[Fraction, ...]:
    """How much each published period weighs in the year: equally, or by the rulebook's list.

    The list names every period of the calendar year in order; those that the plan does not owe
    leave it, and the others are weighed by what is left.

    Raises:
        ValueError: the list is not as long as the year has periods.
    """
    listed = facts.rulebook.year.period_weights
    if listed == "equal":
        return (Fraction(1),) * len(facts.periods)
    every = facts.scheme.between(date(facts.year, 1, 1), facts.last)
    if len(listed) != len(every):
        raise ValueError(
            f"period_weights: {facts.year} has {len(every)} periods, the list {len(listed)}: "
            "mend the rulebook"
        )
    weights = {period.id: Fraction(weight) for period, weight in zip(every, listed, strict=True)}
    return tuple(weights[period.id] for period, _ in facts.periods)


def period_terms(unit: str, facts: YearFacts) -> tuple[PeriodTerm, ...]:
    """The unit's published score of each period, None where it was not assessed.

    What it has inherited of a period stands beside it.
    """
    return tuple(
        PeriodTerm(
            period=period.id,
            score=next((one.score for one in result.units if one.unit == unit), None),
            weight=weight,
            parts=_inherited(unit, facts.ancestry(unit, period).parts(result)),
        )
        for (period, result), weight in zip(facts.periods, period_weights(facts), strict=True)
    )


def task_terms(unit: str, facts: YearFacts) -> tuple[TaskTerm, ...]:
    """The mean of each task's published scores over the periods in which it counted.

    It weighs as in the last of them (assessment 4.14, 4.17, `year.order: task_first`).
    """
    found: dict[str, list[PeriodTerm]] = defaultdict(list)
    weights: dict[str, Fraction] = {}
    for (period, result), weight in zip(facts.periods, period_weights(facts), strict=True):
        held = facts.ancestry(unit, period)
        for line in result.tasks:
            parts = tuple(of_line(line, held.holders(line.task)))
            if parts:
                score = next((one.score for one in parts if one.unit == unit), None)
                inherited = _inherited(unit, parts)
                term = PeriodTerm(period=period.id, score=score, weight=weight, parts=inherited)
                found[line.task].append(term)
                weights[line.task] = sum((one.weight for one in parts), Fraction(0))
    return tuple(
        TaskTerm(task=task, weight=weights[task], scores=tuple(found[task]))
        for task in sorted(found)
    )


def value_of(term: PeriodTerm) -> Fraction | None:
    """What counts of a period: the published score, or the mean of all that was inherited."""
    if term.parts:
        return weighed(term.parts)
    return None if term.score is None else Fraction(term.score)


def mean_of(terms: Sequence[PeriodTerm | TaskTerm]) -> Fraction | None:
    """The mean of published scores by weight; None without any."""
    return _mean(
        (term.weight, mean_of(term.scores) if isinstance(term, TaskTerm) else value_of(term))
        for term in terms
    )


def _inherited(unit: str, parts: tuple[PeriodPart, ...]) -> tuple[PeriodPart, ...]:
    """Parts are told where one of them is of another unit."""
    return parts if any(one.unit != unit for one in parts) else ()


def _mean(pairs: Iterable[tuple[Fraction, Fraction | None]]) -> Fraction | None:
    known = [(weight, value) for weight, value in pairs if value is not None]
    weights = sum((weight for weight, _ in known), Fraction(0))
    return sum((w * value for w, value in known), Fraction(0)) / weights if weights else None

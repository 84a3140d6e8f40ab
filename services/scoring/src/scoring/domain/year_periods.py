"""The mean A of a unit's published periods (assessment 4.14)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from scoring.domain.year_facts import YearFacts
from scoring.domain.year_result import PeriodTerm, TaskTerm


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
    """The unit's published score of each period, None where it was not assessed."""
    return tuple(
        PeriodTerm(
            period=period.id,
            score=next((one.score for one in result.units if one.unit == unit), None),
            weight=weight,
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
        for line in result.tasks:
            share, own = line.shares.get(unit), line.of(unit)
            if share and own.left_out is None and own.score is not None:
                term = PeriodTerm(period=period.id, score=own.score, weight=weight)
                found[line.task].append(term)
                weights[line.task] = line.weight * share
    return tuple(
        TaskTerm(task=task, weight=weights[task], scores=tuple(found[task]))
        for task in sorted(found)
    )


def mean_of(terms: Sequence[PeriodTerm | TaskTerm]) -> Fraction | None:
    """The mean of published scores by weight; None without any."""
    return _mean(
        (term.weight, mean_of(term.scores) if isinstance(term, TaskTerm) else _exact(term.score))
        for term in terms
    )


def _exact(score: Decimal | None) -> Fraction | None:
    return None if score is None else Fraction(score)


def _mean(pairs: Iterable[tuple[Fraction, Fraction | None]]) -> Fraction | None:
    known = [(weight, value) for weight, value in pairs if value is not None]
    weights = sum((weight for weight, _ in known), Fraction(0))
    return sum((w * value for w, value in known), Fraction(0)) / weights if weights else None

"""How far a task is, over its parts: a, E, R, gap and P (assessment 4.1, 4.3, 4.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scoring.domain.exact import RATIO_PLACES, RoundingMode, rounded
from scoring.domain.task_line import Part


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Attainment, expectation, index and gap of a task, exact; `gap` in percentage points."""

    a: Fraction
    e: Fraction
    r: Fraction
    gap: Fraction

    def index(self, mode: RoundingMode) -> Decimal:
        """R, rounded once, as the lights read it."""
        return rounded(self.r, RATIO_PLACES, mode)


def capped(a: Fraction, e: Fraction) -> Fraction:
    """No part earns less than nothing, or more than what was expected of it (assessment 4.4)."""
    return min(max(a, Fraction(0)) / e, Fraction(1))


def progress_score(parts: Sequence[tuple[Fraction, Fraction, Fraction]]) -> Fraction:
    """P is the weighted mean of what each part (a, E, weight) earned of 100 (assessment 4.4)."""
    weights = sum((weight for _, _, weight in parts), Fraction(0))
    return 100 * sum((w * capped(a, e) for a, e, w in parts), Fraction(0)) / weights


def measured(parts: Iterable[Part]) -> tuple[tuple[Fraction, Fraction, Fraction], ...]:
    """The (a, E, weight) of the parts that count: those with an expectation and data."""
    return tuple(
        (part.a, part.e, part.weight)
        for part in parts
        if part.left_out is None and part.a is not None
    )


def overall(parts: Sequence[tuple[Fraction, Fraction, Fraction]]) -> Progress:
    """One part speaks for itself; of several, a and E are weighted means and R is P/100.

    Their gap adds up what each lacks, so that no overshoot hides it (assessment 4.1, 4.17).
    """
    if len(parts) == 1:
        a, e, _ = parts[0]
        return Progress(a=a, e=e, r=a / e, gap=100 * (e - a))
    weights = sum((weight for _, _, weight in parts), Fraction(0))
    lack = sum((w * (e - min(max(a, Fraction(0)), e)) for a, e, w in parts), Fraction(0))
    return Progress(
        a=sum((w * a for a, _, w in parts), Fraction(0)) / weights,
        e=sum((w * e for _, e, w in parts), Fraction(0)) / weights,
        r=progress_score(parts) / 100,
        gap=100 * lack / weights,
    )


def mean(parts: Sequence[Part]) -> tuple[Fraction | None, Fraction | None]:
    """The weighted means of a, over the parts with data, and of E, over all: for reading only."""
    return (
        _weighted((part.a, part.weight) for part in parts if part.a is not None),
        _weighted((part.e, part.weight) for part in parts),
    )


def _weighted(pairs: Iterable[tuple[Fraction, Fraction]]) -> Fraction | None:
    every = tuple(pairs)
    weights = sum((weight for _, weight in every), Fraction(0))
    return sum((value * w for value, w in every), Fraction(0)) / weights if every else None

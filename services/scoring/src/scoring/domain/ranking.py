"""Ranks and grades within a group, on published scores (assessment 4.10, 4.11)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from shared.contracts.rulebook import Grades

Grade = Literal["excellent", "good", "fair", "poor"]
Scores = Mapping[str, Decimal]
"""The published score of each ranked unit of a group."""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """A grade; `no_seat` where the score is over the threshold and the seats were taken."""

    grade: Grade
    no_seat: bool


def competition(score: Decimal, scores: Scores) -> int:
    """The rank is one more than the number strictly better: 1 2 2 4 (assessment 4.10)."""
    return 1 + sum(other > score for other in scores.values())


def dense(score: Decimal, scores: Scores) -> int:
    """The rank is one more than the number of better scores: 1 2 2 3 (assessment 4.10)."""
    return 1 + len({other for other in scores.values() if other > score})


def modified(score: Decimal, scores: Scores) -> int:
    """The rank is the number as good or better: 1 3 3 4 (assessment 4.10)."""
    return sum(other >= score for other in scores.values())


RANKINGS: Final[Mapping[str, Callable[[Decimal, Scores], int]]] = {
    "competition": competition,
    "dense": dense,
    "modified": modified,
}


def ranks(scores: Scores, ranking: str) -> dict[str, int]:
    """Every unit of a group has its rank; who is alone in a group has none (assessment 4.10)."""
    if len(scores) == 1:
        return {}
    rank = RANKINGS[ranking]
    return {unit: rank(score, scores) for unit, score in scores.items()}


def band(score: Decimal, bands: Grades) -> Grade:
    """A published score on a bound belongs to the grade above it (assessment 4.11)."""
    if score >= bands.excellent:
        return "excellent"
    if score >= bands.good:
        return "good"
    return "fair" if score >= bands.fair else "poor"


def seats(ranked: int, quota: Fraction) -> int:
    """Not more than the quota's share of the ranked units may be excellent (assessment 4.11)."""
    return int(quota * ranked)


def grades(
    scores: Scores, bands: Grades, quota: Fraction, *, barred: Collection[str] = ()
) -> dict[str, Graded]:
    """Excellent needs the threshold, a seat and no bar; a tie at the last seat gets none.

    A barred unit is ranked and takes no seat: it passes on. Who is alone in a group is graded
    without quota (assessment 4.10, 4.11).
    """
    seated = {unit: score for unit, score in scores.items() if unit not in barred}
    free = seats(len(scores), quota) if len(scores) > 1 else 1
    graded: dict[str, Graded] = {}
    for unit, score in scores.items():
        grade, bar = band(score, bands), unit in barred
        no_seat = grade == "excellent" and not bar and modified(score, seated) > free
        lowered = grade == "excellent" and (bar or no_seat)
        graded[unit] = Graded(grade="good" if lowered else grade, no_seat=no_seat)
    return graded

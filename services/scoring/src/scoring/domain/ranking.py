"""Ranks, seats and grades within the groups, on published scores (assessment 4.10, 4.11)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from shared.contracts.rulebook import Grades, Quota, Rulebook

Grade = Literal["excellent", "good", "fair", "poor"]
Terms = tuple[Fraction, ...]
"""What breaks a tie, the first that differs decides, more is better (see `tie_break`)."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A ranked unit: its published score, what breaks its ties, and whether excellent is barred."""

    score: Decimal
    terms: Terms = ()
    barred: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rank and a grade; `no_seat` where the score is over the threshold and no seat was left."""

    rank: int | None
    grade: Grade
    no_seat: bool


Group = Mapping[str, Contender]
"""The ranked units of a group."""


def competition(unit: str, group: Group) -> int:
    """The rank is one more than the number strictly better: 1 2 2 4 (assessment 4.10)."""
    return 1 + sum(other.score > group[unit].score for other in group.values())


def dense(unit: str, group: Group) -> int:
    """The rank is one more than the number of better scores: 1 2 2 3 (assessment 4.10)."""
    return 1 + len({other.score for other in group.values() if other.score > group[unit].score})


def modified(unit: str, group: Group) -> int:
    """The rank is the number as good or better: 1 3 3 4 (assessment 4.10)."""
    return sum(other.score >= group[unit].score for other in group.values())


def ordinal(unit: str, group: Group) -> int:
    """No two share a rank: the tie-break's terms decide, at last the id (assessment 4.10)."""
    own = group[unit]

    def ahead(other: str) -> bool:
        rival = group[other]
        mine, theirs = (own.score, *own.terms), (rival.score, *rival.terms)
        return theirs > mine or (theirs == mine and other < unit)

    return 1 + sum(ahead(other) for other in group)


RANKINGS: Final[Mapping[str, Callable[[str, Group], int]]] = {
    "competition": competition,
    "dense": dense,
    "modified": modified,
    "ordinal": ordinal,
}
_AT_THE_LAST_SEAT: Final[Mapping[str, Callable[[str, Group], int]]] = {
    "exclude_all": modified,
    "include_all": competition,
    "tie_break": ordinal,
}
"""Who is tied at the last seat has it where the place counted this way is within the seats."""


def placed(groups: Mapping[str, Group], rulebook: Rulebook) -> dict[str, Place]:
    """Every ranked unit has its rank and its grade within its group (assessment 4.10, 4.11).

    Who is alone in a group has no rank, and is graded without quota.
    """
    free = seats({name: len(group) for name, group in groups.items()}, rulebook.quota)
    rank = RANKINGS[rulebook.ranking]
    found: dict[str, Place] = {}
    for name, group in groups.items():
        for unit in group:
            grade, no_seat = _grade(unit, group, free.get(name), rulebook)
            own = rank(unit, group) if len(group) > 1 else None
            found[unit] = Place(rank=own, grade=grade, no_seat=no_seat)
    return found


def band(score: Decimal, bands: Grades) -> Grade:
    """A published score on a bound belongs to the grade above it (assessment 4.11)."""
    if score >= bands.excellent:
        return "excellent"
    if score >= bands.good:
        return "good"
    return "fair" if score >= bands.fair else "poor"


def seats(sizes: Mapping[str, int], quota: Quota) -> dict[str, int]:
    """Not more than the quota's share of a group's ranked units may be excellent.

    `pool` hands out what the groups' fractions come to together, by the largest remainder, then to
    the larger group, then by id; a group of one has no quota (assessment 4.11, 4.17).
    """
    exact = {name: Fraction(quota.excellent) * n for name, n in sizes.items() if n > 1}
    free = {name: int(share) for name, share in exact.items()}
    if quota.small_groups == "pool":
        left = int(sum(exact.values(), Fraction(0))) - sum(free.values())
        by_remainder = sorted(exact, key=lambda one: (free[one] - exact[one], -sizes[one], one))
        for name in by_remainder[:left]:
            free[name] += 1
    return free


def _grade(unit: str, group: Group, free: int | None, rulebook: Rulebook) -> tuple[Grade, bool]:
    """Excellent needs the threshold, no bar and a seat; a barred unit's seat passes on (4.11)."""
    own = group[unit]
    grade = band(own.score, rulebook.grades)
    if grade != "excellent":
        return grade, False
    if own.barred:
        return "good", False
    seated = {name: one for name, one in group.items() if not one.barred}
    if free is None or _AT_THE_LAST_SEAT[rulebook.quota.ties](unit, seated) <= free:
        return grade, False
    return "good", True

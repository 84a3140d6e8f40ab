"""Events: bonus and deduction, and what a bulletin shows of them (assessment 4.8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from scoring.domain.exact import Exact
from scoring.domain.facts import Entered
from shared.calendar.periods import Period
from shared.contracts.decisions import Award, Exemption, Penalty, Rating, Veto
from shared.contracts.rulebook import Events
from shared.contracts.values import Contract, Day

LEVELS: Final = {"national": Fraction(2), "provincial": Fraction(1), "city": Fraction(1, 2)}
"""What an award is worth where it names no points."""


class EventShown(Contract):
    """An award, a penalty or a veto as a bulletin shows it.

    `points` are written positive, None for a veto, whose `cap` is the best grade it leaves.
    `counts` is False for an award below another of its matter, and for a penalty that the
    exemption named in `waived_by` waives.
    """

    decision: str
    unit: str
    type: Literal["award", "penalty", "veto"]
    matter: str
    on: Day
    points: Exact | None
    uncapped: bool
    cap: Literal["fair", "poor"] | None
    counts: bool
    waived_by: str | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a unit's events come to, in points: `deductions` is `capped` and `uncapped` together."""

    bonus: Fraction
    capped: Fraction
    uncapped: Fraction
    events: tuple[EventShown, ...]

    @property
    def deductions(self) -> Fraction:
        """All that is taken off."""
        return self.capped + self.uncapped


def points_of(award: Award) -> Fraction:
    """Points win over a level (assessment 4.8)."""
    if award.points is not None:
        return Fraction(award.points)
    return LEVELS[award.level] if award.level is not None else Fraction(0)


def judged(
    entries: Iterable[Entered], exemptions: Sequence[Exemption], *, of_one: bool = False
) -> tuple[EventShown, ...]:
    """An award counts once per matter, the highest wins; deductions all count (assessment 4.8).

    `of_one`: all are of one unit, although some were entered for those that became part of it.

    `entries` are those of one year or period, in the order of decisions; of equal awards the first
    counts.
    A penalty is waived by an E3 exemption of its unit that names its matter (assessment 4.9).
    """
    known = tuple(entries)
    best: dict[tuple[str, str], tuple[Fraction, str]] = {}
    for one in known:
        if isinstance(one.entry, Award):
            matter = ("" if of_one else one.entry.unit, one.entry.matter)
            points = points_of(one.entry)
            if matter not in best or points > best[matter][0]:
                best[matter] = (points, one.decision)
    highest = {decision for _, decision in best.values()}
    shown = (_shown(one, highest, exemptions) for one in known)
    return tuple(one for one in shown if one is not None)


def events_of(
    entries: Sequence[Entered],
    exemptions: Sequence[Exemption],
    period: Period,
    settings: Events,
) -> tuple[EventShown, ...]:
    """A bulletin shows the events decided in its period, with what the year has by its last day.

    With `events.level: year` they are in no score of the period, and what counts is judged over the
    year so far; else each period counts its own (assessment 4.8).
    """
    if settings.level == "period":
        return _in_order(judged(decided_in(period, entries), exemptions))
    so_far = [one for one in entries if one.on <= period.last]
    years = sorted({one.on.year for one in so_far})
    told = [
        event
        for year in years
        for event in judged((one for one in so_far if one.on.year == year), exemptions)
        if event.on >= period.first
    ]
    return _in_order(told)


def decided_in(period: Period, entries: Iterable[Entered]) -> list[Entered]:
    """Events enter the period of decision, never an earlier one (assessment 4.8)."""
    return [one for one in entries if period.first <= one.on <= period.last]


def bonus_and_deductions(
    entries: Sequence[Entered], exemptions: Sequence[Exemption], settings: Events
) -> Tally:
    """Bonus and deductions have a cap each; false data and major accidents stand outside it.

    `entries` are those of one unit, and of one year or one period (assessment 4.8).
    """
    events = judged(entries, exemptions, of_one=True)

    def together(kind: str, *, uncapped: bool = False) -> Fraction:
        counted = (one for one in events if one.type == kind and one.counts)
        points = (one.points for one in counted if one.uncapped == uncapped)
        return sum((one for one in points if one is not None), Fraction(0))

    return Tally(
        bonus=min(together("award"), Fraction(settings.bonus_max)),
        capped=min(together("penalty"), Fraction(settings.deduction_max)),
        uncapped=together("penalty", uncapped=True),
        events=events,
    )


def guarded_bonus(score: Fraction, bonus: Fraction, settings: Events) -> Fraction:
    """A unit below the floor guard is lifted by its bonus up to it, not beyond (assessment 4.8)."""
    room = Fraction(settings.floor_guard) - score
    return min(bonus, room) if room > 0 else bonus


def with_floor_guard(
    score: Fraction, bonus: Fraction, deductions: Fraction, settings: Events
) -> Fraction:
    """The score with what is added and taken off, never below 0 or above 100 (assessment 4.8)."""
    settled = score + guarded_bonus(score, bonus, settings) - deductions
    return min(max(settled, Fraction(0)), Fraction(100))


def _in_order(events: Iterable[EventShown]) -> tuple[EventShown, ...]:
    return tuple(sorted(events, key=lambda event: (event.on, event.unit, event.decision)))


def _shown(
    entered: Entered, highest: set[str], exemptions: Sequence[Exemption]
) -> EventShown | None:
    entry = entered.entry
    if isinstance(entry, Rating):  # the public's word on a year, no event
        return None
    points = cap = waived = None
    counts = True
    if isinstance(entry, Award):
        points, counts = points_of(entry), entered.decision in highest
    elif isinstance(entry, Penalty):
        points, waived = Fraction(entry.points), _waived_by(entry, exemptions)
        counts = waived is None
    elif isinstance(entry, Veto):
        cap = entry.cap
    return EventShown(
        decision=entered.decision,
        unit=entry.unit,
        type=entry.type,
        matter=entry.matter,
        on=entered.on,
        points=points,
        uncapped=isinstance(entry, Penalty) and entry.uncapped,
        cap=cap,
        counts=counts,
        waived_by=waived,
    )


def _waived_by(penalty: Penalty, exemptions: Sequence[Exemption]) -> str | None:
    fitting = (
        one.id
        for one in exemptions
        if one.kind == "E3" and one.unit == penalty.unit and one.matter == penalty.matter
    )
    return next(fitting, None)

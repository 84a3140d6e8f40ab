"""What was decided of a unit in a year: events, caps of its grade, the public's rating (4.8)."""

from datetime import date
from fractions import Fraction

from scoring.domain.facts import Entered
from scoring.domain.successions import ancestry
from scoring.domain.year_facts import YearFacts
from scoring.domain.year_result import Cap
from shared.contracts.decisions import Rating, Veto


def entries_of(unit: str, facts: YearFacts) -> list[Entered]:
    """The events of the year of the unit, and of those that were merged into it."""
    units = _whole(unit, facts)
    return [
        one
        for one in facts.entries
        if one.entry.unit in units
        and one.on.year == facts.year
        and not isinstance(one.entry, Rating)
    ]


def outside_the_periods(unit: str, facts: YearFacts) -> list[Entered]:
    """The events that the year still has to count: those inside a period's score it does not.

    Where tasks are averaged first no period's score is in the year, so that all are (4.8, 4.14).
    """
    entries = entries_of(unit, facts)
    settings = facts.rulebook
    if settings.events.level == "year" or settings.year.order == "task_first":
        return entries
    inside = {
        event.decision
        for _, result in facts.periods
        for event in result.events
        if any(one.unit == event.unit and one.score is not None for one in result.units)
    }
    return [one for one in entries if one.decision not in inside]


def caps_of(unit: str, facts: YearFacts) -> tuple[Cap, ...]:
    """Vetoes of the year cap the unit's grade, and false data of tasks it leads (4.4, 4.8)."""
    vetoes = [
        Cap(matter=one.entry.matter, grade=one.entry.cap)
        for one in entries_of(unit, facts)
        if isinstance(one.entry, Veto)
    ]
    units = _whole(unit, facts)
    led = {
        line.task
        for _, result in facts.periods
        for line in result.tasks
        if line.unit in units and line.task in facts.zeroed
    }
    return (*vetoes, *(Cap(matter=task, grade="good") for task in sorted(led)))


def _whole(unit: str, facts: YearFacts) -> tuple[str, ...]:
    """The unit and all that were merged into it in the year, or before."""
    return ancestry(unit, date.min, facts.passings).units


def rating_of(unit: str, facts: YearFacts) -> Fraction | None:
    """The public's newest rating of the unit for the year."""
    found = [
        one.entry.score
        for one in facts.entries
        if isinstance(one.entry, Rating) and (one.entry.unit, one.entry.year) == (unit, facts.year)
    ]
    return Fraction(found[-1]) if found else None

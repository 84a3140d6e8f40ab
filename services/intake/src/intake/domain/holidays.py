"""The holiday tables that were loaded for every plan, and what a plan makes of them."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from shared.calendar.plan import PlanCalendar
from shared.calendar.workdays import WorkingDays
from shared.contracts.plan import HolidayYear, PlanDocument

AFTERMATH = timedelta(days=366)
"""How long after its end a plan's days still begin: its last windows close in that time."""


def with_tables(
    document: PlanDocument, own: Sequence[HolidayYear], tables: Iterable[HolidayYear]
) -> PlanDocument:
    """A plan takes the loaded tables of its years; its own word on a day wins (assessment 3.2).

    Args:
        document: the plan, with whatever tables it had.
        own: the holidays that its file names.
        tables: those that were loaded, each year once.
    """
    head = document.plan
    first, last = head.start.year, (head.end + AFTERMATH).year
    holidays = joined(own, [one for one in tables if first <= one.year <= last])
    if holidays == head.calendar.holidays:
        return document
    calendar = head.calendar.model_copy(update={"holidays": holidays})
    head = head.model_copy(update={"calendar": calendar})
    return document.model_copy(update={"plan": head})


def joined(own: Sequence[HolidayYear], tables: Iterable[HolidayYear]) -> tuple[HolidayYear, ...]:
    """The plan's own years, each with what its table adds, then the years it does not name."""
    said = {day for year in own for day in (*year.rest, *year.work)}
    adds = {table.year: table for table in tables}
    years = {one.year: one for one in own}
    known = WorkingDays().loaded_years().union(years)
    for year, table in sorted(adds.items()):
        rest, work = (
            tuple(day for day in days if day not in said) for days in (table.rest, table.work)
        )
        if rest or work or year not in known:
            mine = years.get(year, HolidayYear(year=year))
            years[year] = HolidayYear(year=year, rest=(*mine.rest, *rest), work=(*mine.work, *work))
    return tuple(years.values())


def in_force(table: HolidayYear | None, year: int) -> HolidayYear:
    """The official table of a year with what was loaded for it, each day once, in order.

    Raises:
        YearNotLoaded: nobody knows the year's holidays.
    """
    additions = {year: (frozenset(table.rest), frozenset(table.work))} if table else {}
    rest, work = WorkingDays(additions=additions).exceptions(year)
    return HolidayYear(year=year, rest=tuple(sorted(rest)), work=tuple(sorted(work)))


def missing_ahead(calendar: PlanCalendar, today: date) -> tuple[int, int] | None:
    """The first year without a table that a coming window needs, and the days until it begins."""
    year = next((one for one in calendar.missing_years if one >= today.year), None)
    return None if year is None else (year, max(0, (date(year, 1, 1) - today).days))

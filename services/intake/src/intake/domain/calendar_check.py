"""Whether a plan's dates, time zone, periods and holidays can be reckoned with."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from intake.domain.findings import Finding, Found
from shared.calendar.periods import PeriodScheme
from shared.contracts.plan import HolidayYear, PlanHead
from shared.contracts.problem import Path

_ZONE_ERRORS = (KeyError, ValueError, OSError)


def check_calendar(head: PlanHead) -> Found:
    """All that is wrong with a plan's time."""
    if head.start > head.end:
        yield Finding(
            path=("plan", "end"),
            code="dates_reversed",
            message=f"the plan starts on {head.start}, after it ends on {head.end}",
            mend="let it start on or before its last day",
        )
    if not _known_zone(head.timezone):
        yield Finding(
            path=("plan", "timezone"),
            code="unknown_timezone",
            message=f"there is no time zone {head.timezone!r}",
            mend="write a name of the tz database, such as Asia/Shanghai",
        )
    yield from _periods(head)
    yield from check_holidays(head.calendar.holidays, ("plan", "calendar", "holidays"))
    yield from _evaluations(head)


def _known_zone(name: str) -> bool:
    # The tz database is a table like that of the holidays: the same name, the same zone.
    try:
        return bool(ZoneInfo(name).key)
    except _ZONE_ERRORS:
        return False


def _periods(head: PlanHead) -> Found:
    """A plan's periods are those that end within it (assessment 3.2)."""
    calendar = head.calendar
    if calendar.anchor_month != 1 and calendar.cadence != "bimonthly":
        yield Finding(
            path=("plan", "calendar", "anchor_month"),
            code="no_anchor",
            message=f"{calendar.cadence} periods have no anchor month",
            mend="remove it; only bimonthly periods have one",
        )
    scheme = PeriodScheme(cadence=calendar.cadence, anchor_month=calendar.anchor_month)
    periods = [period.id for period in scheme.between(head.start, head.end)]
    if not periods and head.start <= head.end:
        yield Finding(
            path=("plan", "end"),
            code="no_period",
            message=f"no {calendar.cadence} period ends within the plan",
            mend="move the plan's dates, or choose a shorter cadence",
        )
    elif periods and head.activate_from is not None and head.activate_from not in periods:
        yield Finding(
            path=("plan", "activate_from"),
            code="unknown_period",
            message=f"the plan has no period {head.activate_from}",
            mend=f"write one from {periods[0]} to {periods[-1]}",
        )


def check_holidays(years: Sequence[HolidayYear], where: Path) -> Found:
    """A day off, or made up for, is named once, under its own year (assessment 3.2)."""
    seen: set[date | int] = set()
    for index, year in enumerate(years):
        at = (*where, index)
        if year.year in seen:
            yield _holiday((*at, "year"), f"the year {year.year} stands twice", "join the two")
        seen.add(year.year)
        for name in ("rest", "work"):
            days: tuple[date, ...] = getattr(year, name)
            for place, day in enumerate(days):
                path = (*at, name, place)
                if day.year != year.year:
                    yield _holiday(path, f"{day} is not in {year.year}", "move it to its year")
                if day in seen:
                    yield _holiday(path, f"{day} stands twice", "keep it under rest or work")
                seen.add(day)


def _holiday(path: Path, message: str, mend: str) -> Finding:
    return Finding(path=path, code="bad_holiday", message=message, mend=mend)


def _evaluations(head: PlanHead) -> Found:
    """A look at the whole plan has a name of its own and a day within it (assessment 4.14)."""
    scheme = PeriodScheme(cadence=head.calendar.cadence, anchor_month=head.calendar.anchor_month)
    periods = scheme.between(head.start, head.end)
    seen = {period.id.casefold() for period in periods} | {str(one.year) for one in periods}
    for index, one in enumerate(head.evaluations):
        at = ("plan", "evaluations", index)
        if one.id.casefold() in seen:
            yield Finding(
                path=(*at, "id"),
                code="duplicate_id",
                message=f"the evaluation {one.id} is called like another, or like a period",
                mend="give it another id",
            )
        seen.add(one.id.casefold())
        if not head.start <= one.as_of <= head.end:
            yield Finding(
                path=(*at, "as_of"),
                code="outside_plan",
                message=f"{one.as_of} is not between {head.start} and {head.end}",
                mend="name a day of the plan",
            )

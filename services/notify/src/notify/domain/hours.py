"""When a message may go out: inside the hours of its recipient, on a working day."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from notify.domain.routes import Hours
from shared.calendar.workdays import WorkingDays, YearNotLoaded

DIGEST: Final = time(17)
"""What the daily cap holds back goes out together at this time of the plan's day."""

_ONE_DAY: Final = timedelta(days=1)


def opening(now: datetime, hours: Hours, workdays: WorkingDays, zone: tzinfo) -> datetime:
    """`now` inside the hours, else the instant they begin next.

    A day whose holiday table is not loaded is taken as open: a message does not wait for a table.
    """
    local = now.astimezone(zone)
    day = local.date()
    if _is_open(day, hours, workdays):
        if local.time() < hours.opens:
            return datetime.combine(day, hours.opens, zone)
        if hours.closes is None or local.time() < hours.closes:
            return now
    day = _next_open(day + _ONE_DAY, hours, workdays)
    return datetime.combine(day, hours.opens, zone)


def next_digest(now: datetime, hours: Hours, workdays: WorkingDays, zone: tzinfo) -> datetime:
    """17:00 of today if that is still to come and people work today, else of the next such day."""
    local = now.astimezone(zone)
    day = local.date() if local.time() < DIGEST else local.date() + _ONE_DAY
    return datetime.combine(_next_open(day, hours, workdays), DIGEST, zone)


def _next_open(day: date, hours: Hours, workdays: WorkingDays) -> date:
    while not _is_open(day, hours, workdays):
        day += _ONE_DAY
    return day


def _is_open(day: date, hours: Hours, workdays: WorkingDays) -> bool:
    try:
        return not hours.working_days_only or workdays.is_working(day)
    except YearNotLoaded:
        return True

"""When a period's report is awaited, due and refused, and how late one came."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from shared.calendar.periods import Period
from shared.calendar.workdays import WorkingDays

LatenessUnit = Literal["working_day", "calendar_day"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The days on which a period's report is asked for, due, and no longer taken (assessment 3.2).

    `open ≤ period.last < due ≤ close`. `due` and `close` are whole days, up to the next midnight;
    `open` is when the reminder goes out, not a gate.

    Raises:
        ValueError: the days are in another order.
    """

    period: Period
    open: date
    due: date
    close: date

    def __post_init__(self) -> None:
        if not self.open <= self.period.last < self.due <= self.close:
            raise ValueError(
                f"the window of {self.period.id} must open by the period's last day, be due after "
                f"it and close no earlier: {self.open}, {self.due}, {self.close}"
            )

    def due_end(self, tz: tzinfo) -> datetime:
        """The instant (UTC) before which a report is on time: local midnight after `due`."""
        return _end_of(self.due, tz)

    def close_end(self, tz: tzinfo) -> datetime:
        """The instant (UTC) before which a report is taken at all: local midnight after `close`."""
        return _end_of(self.close, tz)


@dataclass(frozen=True, kw_only=True)
class Timeliness:
    """How a report stands to its window; `late_days` is at least 1 if late, otherwise 0."""

    status: Literal["on_time", "late", "missing"]
    late_days: int


def window_of(
    period: Period,
    *,
    workdays: WorkingDays,
    due_working_days: int,
    close_working_days: int,
    open_working_days: int,
) -> Window:
    """A report is due so many working days after the period's last day (assessment 3.2).

    It opens `open_working_days` before that day, and closes `close_working_days` after due.

    Raises:
        YearNotLoaded: the window reaches into a year whose holidays are unknown.
    """
    due = workdays.add(period.last, due_working_days)
    return Window(
        period=period,
        open=workdays.add(period.last, -open_working_days),
        due=due,
        close=workdays.add(due, close_working_days),
    )


def timeliness(
    received: datetime | None,
    window: Window,
    tz: tzinfo,
    workdays: WorkingDays,
    unit: LatenessUnit,
) -> Timeliness:
    """A report after due is late by the working days from due to its receipt (assessment 3.3).

    Receipt on a day off counts as the next working day; by `calendar_day` the actual day counts,
    days off included (assessment 4.17). None, or receipt after close, is a missing report.

    Raises:
        YearNotLoaded: a late report's working days reach into a year whose holidays are unknown.
    """
    if received is None or received >= window.close_end(tz):
        return Timeliness(status="missing", late_days=0)
    if received < window.due_end(tz):
        return Timeliness(status="on_time", late_days=0)
    day = received.astimezone(tz).date()
    if unit == "calendar_day":
        return Timeliness(status="late", late_days=(day - window.due).days)
    late_days = workdays.count(window.due, workdays.next_from(day))
    return Timeliness(status="late", late_days=late_days)


@lru_cache(maxsize=1024)
def _end_of(day: date, tz: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=tz).astimezone(UTC)

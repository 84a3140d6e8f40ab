"""A plan's own calendar: its cadence, windows, working days and time zone in one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from shared.calendar.periods import Cadence, Period, PeriodScheme
from shared.calendar.windows import LatenessUnit, Timeliness, Window, timeliness, window_of
from shared.calendar.workdays import WorkingDays, YearNotLoaded

_ROUND_HOUR = 9


class _HolidayYear(Protocol):
    @property
    def year(self) -> int: ...
    @property
    def rest(self) -> Iterable[date]: ...
    @property
    def work(self) -> Iterable[date]: ...


class _Settings(Protocol):
    @property
    def cadence(self) -> Cadence: ...
    @property
    def anchor_month(self) -> int: ...
    @property
    def due_working_days(self) -> int: ...
    @property
    def close_working_days(self) -> int: ...
    @property
    def open_working_days(self) -> int: ...
    @property
    def holidays(self) -> Iterable[_HolidayYear]: ...


class PlanDates(Protocol):
    """What a plan says of time; the head of a plan file has this shape."""

    @property
    def start(self) -> date:
        """The first day."""

    @property
    def end(self) -> date:
        """The last day."""

    @property
    def timezone(self) -> str:
        """An IANA name."""

    @property
    def calendar(self) -> _Settings:
        """Cadence, windows, additions to the holiday table."""


@dataclass(frozen=True, kw_only=True)
class PlanCalendar:
    """The periods of one plan, their windows, and what day it is where the plan is."""

    dates: PlanDates

    @cached_property
    def cadence(self) -> Cadence:
        """How often the plan is assessed."""
        return self.dates.calendar.cadence

    @property
    def start(self) -> date:
        """The plan's first day."""
        return self.dates.start

    @property
    def end(self) -> date:
        """The plan's last day."""
        return self.dates.end

    @cached_property
    def tz(self) -> ZoneInfo:
        """The plan's time zone."""
        return ZoneInfo(self.dates.timezone)

    @cached_property
    def workdays(self) -> WorkingDays:
        """The official table with the plan's additions."""
        additions: dict[int, tuple[frozenset[date], frozenset[date]]] = {}
        for one in self.dates.calendar.holidays:
            rest, work = additions.get(one.year, (frozenset(), frozenset()))
            additions[one.year] = (rest | frozenset(one.rest), work | frozenset(one.work))
        return WorkingDays(additions=additions)

    @cached_property
    def scheme(self) -> PeriodScheme:
        """How the plan cuts time into periods."""
        return PeriodScheme(cadence=self.cadence, anchor_month=self.dates.calendar.anchor_month)

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The plan's periods: those whose last day lies within the plan."""
        return tuple(self.scheme.between(self.start, self.end))

    @cached_property
    def missing_years(self) -> tuple[int, ...]:
        """The years without a holiday table that windows need, in the order of their periods."""
        missing = []
        for period in self.periods:
            try:
                self.window(period)
            except YearNotLoaded as error:
                missing.append(error.year)
        return tuple(missing)

    def find(self, period_id: str) -> Period | None:
        """The plan's period of this id."""
        return self._by_id.get(period_id)

    def example(self) -> str:
        """What a period id of this plan looks like."""
        return self.periods[0].id if self.periods else "none"

    def period(self, period_id: str) -> Period:
        """The plan's period of this id.

        Raises:
            KeyError: the plan has no such period.
        """
        return self._by_id[period_id]

    def before(self, period: Period) -> Period | None:
        """The plan's period before this one."""
        index = self.periods.index(period)
        return self.periods[index - 1] if index else None

    def current(self, day: date) -> Period | None:
        """The plan's period that `day` lies in."""
        return self.find(self.scheme.containing(day).id)

    def window(self, period: Period) -> Window:
        """When the period's report is due, and when its window closes.

        Raises:
            YearNotLoaded: the window needs a year without a holiday table.
        """
        settings = self.dates.calendar
        return window_of(
            period,
            workdays=self.workdays,
            due_working_days=settings.due_working_days,
            close_working_days=settings.close_working_days,
            open_working_days=settings.open_working_days,
        )

    def timeliness(
        self, received: datetime, window: Window, *, unit: LatenessUnit = "working_day"
    ) -> Timeliness:
        """How late a report received at this instant is."""
        return timeliness(received, window, self.tz, self.workdays, unit)

    def first_open(self, now: datetime) -> Period | None:
        """The first period whose window is still open: from here on reports are owed."""
        for period in self.periods:
            if now < self.window(period).close_end(self.tz):
                return period
        return None

    def day_of(self, instant: datetime) -> date:
        """The local day of an instant."""
        return instant.astimezone(self.tz).date()

    def round_of(self, day: date) -> datetime:
        """09:00 of a local day: when what time alone changes is looked at."""
        return datetime.combine(day, time(_ROUND_HOUR), self.tz)

    @cached_property
    def _by_id(self) -> dict[str, Period]:
        return {period.id: period for period in self.periods}

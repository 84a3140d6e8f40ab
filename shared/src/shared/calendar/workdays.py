"""Working days on the official table: holidays are off, make-up days (调休) are worked.

The table is data, loaded per year; a year that is not loaded is never guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from chinese_calendar.constants import holidays, workdays

_OFFICIAL_REST: Final[frozenset[date]] = frozenset(holidays)
_OFFICIAL_WORK: Final[frozenset[date]] = frozenset(workdays)
_OFFICIAL_YEARS: Final[frozenset[int]] = frozenset(day.year for day in _OFFICIAL_REST)
_ONE_DAY: Final = timedelta(days=1)
_WEEKEND: Final = (5, 6)


class YearNotLoaded(Exception):  # noqa: N818  # it tells what to do: load the year
    """A working day was asked for in `year`, whose holiday table has not been loaded."""

    def __init__(self, year: int) -> None:
        """Name the year and the mend."""
        super().__init__(
            f"the official holiday table of {year} is not loaded: "
            f"add the year {year} to the plan's `calendar.holidays`, or load it for every plan "
            f"with PUT /v1/calendars/cn/{year}"
        )
        self.year = year


@dataclass(frozen=True, kw_only=True)
class WorkingDays:
    """Which days are worked: the official table, and what a plan adds to it (assessment 3.2).

    `additions` maps a year to its (days of rest, days of work). They override the official table
    day by day, and load a year that it lacks, with ordinary weekends. A year's notice may name
    days of its neighbours. Only the days looked at need a loaded year; every method raises
    `YearNotLoaded` for any other.

    Raises:
        ValueError: a day is added both as rest and as work.
    """

    additions: Mapping[int, tuple[frozenset[date], frozenset[date]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for day in sorted(self._added_rest & self._added_work):
            raise ValueError(f"{day} is listed both as rest and as work: keep one of the two")

    def loaded_years(self) -> frozenset[int]:
        """The years whose working days are known."""
        return self._years

    def is_working(self, day: date) -> bool:
        """A day is worked if it is a make-up day, or a weekday that is not a holiday."""
        if day.year not in self._years:
            raise YearNotLoaded(day.year)
        if day in self._added_rest or day in self._added_work:
            return day in self._added_work
        return day in _OFFICIAL_WORK or (
            day.weekday() not in _WEEKEND and day not in _OFFICIAL_REST
        )

    def exceptions(self, year: int) -> tuple[frozenset[date], frozenset[date]]:
        """The days off (rest) and the days worked (make-up) that the tables name in a year."""
        if year not in self._years:
            raise YearNotLoaded(year)
        rest = (_OFFICIAL_REST - self._added_work) | self._added_rest
        work = (_OFFICIAL_WORK - self._added_rest) | self._added_work
        return (
            frozenset(day for day in rest if day.year == year),
            frozenset(day for day in work if day.year == year),
        )

    def add(self, day: date, n: int) -> date:
        """The n-th working day strictly after `day`, strictly before if n < 0; `day` if n = 0."""
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        for _ in range(abs(n)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def next_from(self, day: date) -> date:
        """The day itself if it is worked, otherwise the next working day."""
        return day if self.is_working(day) else self.add(day, 1)

    def count(self, after: date, through: date) -> int:
        """The number of working days after `after`, up to and including `through`."""
        days = (through - after).days
        return sum(self.is_working(after + n * _ONE_DAY) for n in range(1, days + 1))

    @cached_property
    def _years(self) -> frozenset[int]:
        return _OFFICIAL_YEARS.union(self.additions)

    @cached_property
    def _added_rest(self) -> frozenset[date]:
        return frozenset[date]().union(*(rest for rest, _ in self.additions.values()))

    @cached_property
    def _added_work(self) -> frozenset[date]:
        return frozenset[date]().union(*(work for _, work in self.additions.values()))

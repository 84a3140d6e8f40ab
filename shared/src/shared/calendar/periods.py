"""The periods of assessment, and the ids they are published under."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

Cadence = Literal["weekly", "monthly", "bimonthly", "quarterly", "half_year", "annual"]

_BY_LENGTH: Final[tuple[Cadence, ...]] = (
    "weekly",
    "monthly",
    "bimonthly",
    "quarterly",
    "half_year",
    "annual",
)
_MONTHS: Final[dict[Cadence, int]] = {
    "monthly": 1,
    "bimonthly": 2,
    "quarterly": 3,
    "half_year": 6,
    "annual": 12,
}
_EXAMPLES: Final[dict[Cadence, str]] = {
    "weekly": "2021-W07",
    "monthly": "2021-M03",
    "bimonthly": "2021-B2",
    "quarterly": "2021-Q1",
    "half_year": "2021-H1",
    "annual": "2021",
}
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Period:
    """A span of whole days, `first` and `last` included."""

    id: str
    first: date
    last: date

    @property
    def year(self) -> int:
        """A period belongs to the year of its last day (assessment 3.2)."""
        return self.last.year


@dataclass(frozen=True, kw_only=True)
class PeriodScheme:
    """How a cadence divides time into periods, without a gap or an overlap (assessment 3.1).

    Weeks are those of ISO 8601. The anchor month (1 to 12) is the one in which B1 begins; it moves
    bimonthly periods only, and the year in their id is that of their first day (assessment 4.17).
    """

    cadence: Cadence
    anchor_month: int = 1

    def containing(self, day: date) -> Period:
        """The period that `day` lies in."""
        if self.cadence == "weekly":
            year, week, weekday = day.isocalendar()
            first = day - (weekday - 1) * _ONE_DAY
            return Period(id=f"{year:04}-W{week:02}", first=first, last=first + 6 * _ONE_DAY)
        months = _MONTHS[self.cadence]
        first = _months_after(day.replace(day=1), -((day.month - self._anchor) % months))
        return Period(
            id=self._id_from(first), first=first, last=_months_after(first, months) - _ONE_DAY
        )

    def parse(self, period_id: str) -> Period:
        """The period of this id.

        Raises:
            ValueError: no period of this cadence is called so; the message shows what one is like.
        """
        try:
            period = self.containing(self._first_day(period_id))
        except (ValueError, OverflowError):
            period = None
        if period is None or period.id != period_id:
            example = _EXAMPLES[self.cadence]
            raise ValueError(
                f'there is no {self.cadence} period "{period_id}": write its id like "{example}"'
            )
        return period

    def following(self, period: Period) -> Period:
        """The period right after `period`."""
        return self.containing(period.last + _ONE_DAY)

    def preceding(self, period: Period) -> Period:
        """The period right before `period`."""
        return self.containing(period.first - _ONE_DAY)

    def between(self, start: date, end: date) -> tuple[Period, ...]:
        """A plan's periods: those whose last day lies in start-end, in order (assessment 3.2)."""
        periods = []
        period = self.containing(start)
        while period.last <= end:
            periods.append(period)
            period = self.following(period)
        return tuple(periods)

    @property
    def _anchor(self) -> int:
        return self.anchor_month if self.cadence == "bimonthly" else 1

    def _id_from(self, first: date) -> str:
        if self.cadence == "annual":
            return f"{first.year:04}"
        number = (first.month - self._anchor) % 12 // _MONTHS[self.cadence] + 1
        width = 2 if self.cadence == "monthly" else 1
        letter = _EXAMPLES[self.cadence][5]
        return f"{first.year:04}-{letter}{number:0{width}}"

    def _first_day(self, period_id: str) -> date:
        """Where a period with this year and number would begin; the letter is not looked at."""
        year, number = int(period_id[:4]), int(period_id[6:] or 1)
        if self.cadence == "weekly":
            return date.fromisocalendar(year, number, 1)
        months_on = _MONTHS[self.cadence] * (number - 1)
        return date(year, (self._anchor - 1 + months_on) % 12 + 1, 1)


def is_slower(cadence: Cadence, than: Cadence) -> bool:
    """Whether periods of `cadence` come less often than those of `than`."""
    return _BY_LENGTH.index(cadence) > _BY_LENGTH.index(than)


def ends_in(cadence: Cadence, period: Period, *, anchor_month: int = 1) -> bool:
    """A figure of a slower `cadence` is reported where its own period ends (assessment 4.14)."""
    scheme = PeriodScheme(cadence=cadence, anchor_month=anchor_month)
    return bool(scheme.between(period.first, period.last))


def _months_after(first: date, months: int) -> date:
    """The first day of the month that lies `months` after the one that begins on `first`."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)

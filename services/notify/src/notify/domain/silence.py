"""How long nobody has answered an alert, and what that leads to: the ladder, and repeats.

Both count working days without an answer. While an acknowledgement holds no day counts; once it
has expired the count goes on where it stood.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from shared.calendar.workdays import WorkingDays, YearNotLoaded
from shared.contracts.plan import LadderStep

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nobody has answered since the day `since`; `before` working days had counted by then."""

    since: date
    before: int = 0

    def days(self, day: date, workdays: WorkingDays) -> int:
        """The working days without an answer by a day; those after `since` count.

        Of a year whose holiday table is not loaded, and of what follows, no day counts.
        """
        try:
            return self.before + workdays.count(self.since, day)
        except YearNotLoaded as missing:
            return self.before + workdays.count(self.since, _first_of(missing.year) - _ONE_DAY)

    def day_of(self, days: int, workdays: WorkingDays) -> date:
        """The working day on which so many have passed without an answer, `since` at the earliest.

        It is a working day also where `since` is none.
        """
        return workdays.next_from(workdays.add(self.since, max(days - self.before, 0)))

    def answered(self, day: date, *, until: date, workdays: WorkingDays) -> "Silence":
        """Somebody answers on a day: until another one no day counts."""
        return Silence(since=max(until, self.since), before=self.days(day, workdays))


def expiry(day: date, *, working_days: int, workdays: WorkingDays) -> date:
    """The day on which an acknowledgement given on `day` does not hold any more.

    Where the holiday table of a year on the way is not loaded it holds until that year begins, or
    for a day: an answer does not wait for a table.
    """
    try:
        return workdays.add(day, working_days)
    except YearNotLoaded as missing:
        return max(_first_of(missing.year), day + _ONE_DAY)


def _first_of(year: int) -> date:
    return date(year, 1, 1)


def first_steps(ladder: Sequence[LadderStep]) -> int:
    """How many steps of the ladder are told at once, with the alert itself."""
    return sum(step.after_working_days == 0 for step in ladder)


def next_step(ladder: Sequence[LadderStep], taken: int) -> LadderStep | None:
    """The first step that is not taken yet; None at the ladder's end."""
    return ladder[taken] if taken < len(ladder) else None


def repeats(waits: Sequence[int]) -> Sequence[int]:
    """After how many working days without an answer an alert is told again: 1, 2, 4 → 1, 3, 7."""
    return tuple(accumulate(waits))

"""On which days something is said of a report that is owed and has not come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.calendar.windows import Window
from shared.calendar.workdays import WorkingDays, YearNotLoaded

Stage = Literal["opened", "due_soon", "overdue", "closing", "missed"]


@dataclass(frozen=True, kw_only=True)
class Word:
    """What is said on a day; `working_days` are those left: to the due day, or to the close."""

    stage: Stage
    working_days: int = 0


_BY_DUE: Final = {
    -3: Word(stage="due_soon", working_days=3),
    -1: Word(stage="due_soon", working_days=1),
    1: Word(stage="overdue"),
}
_BY_CLOSE: Final = {-1: Word(stage="closing", working_days=1), 1: Word(stage="missed")}
"""By so many working days after the close, or before it."""


def words_of(window: Window, workdays: WorkingDays) -> Mapping[date, Sequence[Word]]:
    """A silent report is spoken of when its window opens, around due, and around close (4.15).

    That is 3 and 1 working days before due and the first one after it, 1 before the close and the
    first one after it. What falls into a year without a holiday table is not known yet.
    """
    opens = workdays.next_from(window.open)  # by the working day that `due` is, at the latest
    left = workdays.count(opens, window.due)
    found = {opens: [Word(stage="opened", working_days=left)]}
    for day, words in ((window.due, _BY_DUE), (window.close, _BY_CLOSE)):
        for days, word in words.items():
            try:
                said_on = workdays.add(day, days)
            except YearNotLoaded:
                continue
            found.setdefault(said_on, []).append(word)
    return found

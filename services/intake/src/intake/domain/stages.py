"""On which working days a report that has not come is spoken of (assessment 4.15)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.calendar.windows import Window
from shared.calendar.workdays import WorkingDays, YearNotLoaded

Stage = Literal["opened", "due_soon", "overdue", "closing", "missed"]

_DUE_SOON: Final = (3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A stage of a window, and the working days that are left then; 0 where none are."""

    stage: Stage
    working_days: int = 0


def stages_of(window: Window, workdays: WorkingDays) -> Mapping[date, Sequence[Spoken]]:
    """By working day what is said of a report that has not come by 09:00 of it.

    Its window opens; it is due in 3, in 1 working days; it is overdue from the first working day
    after; the window closes in 1 working day; it has closed. Where a report is due on the last day
    of its window it is not overdue first: it is missing.

    Raises:
        YearNotLoaded: one of these days lies in a year whose holidays are unknown.
    """
    opened = workdays.next_from(window.open)
    told: dict[date, list[Spoken]] = {}

    def say(day: date, stage: Stage, left: int = 0) -> None:
        told.setdefault(day, []).append(Spoken(stage=stage, working_days=left))

    say(opened, "opened", workdays.count(opened, window.due))
    for left in _DUE_SOON:
        day = workdays.add(window.due, -left)
        if day >= opened:
            say(day, "due_soon", left)
    if window.close > window.due:
        say(workdays.add(window.due, 1), "overdue")
        before = workdays.add(window.close, -1)
        if before > window.due:
            say(before, "closing", 1)
    with suppress(YearNotLoaded):  # the day after the last one of a year: the others stand
        say(workdays.add(window.close, 1), "missed")
    return told

"""What decisions mean for the dates of a task and of its reports (assessment 3.2, 4.7)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.windows import Window
from shared.contracts.decisions import Amended, Change
from shared.contracts.plan import Indicator, Task

_ONE_DAY = timedelta(days=1)


def changed(task: Task, changes: Iterable[Change]) -> Task:
    """A task with its adjustments, each on top of those before it (assessment 4.7).

    The task's own day takes with it the figures that end on the same day; `task` is in its normal
    form, in which each figure has its own.
    """
    for change in changes:
        figures = tuple(_changed(one, change, task) for one in task.indicators)
        moves = change.indicator is None and change.due is not None
        due = change.due if moves else task.due
        task = task.model_copy(update={"due": due, "indicators": figures})
    return task


def _changed(figure: Indicator, change: Change, task: Task) -> Indicator:
    if change.indicator is None and figure.due == task.due:
        update = {"due": change.due}
    elif change.indicator == figure.id:
        names = ("target", "due", "year_targets")
        update = {name: getattr(change, name) for name in names}
    else:
        return figure
    return figure.model_copy(
        update={name: value for name, value in update.items() if value is not None}
    )


def as_changed(task: Task, amended: Amended, day: date) -> Task:
    """An adjustment holds from the first day of the period it was decided for (assessment 4.7)."""
    return changed(task, (one for one in amended.changes if one.first <= day))


def due_on(task: Task, amended: Amended, day: date) -> date:
    """The task's last day as it is in force on `day`.

    A suspension that extends it moves it by the calendar days it rests (assessment 4.7).
    """
    moving = (one for one in amended.rests if one.extend and one.first <= day)
    rested = sum(((one.last - one.first + _ONE_DAY for one in moving)), timedelta())
    return as_changed(task, amended, day).due + rested


def closing_day(task: Task, amended: Amended, day: date) -> date:
    """A task is closed after 31 December of the year it is due in (assessment 4.2)."""
    return date(due_on(task, amended, day).year, 12, 31)


def is_suspended(amended: Amended, period: Period) -> bool:
    """A suspended task is left out of the periods named (assessment 4.7)."""
    return any(period.id in one.periods for one in amended.rests)


def is_cancelled(amended: Amended, period: Period) -> bool:
    """A cancelled task is left out from the period that contains the decision (assessment 4.7)."""
    return amended.cancelled_on is not None and amended.cancelled_on <= period.last


def is_reopened(amended: Amended, *, after: date, through: date) -> bool:
    """A task that was finished is owed again once its target changes (assessment 4.17)."""
    return any(one.target is not None and after < one.first <= through for one in amended.changes)


def window_of(calendar: PlanCalendar, period: Period, *, later: int) -> Window:
    """An extension moves due and close of a report together (assessment 3.2).

    Args:
        calendar: the plan's own.
        period: one of the plan's periods.
        later: by how many working days; 0 is the window of all who have no extension.

    Raises:
        YearNotLoaded: the window needs a year without a holiday table.
    """
    window = calendar.window(period)
    if not later:
        return window
    add = calendar.workdays.add
    return replace(window, due=add(window.due, later), close=add(window.close, later))

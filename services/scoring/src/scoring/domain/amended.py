"""A task as decisions have left it (assessment 4.7)."""

from datetime import date

from shared.contracts.decisions import Amended, Change
from shared.contracts.plan import Indicator, Task


def task_on(task: Task, amended: Amended, day: date) -> Task:
    """A changed target or date holds from the first day of the period it was decided for.

    `task` is as filed; of several changes each later one stands on those before it.
    """
    for change in amended.changes:
        if change.first <= day:
            task = _changed(task, change)
    return task


def _changed(task: Task, change: Change) -> Task:
    indicators = tuple(_indicator(one, change, task.due) for one in task.indicators)
    moves_task = change.indicator is None and change.due is not None
    due = {"due": change.due} if moves_task else {}
    return task.model_copy(update={"indicators": indicators, **due})


def _indicator(indicator: Indicator, change: Change, due_of_task: date) -> Indicator:
    """The task's own day moves the figures that end with it."""
    if change.indicator is None:
        ends_with_task = indicator.due == due_of_task
        due = change.due if ends_with_task else None
        return indicator if due is None else indicator.model_copy(update={"due": due})
    if change.indicator != indicator.id:
        return indicator
    update = {"target": change.target, "due": change.due}
    return indicator.model_copy(
        update={name: value for name, value in update.items() if value is not None}
    )

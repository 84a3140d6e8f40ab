"""A task as decisions have left it on a day: its targets and its dates (assessment 4.7)."""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.contracts.decisions import Amended, Change, Rest
from shared.contracts.plan import Task

_ONE_DAY = timedelta(days=1)


def task_on(task: Task, amended: Amended, day: date) -> Task:
    """What a decision changes of a task holds from its first day on (assessment 4.7).

    `task` is as it was filed. Of one day a rest comes before a change, which has the last word on
    a due day.
    """
    every: tuple[Rest | Change, ...] = (*amended.rests, *amended.changes)
    for one in sorted((one for one in every if one.first <= day), key=lambda one: one.first):
        task = _rested(task, one) if isinstance(one, Rest) else _changed(task, one)
    return task


def follows(task: Task, indicator: str, change: Change) -> bool:
    """Whether a change bears on an indicator: it is named, or ends with its task.

    `task` is as changed.
    """
    if change.indicator is not None:
        return change.indicator == indicator
    return any(one.id == indicator and one.due in {None, task.due} for one in task.indicators)


def working_time(day: date, rests: Iterable[Rest]) -> date:
    """The day it would be if the rests that gave more time had taken none.

    A day inside a rest is the eve of it.
    """
    for rest in sorted(rests, key=lambda rest: rest.first, reverse=True):
        if rest.extend and day >= rest.first:
            day = max(day - days_of(rest), rest.first - _ONE_DAY)
    return day


def days_of(rest: Rest) -> timedelta:
    """The calendar days of a rest, its first and last included."""
    return rest.last - rest.first + _ONE_DAY


def _rested(task: Task, rest: Rest) -> Task:
    """A rest that gives more time moves what is not yet due by its days (assessment 4.7, 4.17)."""

    def moved(due: date) -> date:
        return due + days_of(rest) if rest.extend and due >= rest.first else due

    return task.model_copy(
        update={
            "due": moved(task.due),
            "milestones": tuple(
                node.model_copy(update={"due": moved(node.due)}) for node in task.milestones
            ),
            "indicators": tuple(
                one.model_copy(update={"due": moved(one.due)}) if one.due else one
                for one in task.indicators
            ),
        }
    )


def _changed(task: Task, change: Change) -> Task:
    """A change of the task's last day takes along the figures that end with it (4.7, 4.17)."""
    if change.indicator is None:
        due = change.due or task.due
        indicators = tuple(
            one.model_copy(update={"due": due}) if one.due == task.due else one
            for one in task.indicators
        )
        return task.model_copy(update={"due": due, "indicators": indicators})
    told = {"target": change.target, "due": change.due, "year_targets": change.year_targets}
    update: dict[str, object] = {name: value for name, value in told.items() if value is not None}
    if change.year_targets is not None:
        update["divided"] = None  # they are the unit's own from now on
    return task.model_copy(
        update={
            "indicators": tuple(
                one.model_copy(update=update) if one.id == change.indicator else one
                for one in task.indicators
            )
        }
    )

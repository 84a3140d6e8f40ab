"""Why a task is left out of a period: the first condition that holds (assessment 4.5)."""

from collections.abc import Sequence
from datetime import date

from scoring.domain.facts import is_unconfirmed
from scoring.domain.task_line import LeftOut, Part
from shared.contracts.decisions import Amended
from shared.contracts.plan import ActionHead, Assignment, Task


def inactive_reason(
    task: Task,
    action: ActionHead,
    assigned: Sequence[Assignment],
    day: date,
    *,
    cancelled_on: date | None,
) -> LeftOut | None:
    """A task is in force from its start to the end of the year it is due in, confirmed and led.

    It is cancelled from the period that contains the decision (assessment 4.5, 4.7). `task` is as
    it is in force on `day`, the last of the period.
    """
    if cancelled_on is not None and day >= cancelled_on:
        return "cancelled"
    if day < task.start:
        return "not_started"
    if day > date(task.due.year, 12, 31) or not any(one.role == "lead" for one in assigned):
        return "closed"
    return "unconfirmed" if is_unconfirmed(task, action) else None


def left_out_reason(
    parts: Sequence[Part], *, suspended: bool, done: bool, exempt: bool = False
) -> LeftOut | None:
    """A task in force is left out while it rests, once done, where its lead is exempt from it.

    So is what has no periodic figures, or nothing expected yet. `done` is found finished in an
    earlier year (assessment 4.4, 4.5).
    """
    if suspended:
        return "suspended"
    if done:
        return "done"
    if exempt:
        return "exempt"
    if not parts:
        return "year_only"
    return "no_expectation" if all(part.e == 0 for part in parts) else None


def rests(amended: Amended, period: str) -> bool:
    """A suspension leaves a task out of the periods it names (assessment 4.7)."""
    return any(period in rest.periods for rest in amended.rests)


def changed_since(amended: Amended, after: date | None, day: date) -> bool:
    """Whether a new target or date took effect after one day and up to another.

    It clears the light's memory, and reopens what was finished (assessment 4.3, 4.17). New targets
    of a year alone change nothing of a period.
    """
    return any(
        (change.target is not None or change.due is not None)
        and (after is None or after < change.first)
        and change.first <= day
        for change in amended.changes
    )

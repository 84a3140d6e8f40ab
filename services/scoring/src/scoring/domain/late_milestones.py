"""Milestones past their date and unfinished: told once, and again after a month (4.15)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from scoring.domain.amended import task_on
from scoring.domain.parts import overdue_milestones
from scoring.domain.reading import Reading
from shared.contracts.decisions import Amended
from shared.contracts.plan import Milestone, Task

Stage = Literal["passed", "month"]
Reason = Literal["done", "moved", "not_counted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A milestone, as it is in force, that is so many calendar days late."""

    milestone: Milestone
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was told of a late milestone: the date it was late by, and how far."""

    due: date
    stage: Stage


def late_milestones(
    task: Task, reading: Reading, day: date, *, amended: Amended
) -> tuple[Late, ...]:
    """The milestones of a task in force that are unfinished after their date, by the reports known.

    `task` is as filed; dates are those in force on `day`.
    """
    late = set(overdue_milestones(task, reading, day, after_days=0, amended=amended))
    return tuple(
        Late(milestone=node, days=(day - node.due).days)
        for node in task_on(task, amended, day).milestones
        if node.id in late
    )


def to_tell(
    late: Sequence[Late], known: Mapping[str, Known], *, month: int
) -> Iterator[tuple[Late, Stage]]:
    """What a working day's round tells: each date passed once, and once that it is over `month`.

    `month` counts calendar days.
    """
    for one in late:
        told = known.get(one.milestone.id)
        fresh = told is None or told.due != one.milestone.due
        if fresh:
            yield one, "passed"
        if one.days > month and (fresh or (told is not None and told.stage == "passed")):
            yield one, "month"


def settled(
    late: Sequence[Late], known: Mapping[str, Known], asked: Mapping[str, date]
) -> Iterator[tuple[str, Reason]]:
    """Which milestones are late no more, and why.

    `asked` are the milestones of the task with their dates in force; none where it does not count.
    """
    still = {one.milestone.id: one.milestone.due for one in late}
    for name, told in known.items():
        if still.get(name) == told.due:
            continue
        if name not in asked:
            yield name, "not_counted"
        else:
            yield name, "done" if asked[name] == told.due else "moved"

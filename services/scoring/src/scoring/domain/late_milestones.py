"""Milestones whose date has passed unfinished: when they are told, and when they are settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from scoring.domain.amended import task_on
from scoring.domain.conditions import inactive_reason, rests
from scoring.domain.evaluation import lead_of
from scoring.domain.facts import Report, assigned_on
from scoring.domain.parts import overdue_milestones
from scoring.domain.reading import read
from shared.calendar.periods import PeriodScheme
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.plan import ActionHead, Milestone, Task, Unit

Stage = Literal["passed", "month"]
Settlement = Literal["done", "moved", "dropped", "not_counted"]

_OVERDUE_FOR: Final[Mapping[Stage, int]] = {"passed": 0, "month": 30}
"""Each is told once a milestone is overdue for more calendar days than this (assessment 4.15)."""


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """The milestones of a task on a day; `late` are the unfinished ones whose date has passed.

    `unit` is the task's lead. A task that does not count on that day has no late milestones.
    """

    unit: str
    counts: bool
    dated: Mapping[str, Milestone]
    late: frozenset[str]


def nodes_on(
    task: Task,
    *,
    action: ActionHead,
    units: Mapping[str, Unit],
    reports: Iterable[Report],
    scheme: PeriodScheme,
    day: date,
    amended: Amended = UNAMENDED,
) -> Nodes:
    """A milestone is late from the day after its own until a report says that it is done (4.15).

    It is read as the live light reads it; what is returned does not count. `task` is as filed,
    `reports` are all of this task so far.
    """
    assigned = assigned_on(task, units, day)
    unit, period = lead_of(task, assigned), scheme.containing(day)
    in_force = task_on(task, amended, day)
    counts = not rests(amended, period.id) and not inactive_reason(
        in_force, action, assigned, day, cancelled_on=amended.cancelled_on
    )
    late: list[str] = []
    if counts:
        reading = read(reports, unit=unit, period=period, scheme=scheme, close_end=None)
        late = overdue_milestones(task, reading, day, after_days=0, amended=amended)
    dated = {node.id: node for node in in_force.milestones}
    return Nodes(unit=unit, counts=counts, dated=dated, late=frozenset(late))


def stages_of(due: date, day: date) -> tuple[Stage, ...]:
    """It is told when the date has passed, and after more than 30 days again (assessment 4.15)."""
    return tuple(stage for stage, days in _OVERDUE_FOR.items() if (day - due).days > days)


def settled(milestone: str, due: date, nodes: Nodes | None) -> Settlement | None:
    """Why a milestone that was told late for `due` is so no more; None while it is.

    `nodes` is None where the task has left the plan.
    """
    if nodes is None or milestone not in nodes.dated:
        return "dropped"
    if not nodes.counts:
        return "not_counted"
    if nodes.dated[milestone].due != due:
        return "moved"
    return None if milestone in nodes.late else "done"


def is_history(due: date, first_owed: date | None) -> bool:
    """What was due before the first period that owes reports is history, and alarms nobody."""
    return first_owed is None or due < first_owed

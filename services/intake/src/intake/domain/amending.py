"""What a decision that was found right makes of a plan (assessment 4.7, 4.5, 3.2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from typing import Final, TypeVar

from intake.domain.plan_normal import normalise, to_confirm
from intake.domain.plan_parts import parts_of
from intake.domain.successions import granted, succeeded
from shared.calendar.plan import PlanCalendar
from shared.contracts.decisions import (
    UNAMENDED,
    Addition,
    Adjustment,
    Amended,
    Cancellation,
    Change,
    Confirmation,
    Decision,
    Extension,
    Later,
    Merger,
    Rest,
    Suspension,
    UnitSplit,
)
from shared.contracts.plan import Action, Named, PlanDocument, Task

N = TypeVar("N", bound=Named)

Settles = Callable[[Named], bool]
"""Whether a confirmation holds for a part of the plan."""

CARRIED: Final = ("add", "confirm", "merge", "split")
"""The decisions that a new plan file keeps."""

AmendedPlan = tuple[PlanDocument, Mapping[str, Amended]]
"""A plan in its normal form as filed, and by task what decisions have changed of it."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a decision is held against: the plan in force, what is published, and when it is.

    `name` is the decision's own id; `published` has the last day of each published period by its
    id; `now` is business time.
    """

    name: str
    document: PlanDocument
    amended: Mapping[str, Amended]
    calendar: PlanCalendar
    published: Mapping[str, date]
    now: datetime

    @cached_property
    def tasks(self) -> Mapping[str, Task]:
        """The plan's tasks by id."""
        return {task.id: task for action in self.document.actions for task in action.tasks}

    def of(self, task: str) -> Amended:
        """What decisions have changed of a task."""
        return self.amended.get(task, UNAMENDED)


def amend(decision: Decision, basis: Basis) -> AmendedPlan:
    """The plan as it follows from a decision that `refusals_of` has nothing against.

    It is the same one where the decision changes no task.
    """
    document, amended = basis.document, basis.amended
    match decision:
        case Confirmation():
            document = confirmed(document, decision.task, decision.by)
        case Addition():
            document = with_task(document, decision.action, decision.task)
        case Merger() | UnitSplit():
            first = basis.calendar.period(decision.effective).first
            document = succeeded(document, decision, first)
            after = {one.id for one in basis.calendar.periods if one.first >= first}
            amended = granted(amended, decision, after)
        case Extension() | Adjustment() | Suspension() | Cancellation():
            amended = {**amended, decision.task: _amended(decision, basis)}
        case _:
            pass
    return document, amended


def _amended(decision: Extension | Adjustment | Suspension | Cancellation, basis: Basis) -> Amended:
    was = basis.of(decision.task)
    match decision:
        case Extension():
            return was.model_copy(update={"later": _later(was.later, decision)})
        case Adjustment():
            change = change_of(decision, basis)
            return was.model_copy(update={"changes": (*was.changes, change)})
        case Suspension():
            return was.model_copy(update={"rests": (*was.rests, _rest(decision, basis.calendar))})
        case Cancellation():
            today = basis.calendar.day_of(basis.now)
            return was.model_copy(update={"cancelled_on": today})


def _later(granted: Sequence[Later], more: Extension) -> tuple[Later, ...]:
    """Extensions of one report add up (assessment 3.2)."""
    mine = [one for one in granted if (one.unit, one.period) == (more.unit, more.period)]
    days = more.working_days + sum(one.working_days for one in mine)
    rest = (one for one in granted if one not in mine)
    return (*rest, Later(unit=more.unit, period=more.period, working_days=days))


def change_of(decision: Adjustment, basis: Basis) -> Change:
    """An adjustment as it is in force: it begins with the first day of its period (4.7)."""
    return Change(
        decision=basis.name,
        effective=decision.effective,
        first=basis.calendar.period(decision.effective).first,
        indicator=decision.indicator,
        target=decision.target,
        due=decision.due,
        year_targets=decision.year_targets,
        mode=decision.mode,
    )


def _rest(decision: Suspension, calendar: PlanCalendar) -> Rest:
    """A task rests from the first day of its first period to the last day of its last (4.7)."""
    periods = sorted(map(calendar.period, decision.periods), key=lambda period: period.first)
    return Rest(
        periods=tuple(period.id for period in periods),
        first=periods[0].first,
        last=periods[-1].last,
        extend=decision.extend,
    )


def confirmed(
    document: PlanDocument, task: str, by: str, *, settles: Settles = lambda _part: True
) -> PlanDocument:
    """Somebody stands for all that keeps the task grey, also of its action (assessment 4.5).

    `settles` tells for which parts; by default for all that wait for it.
    """

    def stood_for(part: N) -> N:
        waits = to_confirm(part) and settles(part)
        return part.model_copy(update={"confirmed_by": by}) if waits else part

    def of_task(one: Task) -> Task:
        parts = {
            "milestones": tuple(map(stood_for, one.milestones)),
            "indicators": tuple(map(stood_for, one.indicators)),
        }
        return stood_for(one).model_copy(update=parts)

    def of_action(action: Action) -> Action:
        if all(one.id != task for one in action.tasks):
            return action
        tasks = tuple(of_task(one) if one.id == task else one for one in action.tasks)
        return stood_for(action).model_copy(update={"tasks": tasks})

    return document.model_copy(update={"actions": tuple(map(of_action, document.actions))})


def with_task(document: PlanDocument, action: str, task: Task) -> PlanDocument:
    """A task joins its action, behind those that are there, in its normal form (4.7)."""
    return normalise(as_filed(document, action, task))


def as_filed(document: PlanDocument, action: str, task: Task) -> PlanDocument:
    """The same, with the task as it was written: what the checks of a plan file read."""
    return document.model_copy(
        update={
            "actions": tuple(
                one.model_copy(update={"tasks": (*one.tasks, task)}) if one.id == action else one
                for one in document.actions
            )
        }
    )


def carried(new: PlanDocument, old: PlanDocument, decisions: Sequence[Decision]) -> PlanDocument:
    """A new plan file, which knows of no decision, keeps what they added, confirmed and passed on.

    A task that was added stays as it is in force, unless the file has one of its id. A confirmation
    holds for what was assumed when it was given: what the file assumes beyond that stays grey.
    What the file still assigns to a unit that ended passes to its successor.

    Args:
        new: the file, in its normal form.
        old: the version in force.
        decisions: those of `CARRIED`, in their order.
    """
    filed = {task.id for action in new.actions for task in action.tasks}
    known: dict[tuple[type[Named], str], Named] = {
        (type(part.one), part.id): part.one for part in parts_of(old)
    }
    for one in decisions:
        if isinstance(one, Addition) and one.task.id not in filed:
            task = known.get((Task, one.task.id))
            if isinstance(task, Task):
                new = with_task(new, one.action, task)
        elif isinstance(one, Confirmation):
            settles = partial(_was_settled, known, one.by)
            new = confirmed(new, one.task, one.by, settles=settles)
        elif isinstance(one, Merger | UnitSplit):
            new = succeeded(new, one, PlanCalendar(dates=new.plan).period(one.effective).first)
    return new


def _was_settled(known: Mapping[tuple[type[Named], str], Named], by: str, part: Named) -> bool:
    was = known.get((type(part), part.id))
    return was is not None and was.confirmed_by == by and {*to_confirm(part)} <= {*was.assumed}


def amended_of(document: PlanDocument, amended: Mapping[str, Amended]) -> dict[str, Amended]:
    """What is left of earlier amendments in a new file: those of tasks and figures it has."""
    tasks = {task.id: task for action in document.actions for task in action.tasks}
    left = {}
    for name, one in amended.items():
        if name in tasks:
            figures = {None, *(figure.id for figure in tasks[name].indicators)}
            kept = tuple(change for change in one.changes if change.indicator in figures)
            left[name] = one.model_copy(update={"changes": kept})
    return left

"""What is owed: which report, by whom, by when. It follows from the plan alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from intake.domain.amended import closing_day, is_cancelled, is_suspended
from intake.domain.assignment_check import holds
from intake.domain.plan_normal import unconfirmed
from shared.calendar.periods import Period, ends_in, is_slower
from shared.calendar.plan import PlanCalendar
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.plan import Action, Indicator, PlanDocument, Task, Unit

AS_FILED: Mapping[str, Amended] = MappingProxyType({})
"""What decisions changed of a plan that none has touched."""


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """One report that one unit owes for one period; `figures` are the indicators it asks for."""

    plan: str
    action: str
    task: Task
    unit: str
    period: Period
    figures: tuple[str, ...]


def lead_of(task: Task, units: Iterable[Unit], day: date) -> str | None:
    """The unit that leads the task on `day`: it owes the report (assessment, "What a run sees").

    A unit owes nothing on a day on which it does not exist (assessment 3.3).
    """
    existing = {unit.id for unit in units if holds(unit.valid, day)}
    for assignment in task.assignments:
        led = assignment.role == "lead" and holds(assignment.valid, day)
        if led and assignment.unit in existing:
            return assignment.unit
    return None


def obligations(
    plan: PlanDocument,
    calendar: PlanCalendar,
    period: Period,
    *,
    waived: Collection[str],
    amended: Mapping[str, Amended] = AS_FILED,
) -> Iterator[Obligation]:
    """The reports owed for a period, in the order of the plan (assessment 3.3, 4.5).

    Args:
        plan: in its normal form.
        calendar: the plan's own.
        period: one of the plan's periods.
        waived: tasks found finished, whose reports are waived.
        amended: by task, what decisions have changed of it.
    """
    for action in plan.actions:
        for task in action.tasks:
            unit = lead_of(task, plan.units, period.last)
            if unit is None or task.id in waived:
                continue
            if owes(action, task, calendar, period, amended.get(task.id, UNAMENDED)):
                yield Obligation(
                    plan=plan.plan.id,
                    action=action.id,
                    task=task,
                    unit=unit,
                    period=period,
                    figures=figures_of(task, calendar, period),
                )


def owes(
    action: Action, task: Task, calendar: PlanCalendar, period: Period, amended: Amended
) -> bool:
    """A task owes a report while it is active, confirmed, and has something to report.

    It is not active while it rests, nor from the period on in which it was cancelled.
    """
    if is_cancelled(amended, period) or is_suspended(amended, period):
        return False
    closed = period.last > closing_day(task, amended, period.last)
    if task.start > period.last or closed or unconfirmed(task, action):
        return False
    return not is_year_only(task, calendar) or any(
        _ends(indicator, calendar, period) for indicator in task.indicators
    )


def figures_of(task: Task, calendar: PlanCalendar, period: Period) -> tuple[str, ...]:
    """A unit gives its own figures, each in the period in which the figure's own period ends.

    A figure is asked for from its own start on (assessment 4.14, 4.17, "Required fields"). A rubric
    task is reported without values: the reviewer gives the grade.
    """
    if task.measure == "rubric":
        return ()
    return tuple(
        indicator.id
        for indicator in task.indicators
        if indicator.data_from == "unit"
        and (indicator.start or task.start) <= period.last
        and _ends(indicator, calendar, period)
    )


def _ends(indicator: Indicator, calendar: PlanCalendar, period: Period) -> bool:
    cadence = indicator.cadence or calendar.cadence
    return ends_in(cadence, period, anchor_month=calendar.scheme.anchor_month)


def is_year_only(task: Task, calendar: PlanCalendar) -> bool:
    """A task with nothing to score at the plan's cadence (assessment, "What a run sees")."""
    if task.measure != "indicators":
        return False
    return all(
        indicator.cadence is not None and is_slower(indicator.cadence, calendar.cadence)
        for indicator in task.indicators
    )

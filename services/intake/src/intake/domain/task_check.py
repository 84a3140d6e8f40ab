"""Whether one task can be scored: its dates, what measures it, its expected progress."""

from datetime import date

from intake.domain.expectation_check import check_expectation
from intake.domain.findings import Finding, Found, positive
from intake.domain.indicator_check import check_indicator
from intake.domain.plan_normal import measure_of
from shared.calendar.periods import is_slower
from shared.contracts.plan import Indicator, PlanHead, Task
from shared.contracts.problem import Path


def check_task(task: Task, path: Path, head: PlanHead) -> Found:
    """All that is wrong with a task by itself, its milestones and its indicators."""
    yield from positive(task.weight, (*path, "weight"))
    yield from _dates(task, path, head)
    yield from _measure(task, path)
    yield from _milestones(task, path)
    steps = bool(task.milestones)
    yield from check_expectation(
        task.expectation,
        (*path, "expectation"),
        task.start,
        task.due,
        steps=steps or measure_of(task) == "yes_no",
    )
    for index, indicator in enumerate(task.indicators):
        at = (*path, "indicators", index)
        yield from check_indicator(
            indicator,
            at,
            start=task.start,
            due=task.due,
            cadence=head.calendar.cadence,
            steps=steps,
        )
        yield from _span(indicator, task, at)


def scores_in_a_period(indicator: Indicator, task: Task, head: PlanHead) -> bool:
    """A rank, and what comes slower than the plan's periods, is no part of them (4.1, 4.5)."""
    plan = head.calendar.cadence
    slower = indicator.cadence is not None and is_slower(indicator.cadence, than=plan)
    year_only = slower or indicator.kind == "rank"
    return not year_only and measure_of(task) in {"indicators", "both"}


def _dates(task: Task, path: Path, head: PlanHead) -> Found:
    """A task lies in its plan and does not end before it begins (assessment 4.2)."""
    if task.start > task.due:
        yield Finding(
            path=(*path, "due"),
            code="dates_reversed",
            message=f"it starts on {task.start}, after it is due on {task.due}",
            mend="let it start on or before the day it is due",
        )
    for name in ("start", "due"):
        day: date = getattr(task, name)
        if not head.start <= day <= head.end:
            yield Finding(
                path=(*path, name),
                code="outside_plan",
                message=f"{day} is not between {head.start} and {head.end}",
                mend="move it into the plan, or the plan's dates",
            )


def _span(indicator: Indicator, task: Task, path: Path) -> Found:
    for name in ("start", "due"):
        day: date | None = getattr(indicator, name)
        if day is not None and not task.start <= day <= task.due:
            yield Finding(
                path=(*path, name),
                code="outside_task",
                message=f"{day} is not between {task.start} and {task.due}, the task's dates",
                mend="see that this is meant",
                notice=True,
            )


def _measure(task: Task, path: Path) -> Found:
    """What a task is measured by is clear, and it is there (the plan file's `measure`)."""
    measure, at = measure_of(task), (*path, "measure")
    lacks = [
        name
        for name, listed in (("indicators", task.indicators), ("milestones", task.milestones))
        if measure in {name, "both"} and not listed
    ]
    if measure is None:
        listed = "both milestones and indicators" if task.indicators else "nothing"
        yield Finding(
            path=at,
            code="measure_required",
            message=f"the task lists {listed} and does not say what scores it",
            mend="write measure: indicators, milestones, both, percent, yes_no or rubric",
        )
    elif lacks:
        yield Finding(
            path=at,
            code="nothing_to_measure",
            message=f"measured by {measure}, it has no {' and no '.join(lacks)}",
            mend=f"list {' and '.join(lacks)}, or measure it otherwise",
        )
    if measure == "both":
        yield from positive(task.milestone_weight, (*path, "milestone_weight"))


def _milestones(task: Task, path: Path) -> Found:
    """A milestone weighs something and is due while its task runs (assessment 4.1)."""
    for index, milestone in enumerate(task.milestones):
        at = (*path, "milestones", index)
        yield from positive(milestone.weight, (*at, "weight"))
        if not task.start <= milestone.due <= task.due:
            yield Finding(
                path=(*at, "due"),
                code="outside_task",
                message=f"{milestone.due} is not between {task.start} and {task.due}",
                mend="move it between the task's dates",
            )

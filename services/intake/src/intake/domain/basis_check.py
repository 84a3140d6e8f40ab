"""Whether units that are compared are held to one reckoning of time."""

from collections.abc import Iterator, Mapping

from intake.domain.findings import Finding, Found
from intake.domain.plan_normal import normalise
from intake.domain.task_check import scores_in_a_period
from shared.contracts.plan import Expectation, Indicator, PlanDocument, PlanHead, Task, Unit
from shared.contracts.problem import Path

_BY_DATES = frozenset({"steps", "table"})
"""Curves that count no time: their points are days."""


def check_bases(plan: PlanDocument, units: Mapping[str, Unit]) -> Found:
    """Month and day basis are never mixed in one group of units (assessment 4.2)."""
    bases: dict[str, str] = {}
    for place, action in enumerate(normalise(plan).actions):
        for index, task in enumerate(action.tasks):
            groups = sorted(
                {
                    units[one.unit].group
                    for one in task.assignments
                    if one.role != "supervising" and one.unit in units
                }
            )
            for expectation, path in _timed(task, plan.plan, ("actions", place, "tasks", index)):
                for group in groups:
                    first = bases.setdefault(group, expectation.basis)
                    if first != expectation.basis:
                        yield _mixed(group, expectation.basis, first, path)


def _mixed(group: str, basis: str, first: str, path: Path) -> Finding:
    return Finding(
        path=(*path, "expectation", "basis"),
        code="basis_mixed",
        message=f"the group {group} is held to the {first} and here to the {basis} basis",
        mend="use one basis for all tasks of the group",
    )


def _timed(task: Task, head: PlanHead, path: Path) -> Iterator[tuple[Expectation, Path]]:
    """The curves of a task in its normal form that follow the time gone by."""
    if task.measure not in {"indicators", "rubric"} and task.expectation.curve not in _BY_DATES:
        yield task.expectation, path
    for index, indicator in enumerate(task.indicators):
        own = indicator.expectation
        if own is None or own.curve in _BY_DATES or _always_expected(indicator):
            continue
        if scores_in_a_period(indicator, task, head):
            yield own, (*path, "indicators", index)


def _always_expected(indicator: Indicator) -> bool:
    """What is kept, related or renewed each year is expected in full at any time (4.2)."""
    kind, base, target = indicator.kind, indicator.baseline, indicator.target
    if kind in {"range", "about"}:
        return base is None
    down = kind == "at_most" and base is not None and target is not None and base > target
    return kind in {"hold", "maintain", "at_most", "growth", "relation"} and not down

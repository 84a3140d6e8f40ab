"""Milestones that have passed their date: told by the round of a working day, settled when done."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from scoring.domain.late_milestones import Nodes, Stage, is_history, nodes_on, settled, stages_of
from scoring.service.known_plan import KnownPlan
from scoring.service.page import Page
from scoring.store.tables import LateMilestoneRow
from shared.contracts.decisions import UNAMENDED
from shared.contracts.intake import (
    PlanVersioned,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    WorkdayBegan,
)
from shared.contracts.plan import Milestone, Task
from shared.contracts.scoring import MilestoneOverdue, MilestoneSettled
from shared.kit.bus.loop import Received

AboutReport = TypeVar("AboutReport", SubmissionAccepted, SubmissionVerified, SubmissionReturned)


async def on_workday(page: Page, received: Received[WorkdayBegan]) -> None:
    """A working day began: dates have passed, and what was done for today is done."""
    event = received.event
    known = await page.plan(event.plan)
    if known is None:
        return
    told = {task for task, _ in await page.late(event.plan)}
    tasks = [
        (action, task)
        for action, task in known.facts.tasks
        if task.id in told or any(node.due < event.day for node in task.milestones)
    ]
    nodes = await _nodes(page, known, tasks, event.day)
    await _settle(page, nodes, received)
    for action, task in tasks:
        for milestone in sorted(nodes[task.id].late):
            node = nodes[task.id].dated[milestone]
            if not is_history(node.due, _first_owed(known)):
                await _tell(page, known, (action, task.id, nodes[task.id].unit), node, received)


async def on_report(page: Page, received: Received[AboutReport]) -> None:
    """A report came, was verified or returned: its task's late milestones may be done."""
    await _look_again(page, received, task=received.event.task)


async def on_plan(page: Page, received: Received[PlanVersioned]) -> None:
    """A plan version is in force: late milestones may have another date, or be gone."""
    await _look_again(page, received)


async def _look_again(page: Page, received: Received[Any], *, task: str | None = None) -> None:
    """Judge what was told late, of one task or of all."""
    plan = received.event.plan
    told = {one for one, _ in await page.late(plan) if task in {None, one}}
    known = await page.plan(plan) if told else None
    if known is not None:
        tasks = [pair for pair in known.facts.tasks if pair[1].id in told]
        nodes = await _nodes(page, known, tasks, known.calendar.day_of(received.time))
        await _settle(page, nodes, received, task=task)


async def _nodes(
    page: Page, known: KnownPlan, tasks: Sequence[tuple[str, Task]], day: date
) -> Mapping[str, Nodes]:
    """The milestones of these tasks on a day, by task."""
    reports = await page.newest(known.facts.head.id, [task.id for _, task in tasks])
    return {
        task.id: nodes_on(
            task,
            action=known.actions[action],
            units=known.units,
            reports=reports[task.id],
            scheme=known.calendar.scheme,
            day=day,
            amended=known.facts.amended.get(task.id, UNAMENDED),
        )
        for action, task in tasks
    }


async def _settle(
    page: Page, nodes: Mapping[str, Nodes], received: Received[Any], *, task: str | None = None
) -> None:
    """Take back what is late no more."""
    plan = received.event.plan
    late = await page.late(plan)
    for (of, milestone), row in sorted(late.items(), key=lambda told: told[0]):
        reason = settled(milestone, row.due, nodes.get(of)) if task in {None, of} else None
        if reason is None:
            continue
        del late[of, milestone]
        await page.session.delete(row)
        await page.session.flush()  # the same milestone may be told anew
        event = MilestoneSettled(
            plan=plan, task=of, unit=row.unit, milestone=milestone, due=row.due, reason=reason
        )
        page.tell(event, received)


async def _tell(
    page: Page,
    known: KnownPlan,
    about: tuple[str, str, str],
    node: Milestone,
    received: Received[WorkdayBegan],
) -> None:
    """Tell of a late milestone what was not told yet; `about` are its action, task and lead."""
    plan, day = received.event.plan, received.event.day
    action, task, unit = about
    period = known.calendar.current(day)
    late = await page.late(plan)
    row = late.get((task, node.id))
    told: set[Stage] = set() if row is None else {"passed", "month"} if row.month else {"passed"}
    stages = [stage for stage in stages_of(node.due, day) if stage not in told]
    for stage in stages:
        event = MilestoneOverdue(
            plan=plan,
            task=task,
            action=action,
            unit=unit,
            period=period.id if period else None,
            milestone=node.id,
            title=node.title,
            milestone_unit=node.unit or unit,
            due=node.due,
            day=day,
            days=(day - node.due).days,
            stage=stage,
        )
        page.tell(event, received)
    if row is None:
        row = LateMilestoneRow(
            plan=plan, task=task, milestone=node.id, due=node.due, unit=unit, month=False
        )
        late[task, node.id] = row
        page.session.add(row)
    row.month = row.month or "month" in stages


def _first_owed(known: KnownPlan) -> date | None:
    period = known.calendar.find(known.activate_from) if known.activate_from else None
    return None if period is None else period.first

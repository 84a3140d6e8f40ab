"""Late milestones: what was told of them is kept, so that each thing is told once."""

from collections.abc import Collection, Sequence
from typing import Any

from scoring.domain.late_milestones import Known, Late, Reason, settled, to_tell
from scoring.domain.standing import Standing
from scoring.service.page import Page
from scoring.store.tables import LateMilestoneRow
from shared.contracts.scoring import MilestoneOverdue, MilestoneSettled
from shared.kit.bus.loop import Received


async def judge_milestones(
    page: Page,
    plan: str,
    standings: Sequence[Standing],
    received: Received[Any],
    *,
    by_time: bool,
    month: int,
) -> None:
    """Tell which milestones are late no more and, in a working day's round, which are now."""
    told = await page.late(plan)
    for stands in standings:
        rows = told.get(stands.task, {})
        if not rows and not (by_time and stands.late):
            continue
        known = {name: _known(row) for name, row in rows.items()}
        for name, reason in settled(stands.late, known, stands.asked):
            await _settle(page, rows.pop(name), reason, received)
        for late, stage in to_tell(stands.late, known, month=month) if by_time else ():
            page.say(_overdue(plan, stands, late, stage), received)
            row = LateMilestoneRow(
                plan=plan,
                task=stands.task,
                milestone=late.milestone.id,
                unit=stands.unit,
                due=late.milestone.due,
                stage=stage,
            )
            told.setdefault(stands.task, {})[late.milestone.id] = await page.session.merge(row)
    await page.session.flush()


async def forget_milestones(
    page: Page, plan: str, kept: Collection[str], received: Received[Any]
) -> None:
    """What was told of tasks that have left the plan is settled."""
    told = await page.late(plan)
    for task in [one for one in told if one not in kept]:
        for row in told.pop(task).values():
            await _settle(page, row, "not_counted", received)


async def _settle(
    page: Page, row: LateMilestoneRow, reason: Reason, received: Received[Any]
) -> None:
    await page.session.delete(row)
    settled_now = MilestoneSettled(
        plan=row.plan,
        task=row.task,
        unit=row.unit,
        milestone=row.milestone,
        due=row.due,
        reason=reason,
    )
    page.say(settled_now, received)


def _known(row: LateMilestoneRow) -> Known:
    return Known(due=row.due, stage="month" if row.stage == "month" else "passed")


def _overdue(plan: str, stands: Standing, late: Late, stage: str) -> MilestoneOverdue:
    node = late.milestone
    return MilestoneOverdue(
        plan=plan,
        task=stands.task,
        action=stands.action,
        unit=stands.unit,
        period=stands.period,
        milestone=node.id,
        title=node.title,
        milestone_unit=node.unit or stands.unit,
        due=node.due,
        day=stands.day,
        days=late.days,
        stage="month" if stage == "month" else "passed",
    )

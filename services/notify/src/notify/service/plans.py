"""What notify must know of a plan: its calendar and the titles its messages name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, func, select

from notify.store.tables import PlanHeadRow, TaskPart
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.intake import PlanVersioned, TaskDefined
from shared.contracts.plan import LadderStep
from shared.contracts.values import Text
from shared.kit.bus.loop import Received, Unavailable
from shared.kit.dead_letters import Rejected


@dataclass(frozen=True, kw_only=True)
class KnownPlan:
    """A plan as its messages need it: titles, actions and labels by id, and its ladder."""

    plan: str
    title: Text
    calendar: PlanCalendar
    units: Mapping[str, Text]
    tasks: Mapping[str, Text]
    action_of: Mapping[str, str]
    labels_of: Mapping[str, Mapping[str, str]]
    ladder: tuple[LadderStep, ...]

    def unit_title(self, unit: str) -> Text:
        """The title of a unit; its id where a version has dropped it."""
        return self.units.get(unit) or Text(zh=unit, en=unit)

    def task_title(self, task: str) -> Text:
        """The title of a task; its id where a version has dropped it."""
        return self.tasks.get(task) or Text(zh=task, en=task)

    def due_of(self, period_id: str) -> date | None:
        """When a period's report is due; None where that is not known."""
        return self._due(self.calendar.find(period_id))

    def next_due_of(self, period_id: str) -> date | None:
        """When the report of the period after this one is due; None where that is not known."""
        period = self.calendar.find(period_id)
        following = period and self.calendar.scheme.following(period)
        return self._due(self.calendar.find(following.id) if following else None)

    def close_of(self, period_id: str) -> date | None:
        """The last day on which a period's report counts; None where that is not known."""
        return self._day(self.calendar.find(period_id), "close")

    def _due(self, period: Period | None) -> date | None:
        return self._day(period, "due")

    def _day(self, period: Period | None, of: Literal["due", "close"]) -> date | None:
        try:
            window = self.calendar.window(period) if period else None
        except YearNotLoaded:  # the message does without the day: it must not wait for a table
            return None
        return None if window is None else window.due if of == "due" else window.close


class Plans:
    """Keeps the newest version of each plan."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, KnownPlan]] = {}

    async def on_task(self, session: AsyncSession, received: Received[TaskDefined]) -> None:
        """Keep a task's title until its version is whole."""
        event = received.event
        await session.merge(
            TaskPart(
                plan=event.plan,
                version=event.version,
                index=event.index,
                action=event.action,
                task=event.task.id,
                title=event.task.title.model_dump_json(),
                labels=json.dumps(event.task.labels, ensure_ascii=False),
            )
        )

    async def on_plan(self, session: AsyncSession, received: Received[PlanVersioned]) -> None:
        """A version is whole: it replaces the one before.

        Raises:
            Rejected: `incomplete_plan`.
        """
        event = received.event
        mine = (TaskPart.plan == event.plan) & (TaskPart.version == event.version)
        count = await session.scalar(select(func.count()).select_from(TaskPart).where(mine))
        if count != event.tasks:
            raise Rejected("incomplete_plan", f"{event.subject} lacks tasks it announced")
        await session.merge(
            PlanHeadRow(
                plan=event.plan, version=event.version, head=event.model_dump_json(by_alias=True)
            )
        )
        await session.execute(
            delete(TaskPart).where(
                col(TaskPart.plan) == event.plan, col(TaskPart.version) < event.version
            )
        )

    async def known(self, session: AsyncSession, plan: str) -> KnownPlan:
        """A plan.

        Raises:
            Unavailable: it has not come through yet; another topic was faster.
        """
        found = await self.find(session, plan)
        if found is None:
            raise Unavailable(f"the plan {plan} has not arrived yet")
        return found

    async def find(self, session: AsyncSession, plan: str) -> KnownPlan | None:
        """A plan, if it is known."""
        row = await session.get(PlanHeadRow, plan)
        if row is None:
            return None
        version, known = self._known.get(plan, (None, None))
        if known is None or version != row.version:
            known = await _read(session, row)
            self._known[plan] = row.version, known
        return known


async def _read(session: AsyncSession, row: PlanHeadRow) -> KnownPlan:
    event = PlanVersioned.model_validate_json(row.head)
    query = select(TaskPart).where(TaskPart.plan == row.plan, TaskPart.version == row.version)
    parts = list((await session.execute(query)).scalars())
    return KnownPlan(
        plan=row.plan,
        title=event.head.title,
        calendar=PlanCalendar(dates=event.head),
        units={unit.id: unit.title for unit in event.units},
        tasks={part.task: Text.model_validate_json(part.title) for part in parts},
        action_of={part.task: part.action for part in parts},
        labels_of={part.task: json.loads(part.labels) for part in parts},
        ladder=event.escalation.ladder,
    )

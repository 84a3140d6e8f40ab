"""What notify must know of a plan: its calendar and the titles its messages name."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, func, select

from notify.store.tables import PlanHeadRow, TaskPart
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.contracts.intake import PlanVersioned, TaskDefined
from shared.contracts.values import Text
from shared.kit.bus.loop import Received, Unavailable
from shared.kit.dead_letters import Rejected


@dataclass(frozen=True, kw_only=True)
class KnownPlan:
    """A plan as its messages need it; `action_of` gives the action of each task."""

    plan: str
    calendar: PlanCalendar
    titles: dict[str, Text]
    action_of: dict[str, str]

    def title(self, of: str) -> Text:
        """The title of a unit, action or task; its id where it has none."""
        return self.titles.get(of) or Text(zh=of, en=of)

    def following(self, period: Period) -> Period | None:
        """The plan's next period."""
        return self.calendar.find(self.calendar.scheme.following(period).id)


class Plans:
    """Keeps the newest version of each plan."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], KnownPlan] = {}

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
        place = (plan, row.version)
        if place not in self._known:
            self._known[place] = await _read(session, row)
        return self._known[place]


async def _read(session: AsyncSession, row: PlanHeadRow) -> KnownPlan:
    event = PlanVersioned.model_validate_json(row.head)
    query = select(TaskPart).where(TaskPart.plan == row.plan, TaskPart.version == row.version)
    parts = list((await session.execute(query)).scalars())
    titles = {one.id: one.title for one in (*event.units, *event.actions)}
    titles |= {part.task: Text.model_validate_json(part.title) for part in parts}
    return KnownPlan(
        plan=row.plan,
        calendar=PlanCalendar(dates=event.head),
        titles=titles,
        action_of={part.task: part.action for part in parts},
    )

"""Publications: their parts are kept until they are whole, then each line and unit is judged."""

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from notify.domain.facts import PublishedLine
from notify.service.lights import Lights, lag_cause, line_of
from notify.service.news import News
from notify.service.plans import KnownPlan, Plans
from notify.store.tables import UnitPart
from shared.contracts import scoring
from shared.contracts.values import Contract, Line
from shared.kit.bus.loop import Received
from shared.kit.dead_letters import Rejected


class _Part(Contract):
    score: Line | None = None
    rank: int | None = None
    grade: Line | None = None
    lines: tuple[scoring.PublishedLine, ...]


class Publications:
    """Takes publications in."""

    def __init__(self, *, plans: Plans, lights: Lights, news: News) -> None:
        self._plans = plans
        self._lights = lights
        self._news = news

    async def on_unit(
        self, session: AsyncSession, received: Received[scoring.UnitPublished]
    ) -> None:
        """Keep a unit's part until its publication is whole."""
        event = received.event
        part = _Part(
            score=_printed(event.score), rank=event.rank, grade=event.grade, lines=event.lines
        )
        session.add(
            UnitPart(
                plan=event.plan,
                period=event.period,
                version=event.version,
                unit=event.unit,
                event=received.id,
                digest=event.digest,
                lines=part.model_dump_json(),
            )
        )

    async def on_released(
        self, session: AsyncSession, received: Received[scoring.PublicationReleased]
    ) -> None:
        """A publication is whole: each line is judged against the one before, each unit told.

        Raises:
            Rejected: `incomplete_publication`, parts it announced did not come.
        """
        event = received.event
        plan = await self._plans.known(session, event.plan)
        mine = (
            (col(UnitPart.plan) == event.plan)
            & (col(UnitPart.period) == event.period)
            & (col(UnitPart.version) == event.version)
        )
        rows = (await session.execute(select(UnitPart).where(mine))).scalars()
        parts = sorted(rows, key=lambda row: row.unit)
        if len(parts) != event.units:
            raise Rejected("incomplete_publication", f"{event.subject} lacks units it announced")
        for row in parts:
            await self._unit(session, plan, row, received)
        await session.execute(delete(UnitPart).where(mine))

    async def _unit(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        row: UnitPart,
        received: Received[scoring.PublicationReleased],
    ) -> None:
        part = _Part.model_validate_json(row.lines)
        lines: list[PublishedLine] = [
            line_of(line, received.event, unit=row.unit, part=row.event, digest=row.digest)
            for line in part.lines
        ]
        await self._news.on_unit(
            session,
            plan,
            received,
            unit=row.unit,
            part=row.event,
            score=part.score,
            rank=part.rank,
            grade=part.grade,
            lights={line.task: line.after for line in lines},
        )
        for line in lines:
            await self._lights.on_line(session, lag_cause(plan, line, received), line)


def _printed(score: Decimal | None) -> str | None:
    return None if score is None else format(score, "f")

"""Duties: what is owed, and the marks that close a run's view."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from intake.service.caller import Caller, refuse
from intake.service.in_force import PlanInForce
from intake.service.owed import Owed, from_activation, owed_for
from intake.service.plans import Plans
from intake.service.waiving import Silent, silent, spoken_of, waived
from intake.store.tables import Cutoff, Published, SubmissionRow
from shared.calendar.periods import Period
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.intake import CutoffMarked
from shared.contracts.scoring import PublicationReleased
from shared.kit.bus.loop import Received
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

log = structlog.get_logger(__name__)


class Duties:
    """Knows what is owed, and what was published of it."""

    def __init__(self, *, db: Database, journal: Journal, plans: Plans, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._plans = plans
        self._clock = clock

    async def owed(self, plan: str, *, unit: str | None, period: str | None) -> list[Owed]:
        """What is owed for a period, by default for those whose window is not closed.

        Raises:
            Refused: `unknown_plan`, `unknown_period`; `year_not_loaded`, only where the period
                was named: without its window nothing is known to be open.
        """
        now = self._clock.business_now()
        async with self._db.read() as session:
            in_force = await self._plans.known(session, plan)
            return [
                owed
                for one in self._asked(in_force, period, now)
                for owed in await owed_for(session, in_force, one, now)
                if (unit is None or owed.obligation.unit == unit)
                and (period is not None or now < owed.window.close_end(in_force.calendar.tz))
            ]

    async def mark_cutoff(self, plan: str, *, caller: Caller) -> str:
        """A place in the plan's order: every report received until now lies before it.

        Raises:
            Refused: `unknown_plan`.
        """
        async with self._db.write(plan) as session:
            now = self._clock.business_now()
            await self._plans.known(session, plan)
            cutoff = f"c-{uuid4().hex}"
            last = select(func.max(SubmissionRow.number)).where(SubmissionRow.plan == plan)
            number = (await session.execute(last)).scalar() or 0
            session.add(Cutoff(id=cutoff, plan=plan, number=number, marked_at=now))
            marked = CutoffMarked(plan=plan, cutoff=cutoff, marked_at=now, by=caller.holder)
            await self._journal.record(session, marked, at=now, correlation=caller.correlation)
        return cutoff

    async def on_published(
        self, session: AsyncSession, received: Received[PublicationReleased]
    ) -> None:
        """Remember what a publication counted, and whose reports it waives."""
        event = received.event
        cutoff = await session.get(Cutoff, event.cutoff)
        before = await self._silent_after(session, received)
        await session.merge(
            Published(
                plan=event.plan,
                period=event.period,
                last_day=event.last_day,
                version=event.version,
                number=cutoff.number if cutoff else 0,
                finished=" ".join(event.finished),
            )
        )
        await session.flush()
        after = await self._silent_after(session, received) if before else {}
        back = [
            one
            for period, duties in before.items()
            for one in waived(event.plan, period, duties, after[period])
        ]
        if back:
            await self._journal.record(
                session,
                *back,
                at=received.time,
                correlation=received.correlation,
                cause=received.id,
            )

    async def _silent_after(
        self, session: AsyncSession, received: Received[PublicationReleased]
    ) -> Mapping[Period, Silent]:
        """The silent reports for later periods, where a publication finds tasks finished."""
        event = received.event
        in_force = await self._plans.in_force(session, event.plan)
        if in_force is None or not event.finished:
            return {}
        return {
            one: await silent(session, in_force, one, received.time)
            for one in spoken_of(in_force, received.time, after=event.last_day)
        }

    def _asked(self, in_force: PlanInForce, period: str | None, now: datetime) -> Sequence[Period]:
        calendar = in_force.calendar
        if period is not None:
            found = calendar.find(period)
            if found is None:
                message = f"no such period of this plan; this one reads {calendar.example()}"
                raise refuse("unknown_period", message, path="period")
            return [found]
        today = calendar.day_of(now)
        return [
            one
            for one in from_activation(in_force)
            if one.first <= today and _is_open(in_force, one, now)
        ]


def _is_open(in_force: PlanInForce, period: Period, now: datetime) -> bool:
    """Whether a window is not closed; one that cannot be computed is blocked, and no other."""
    tz = in_force.calendar.tz
    return any(now < window.close_end(tz) for window in _windows(in_force, period))


def _windows(in_force: PlanInForce, period: Period) -> Sequence[Window]:
    try:
        return in_force.windows(period)
    except YearNotLoaded as missing:
        log.warning("a window cannot be computed", period=period.id, why=str(missing))
        return []

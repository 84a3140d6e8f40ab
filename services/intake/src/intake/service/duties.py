"""Duties: what is owed, and the marks that close a run's view of what has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal
from uuid import uuid4

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.amended import is_reopened
from intake.domain.obligations import Obligation, obligations
from intake.service.caller import Caller, refuse
from intake.service.in_force import PlanInForce
from intake.service.plans import Plans
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

OwedState = Literal["owed", "overdue", "missing", "submitted", "verified", "returned"]
"""owed, overdue and missing: nothing usable was received (before due, after due, after close)."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One obligation with its window and where it stands."""

    obligation: Obligation
    window: Window
    state: OwedState
    submission: str | None


class Duties:
    """Knows what is owed."""

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
            in_force = await self._plan(session, plan)
            return [
                owed
                for one in self._asked(in_force, period, now)
                for owed in await self.of_period(session, in_force, one, now)
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
            await self._plan(session, plan)
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

    async def _plan(self, session: AsyncSession, plan: str) -> PlanInForce:
        in_force = await self._plans.in_force(session, plan)
        if in_force is None:
            raise refuse("unknown_plan", f"there is no plan {plan}", path="plan")
        return in_force

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

    async def of_period(
        self, session: AsyncSession, in_force: PlanInForce, period: Period, now: datetime
    ) -> list[Owed]:
        """What is owed for a period, with its windows, as it stands."""
        plan, calendar = in_force.document, in_force.calendar
        if period not in from_activation(in_force):
            return []
        waived = await self._waived(session, in_force, period)
        latest = await self._latest(session, plan.plan.id, period.id)
        owed = []
        duties = obligations(plan, calendar, period, waived=waived, amended=in_force.amended)
        for duty in duties:
            window = in_force.window(period, task=duty.task.id, unit=duty.unit)
            row = latest.get((duty.task.id, duty.unit))
            usable = row is not None and row.returned_at is None
            owed.append(
                Owed(
                    obligation=duty,
                    window=window,
                    state=_state(row, window, now, calendar.tz),
                    submission=row.id if row is not None and usable else None,
                )
            )
        return owed

    async def _waived(
        self, session: AsyncSession, in_force: PlanInForce, period: Period
    ) -> frozenset[str]:
        """Tasks that the publication before the period found finished (assessment 4.4)."""
        query = (
            select(Published)
            .where(Published.plan == in_force.document.plan.id)
            .where(col(Published.last_day) < period.first)
            .order_by(col(Published.last_day).desc())
            .limit(1)
        )
        latest = (await session.execute(query)).scalars().first()
        if latest is None:
            return frozenset()
        reopened = {
            task
            for task, amended in in_force.amended.items()
            if is_reopened(amended, after=latest.last_day, through=period.last)
        }
        return frozenset(latest.finished.split()) - reopened

    async def _latest(
        self, session: AsyncSession, plan: str, period: str
    ) -> dict[tuple[str, str], SubmissionRow]:
        query = (
            select(SubmissionRow)
            .where(SubmissionRow.plan == plan, SubmissionRow.period == period)
            .order_by(col(SubmissionRow.number))
        )
        rows = (await session.execute(query)).scalars().all()
        return {(row.task, row.unit): row for row in rows}


def from_activation(in_force: PlanInForce) -> Sequence[Period]:
    """The periods for which reports are owed."""
    calendar = in_force.calendar
    first = calendar.find(in_force.activate_from) if in_force.activate_from else None
    return [] if first is None else [one for one in calendar.periods if one.last >= first.last]


def _is_open(in_force: PlanInForce, period: Period, now: datetime) -> bool:
    """Whether a window is not closed; one that cannot be computed is blocked, and no other."""
    tz = in_force.calendar.tz
    return any(now < window.close_end(tz) for window in windows_of(in_force, period))


def windows_of(in_force: PlanInForce, period: Period) -> Sequence[Window]:
    """The windows of a period; none, with a warning, where they cannot be computed."""
    try:
        return in_force.windows(period)
    except YearNotLoaded as missing:
        log.warning("a window cannot be computed", period=period.id, why=str(missing))
        return []


def _state(row: SubmissionRow | None, window: Window, now: datetime, tz: tzinfo) -> OwedState:
    if row is not None:
        if row.returned_at is not None:
            return "returned"
        return "submitted" if row.verified_at is None else "verified"
    if now < window.due_end(tz):
        return "owed"
    return "overdue" if now < window.close_end(tz) else "missing"

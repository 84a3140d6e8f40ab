"""What is owed for a period, and where each report stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.amended import is_reopened
from intake.domain.obligations import Obligation, obligations
from intake.service.in_force import PlanInForce
from intake.store.tables import Published, SubmissionRow
from shared.calendar.periods import Period
from shared.calendar.windows import Window

OwedState = Literal["owed", "overdue", "missing", "submitted", "verified", "returned"]
"""owed, overdue and missing: nothing usable was received (before due, after due, after close)."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One obligation with its window and where it stands."""

    obligation: Obligation
    window: Window
    state: OwedState
    submission: str | None


def from_activation(in_force: PlanInForce) -> Sequence[Period]:
    """The periods for which reports are owed."""
    calendar = in_force.calendar
    first = calendar.find(in_force.activate_from) if in_force.activate_from else None
    return [] if first is None else [one for one in calendar.periods if one.last >= first.last]


async def owed_for(
    session: AsyncSession, in_force: PlanInForce, period: Period, now: datetime
) -> list[Owed]:
    """Every report owed for a period, in the order of the plan.

    Raises:
        Refused: `year_not_loaded`, a window needs a year without a holiday table.
    """
    plan, calendar = in_force.document, in_force.calendar
    if period not in from_activation(in_force):
        return []
    waived = await _waived(session, in_force, period)
    latest = await _latest(session, plan.plan.id, period.id)
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


async def _waived(session: AsyncSession, in_force: PlanInForce, period: Period) -> frozenset[str]:
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
    session: AsyncSession, plan: str, period: str
) -> dict[tuple[str, str], SubmissionRow]:
    query = (
        select(SubmissionRow)
        .where(SubmissionRow.plan == plan, SubmissionRow.period == period)
        .order_by(col(SubmissionRow.number))
    )
    rows = (await session.execute(query)).scalars().all()
    return {(row.task, row.unit): row for row in rows}


def _state(row: SubmissionRow | None, window: Window, now: datetime, tz: tzinfo) -> OwedState:
    if row is not None:
        if row.returned_at is not None:
            return "returned"
        return "submitted" if row.verified_at is None else "verified"
    if now < window.due_end(tz):
        return "owed"
    return "overdue" if now < window.close_end(tz) else "missing"

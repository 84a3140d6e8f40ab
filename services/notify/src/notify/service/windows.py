"""Reports that are owed: reminders before they are due, warnings when they do not come."""

from collections.abc import Sequence
from datetime import date
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Reason
from notify.domain.kinds import Kind, Reminder
from notify.service.causes import Cause
from notify.service.episodes import Episodes
from notify.service.plans import KnownPlan, Plans
from notify.store.tables import Alert
from shared.contracts.intake import (
    ObligationMissed,
    ObligationOverdue,
    ObligationReminded,
    ObligationWaived,
    SubmissionAccepted,
)
from shared.kit.bus.loop import Received
from shared.kit.dead_letters import Rejected

_KINDS: Final[tuple[Kind, ...]] = ("due_soon", "overdue", "closing", "missing")


class _Obligation(Protocol):
    @property
    def plan(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def period(self) -> str: ...


class _Window(_Obligation, Protocol):
    @property
    def due(self) -> date: ...
    @property
    def close(self) -> date: ...


class Windows:
    """Each stage of an obligation is told once, and ends the reminders before it."""

    def __init__(self, *, plans: Plans, episodes: Episodes) -> None:
        self._plans = plans
        self._episodes = episodes

    async def on_reminded(
        self, session: AsyncSession, received: Received[ObligationReminded]
    ) -> None:
        """A window has opened, a report is due soon, or its window closes soon."""
        event = received.event
        closing = event.stage == "closing"
        reminder = Reminder(
            stage=event.stage, working_days=event.working_days, due=event.due, close=event.close
        )
        await self._stage(
            session,
            received,
            event,
            reminder,
            kind="closing" if closing else "due_soon",
            reason=event.stage,
            episode=event.period
            if closing
            else f"{event.period}/{event.stage}/{event.working_days}",
            next_by=event.close if closing else event.due,
            ends=("due_soon",),
        )

    async def on_overdue(
        self, session: AsyncSession, received: Received[ObligationOverdue]
    ) -> None:
        """A report did not come by its due day."""
        event = received.event
        await self._stage(
            session,
            received,
            event,
            Reminder(stage="overdue", working_days=0, due=event.due, close=event.close),
            kind="overdue",
            reason="not_reported",
            episode=event.period,
            next_by=event.close,
            ends=("due_soon",),
        )

    async def on_missed(self, session: AsyncSession, received: Received[ObligationMissed]) -> None:
        """A window has closed without a report."""
        event = received.event
        await self._stage(
            session,
            received,
            event,
            Reminder(stage="missed", working_days=0, due=event.due, close=event.close),
            kind="missing",
            reason="closed",
            episode=event.period,
            next_by=None,
            ends=("due_soon", "closing", "overdue"),
        )

    async def on_report(
        self, session: AsyncSession, received: Received[SubmissionAccepted]
    ) -> None:
        """A report has come: whoever was told of its absence need not worry any more.

        It ends what is open about its period, and about earlier ones that stayed without.
        """
        await self._end(session, received, received.event, "report_arrived", earlier=True)

    async def on_waived(self, session: AsyncSession, received: Received[ObligationWaived]) -> None:
        """A report is not owed any more."""
        await self._end(session, received, received.event, "not_owed", earlier=False)

    async def _stage(
        self,
        session: AsyncSession,
        received: Received[ObligationReminded]
        | Received[ObligationOverdue]
        | Received[ObligationMissed],
        event: _Window,
        reminder: Reminder,
        *,
        kind: Kind,
        reason: Reason,
        episode: str,
        next_by: date | None,
        ends: Sequence[Kind],
    ) -> None:
        """Tell a stage once.

        Raises:
            Rejected: `unknown_plan`, its plan was set aside.
        """
        plan = await self._plans.find(session, event.plan)
        if plan is None:  # a version that mends the plan comes behind this event: do not wait
            raise Rejected("unknown_plan", f"no version of {event.plan} was taken before this")
        cause = Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=plan.action_of.get(event.task),
            kind=kind,
            period=event.period,
            since=event.due,
            next_by=next_by,
            details=reminder,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        former = await self._open(session, event, ends)
        await self._episodes.end(session, former, cause, "superseded")
        await self._episodes.once(session, cause, reason=reason, episode=episode)

    async def _open(
        self, session: AsyncSession, event: _Obligation, kinds: Sequence[Kind]
    ) -> list[Alert]:
        found = await self._episodes.open_ones(
            session, plan=event.plan, task=event.task, unit=event.unit, kinds=kinds
        )
        return [alert for alert in found if alert.period == event.period]

    async def _end(
        self,
        session: AsyncSession,
        received: Received[SubmissionAccepted] | Received[ObligationWaived],
        event: _Obligation,
        reason: Reason,
        *,
        earlier: bool,
    ) -> None:
        found = await self._episodes.open_ones(
            session, plan=event.plan, task=event.task, unit=event.unit, kinds=_KINDS
        )
        if not found:
            return  # nobody was told of its absence: there is no alert to decide about
        plan = await self._plans.known(session, event.plan)
        over = [
            alert
            for alert in found
            if alert.period == event.period
            or (
                earlier and alert.kind == "missing" and _is_before(plan, alert.period, event.period)
            )
        ]
        for alert in over:
            kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
            cause = Cause(
                plan=plan,
                task=event.task,
                unit=event.unit,
                action=alert.action,
                kind=kind,
                period=alert.period,
                since=alert.since,
                event=received.id,
                at=received.time,
                correlation=received.correlation,
            )
            await self._episodes.end(session, [alert], cause, reason)


def _is_before(plan: KnownPlan, one: str | None, other: str) -> bool:
    first, second = plan.calendar.find(one or ""), plan.calendar.find(other)
    return first is not None and second is not None and first.last < second.last

"""What becomes of a decision: it is stored with its reason, its alert follows, people are told."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from notify.domain.alerts import Decision, Figures, Kind, Level, OpenAlert, decide_handover
from notify.domain.messages import Change
from notify.metrics import NotifyMetrics, count
from notify.service.writing import Cause, Writing
from notify.store.tables import Alert, DecisionRow
from shared.contracts.envelope import Event
from shared.contracts.notify import AlertRaised, AlertResolved
from shared.kit.journal import Journal


class Episodes:
    """Keeps the alerts: one row is one episode, from its beginning to its end."""

    def __init__(self, *, writing: Writing, journal: Journal, metrics: NotifyMetrics) -> None:
        self._writing = writing
        self._journal = journal
        self._metrics = metrics

    async def open(
        self,
        session: AsyncSession,
        *,
        plan: str,
        task: str,
        unit: str,
        kind: Kind,
        episode: str | None = None,
    ) -> Alert | None:
        """The alert of this kind that has not ended."""
        query = select(Alert).where(
            Alert.plan == plan,
            Alert.task == task,
            Alert.unit == unit,
            Alert.kind == kind,
            Alert.state == "raised",
        )
        if episode is not None:
            query = query.where(Alert.episode == episode)
        return (await session.execute(query)).scalars().first()

    async def hand_over(self, session: AsyncSession, cause: Cause) -> bool:
        """End the alerts of units that led the task before; whether there was one."""
        query = select(Alert).where(
            Alert.plan == cause.plan.plan,
            Alert.task == cause.task,
            Alert.unit != cause.unit,
            Alert.kind == cause.kind,
            Alert.state == "raised",
        )
        former = (await session.execute(query)).scalars().all()
        for alert in former:
            theirs = replace(cause, unit=alert.unit)
            await self.carry_out(session, decide_handover(open_alert(alert)), theirs)
        return bool(former)

    async def carry_out(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        """Store the decision, and do what it says."""
        session.add(
            DecisionRow(
                alert=decision.alert_id,
                plan=cause.plan.plan,
                task=cause.task,
                unit=cause.unit,
                kind=cause.kind,
                effect=decision.effect,
                reason=decision.reason,
                event=cause.event,
                at=cause.at,
            )
        )
        count(session, self._metrics.decisions.labels(decision.reason))
        if decision.effect == "raise":
            await self._raise(session, decision, cause)
        elif decision.effect == "update":
            await self._update(session, decision, cause)
        elif decision.effect == "resolve":
            await self._resolve(session, decision, cause)

    async def _raise(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        alert = Alert(
            id=decision.alert_id or "",
            plan=cause.plan.plan,
            task=cause.task,
            unit=cause.unit,
            action=cause.action,
            kind=cause.kind,
            level=decision.level,
            episode=decision.episode or "",
            period=cause.period,
            state="raised",
            since=cause.since,
            next_by=cause.next_by,
            raised_at=cause.at,
            reason=decision.reason,
            correlation=cause.correlation,
        )
        _show(alert, cause.figures)
        session.add(alert)
        count(session, self._metrics.alerts.labels(cause.kind, decision.level or "none"))
        await self._tell(session, alert, decision, cause, "alert.raised")

    async def _update(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        alert = await session.get_one(Alert, decision.alert_id)
        if alert.level != decision.level:
            alert.level, alert.since = decision.level, cause.since
        alert.period, alert.next_by, alert.reason = cause.period, cause.next_by, decision.reason
        _show(alert, cause.figures)
        if decision.tell:
            await self._tell(session, alert, decision, cause, "alert.updated")

    async def _resolve(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        alert = await session.get_one(Alert, decision.alert_id)
        alert.state, alert.resolved_at, alert.reason = "resolved", cause.at, decision.reason
        resolved = AlertResolved(
            plan=alert.plan, alert=alert.id, reason=decision.reason, resolved_at=cause.at
        )
        await self._say(session, resolved, cause)

    async def _tell(
        self,
        session: AsyncSession,
        alert: Alert,
        decision: Decision,
        cause: Cause,
        change: Change,
    ) -> None:
        await session.flush()
        await self._writing.write(session, alert, tell=decision.tell, change=change, cause=cause)
        raised = AlertRaised(
            plan=alert.plan,
            alert=alert.id,
            kind=cause.kind,
            level=decision.level,
            task=alert.task,
            unit=alert.unit,
            period=alert.period,
            to=tuple(str(addressee) for addressee in decision.tell),
            raised_at=cause.at,
        )
        await self._say(session, raised, cause)

    async def _say(self, session: AsyncSession, event: Event, cause: Cause) -> None:
        await self._journal.record(
            session, event, at=cause.at, correlation=cause.correlation, cause=cause.event
        )


def as_open(alert: Alert | None) -> OpenAlert | None:
    """An alert as the rules see it, if there is one."""
    return None if alert is None else open_alert(alert)


def open_alert(alert: Alert) -> OpenAlert:
    """An alert as the rules see it."""
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    return OpenAlert(
        id=alert.id,
        kind=kind,
        level=level,
        episode=alert.episode,
        figures=Figures(a=alert.a, e=alert.e, r=alert.r, gap=alert.gap),
    )


def _show(alert: Alert, figures: Figures | None) -> None:
    """Let an alert show the figures it was last judged by."""
    known = figures or Figures(a=None, e=None, r=None, gap=None)
    alert.a, alert.e, alert.r, alert.gap = known.a, known.e, known.r, known.gap

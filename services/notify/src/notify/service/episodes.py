"""What becomes of a decision: it is stored with its reason, its alert follows, people are told."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from notify.domain.alerts import (
    Addressee,
    Decision,
    Reason,
    decide_end,
    decide_handover,
    decide_once,
)
from notify.domain.facts import Figures
from notify.domain.kinds import NEWS, Change, Kind, Level, Step
from notify.domain.silence import first_steps
from notify.metrics import NotifyMetrics, count
from notify.service.causes import Cause, open_alert
from notify.service.deciding import Deciding
from notify.service.notices import Notices
from notify.service.watching import Watching
from notify.store.tables import Alert
from shared.contracts.envelope import Event
from shared.contracts.notify import AlertRaised, AlertResolved, AlertWithdrawn
from shared.kit.journal import Journal

OPEN: Final = ("raised", "notified", "acknowledged", "escalated")
"""The states of an alert whose episode has not ended."""


class Episodes:
    """Keeps the alerts: one row is one episode, from its beginning to its end."""

    def __init__(
        self,
        *,
        notices: Notices,
        deciding: Deciding,
        watching: Watching,
        journal: Journal,
        metrics: NotifyMetrics,
    ) -> None:
        self._notices = notices
        self._deciding = deciding
        self._watching = watching
        self._journal = journal
        self._metrics = metrics

    async def open(
        self,
        session: AsyncSession,
        *,
        plan: str,
        task: str | None,
        unit: str,
        kind: Kind,
        episode: str | None = None,
    ) -> Alert | None:
        """The alert of this kind that has not ended."""
        found = await self.open_ones(
            session, plan=plan, task=task, unit=unit, kinds=(kind,), episode=episode
        )
        return found[0] if found else None

    async def open_ones(
        self,
        session: AsyncSession,
        *,
        plan: str,
        task: str | None,
        unit: str | None,
        kinds: Sequence[Kind],
        episode: str | None = None,
    ) -> Sequence[Alert]:
        """The alerts of these kinds that have not ended, oldest first; of any unit where None."""
        query = select(Alert).where(
            Alert.plan == plan,
            Alert.task == task,
            col(Alert.kind).in_(kinds),
            col(Alert.state).in_(OPEN),
        )
        if unit is not None:
            query = query.where(Alert.unit == unit)
        if episode is not None:
            query = query.where(Alert.episode == episode)
        query = query.order_by(col(Alert.raised_at), col(Alert.id))
        return (await session.execute(query)).scalars().all()

    async def hand_over(self, session: AsyncSession, cause: Cause, found: Sequence[Alert]) -> bool:
        """End those of the alerts whose units led the task before; whether there was one."""
        former = [alert for alert in found if alert.unit != cause.unit]
        for alert in former:
            theirs = replace(cause, unit=alert.unit)
            await self.carry_out(session, decide_handover(open_alert(alert)), theirs)
        return bool(former)

    async def steps_of(self, session: AsyncSession, lag: Alert) -> Sequence[Alert]:
        """The steps of the ladder that were taken for a lag, in their order."""
        query = select(Alert).where(Alert.parent == lag.id).order_by(col(Alert.episode))
        return (await session.execute(query)).scalars().all()

    async def once(
        self,
        session: AsyncSession,
        cause: Cause,
        *,
        reason: Reason,
        episode: str,
        tell: tuple[Addressee, ...] | None = None,
        level: Level | None = None,
    ) -> None:
        """Tell what has happened to whom its kind concerns, or `tell`, unless it was told."""
        raised = await session.get(Alert, cause.identity(episode)) is not None
        decision = decide_once(
            kind=cause.kind,
            reason=reason,
            plan=cause.plan.plan,
            task=cause.task,
            unit=cause.unit,
            episode=episode,
            raised=raised,
            tell=tell,
            action=cause.action,
            level=level,
        )
        await self.carry_out(session, decision, cause)

    async def end(
        self, session: AsyncSession, alerts: Sequence[Alert], cause: Cause, reason: Reason
    ) -> None:
        """What these alerts were about is over."""
        for alert in alerts:
            kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
            theirs = replace(cause, kind=kind, task=alert.task, unit=alert.unit)
            await self.carry_out(session, decide_end(reason, open_alert(alert)), theirs)

    async def escalate(
        self, session: AsyncSession, lag: Alert, *, step: Step, decision: Decision, cause: Cause
    ) -> None:
        """Take the next step of the ladder: an alert of its own, to the role of the step."""
        figures = Figures(a=lag.a, e=lag.e, r=lag.r, gap=lag.gap)
        raised = replace(cause, kind="escalation", figures=figures, details=step, parent=lag.id)
        lag.step += 1
        lag.state = "escalated"
        await self.carry_out(session, decision, raised)

    async def carry_out(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        """Store the decision, and do what it says."""
        self._deciding.record(
            session,
            cause,
            alert=decision.alert_id,
            effect=decision.effect,
            reason=decision.reason,
        )
        if decision.effect == "raise":
            await self._raise(session, decision, cause)
        elif decision.effect == "update":
            await self._update(session, decision, cause)
        elif decision.effect in {"resolve", "withdraw"}:
            await self._end(session, decision, cause)

    async def _raise(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        day = cause.plan.calendar.day_of(cause.at)
        alert = Alert(
            id=decision.alert_id or "",
            plan=cause.plan.plan,
            task=cause.task,
            unit=cause.unit,
            action=cause.action,
            kind=cause.kind,
            level=decision.level,
            episode=decision.episode or "",
            entered=cause.period,
            period=cause.period,
            state="raised",
            since=cause.since,
            next_by=cause.next_by,
            raised_at=cause.at,
            since_answer=day,
            step=first_steps(cause.plan.ladder) if cause.kind == "lag" else 0,
            parent=cause.parent,
            reason=decision.reason,
            correlation=cause.correlation,
        )
        _show(alert, cause)
        session.add(alert)
        count(session, self._metrics.alerts.labels(cause.kind, decision.level or "none"))
        await self._tell(session, alert, decision, cause, "raised")
        if cause.kind not in NEWS:
            await self._watching.look_ahead(session, alert, cause.plan, now=cause.at)

    async def _update(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        alert = await session.get_one(Alert, decision.alert_id)
        if alert.level != decision.level:
            alert.level, alert.since = decision.level, cause.since
        alert.period, alert.next_by, alert.reason = cause.period, cause.next_by, decision.reason
        _show(alert, cause)
        if decision.tell:
            await self._tell(session, alert, decision, cause, "got_worse")

    async def _end(self, session: AsyncSession, decision: Decision, cause: Cause) -> None:
        alert = await session.get_one(Alert, decision.alert_id)
        await self._close(session, alert, decision, cause)
        following = select(Alert).where(Alert.parent == alert.id, col(Alert.state).in_(OPEN))
        for child in (await session.execute(following)).scalars().all():
            reason: Reason = "lag_ended" if decision.effect == "resolve" else decision.reason
            theirs = replace(cause, kind="escalation", task=child.task, unit=child.unit)
            ended = replace(decision, alert_id=child.id, episode=child.episode, reason=reason)
            self._deciding.record(
                session, theirs, alert=child.id, effect=ended.effect, reason=reason
            )
            await self._close(session, child, ended, theirs)

    async def _close(
        self, session: AsyncSession, alert: Alert, decision: Decision, cause: Cause
    ) -> None:
        alert.resolved_at, alert.reason = cause.at, decision.reason
        alert.acknowledged_until = None
        names = {"plan": alert.plan, "alert": alert.id, "reason": decision.reason}
        if decision.effect == "withdraw":
            alert.state = "withdrawn"
            await session.flush()
            await self._notices.take_back(session, alert, cause)
            await self._say(session, AlertWithdrawn(**names, withdrawn_at=cause.at), cause)
        else:
            alert.state = "resolved"
            await self._say(session, AlertResolved(**names, resolved_at=cause.at), cause)
        await session.flush()
        await self._notices.wake(session, alert.id, plan=alert.plan, now=cause.at)
        await self._watching.forget(session, alert)

    async def _tell(
        self,
        session: AsyncSession,
        alert: Alert,
        decision: Decision,
        cause: Cause,
        change: Change,
    ) -> None:
        alert.audience = " ".join(str(one) for one in decision.tell)
        await self._notices.tell(session, alert, tell=decision.tell, change=change, cause=cause)
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
            parent=alert.parent,
        )
        await self._say(session, raised, cause)

    async def _say(self, session: AsyncSession, event: Event, cause: Cause) -> None:
        await self._journal.record(
            session, event, at=cause.at, correlation=cause.correlation, cause=cause.event
        )


def _show(alert: Alert, cause: Cause) -> None:
    """Let an alert show what it was last judged by."""
    known = cause.figures or Figures(a=None, e=None, r=None, gap=None)
    alert.a, alert.e, alert.r, alert.gap = known.a, known.e, known.r, known.gap
    alert.details = cause.details.model_dump_json() if cause.details else None

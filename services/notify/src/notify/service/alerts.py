"""Alerts: each event is brought to the domain, and what it decides is stored with its reason."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from notify.domain.alerts import (
    Decision,
    Figures,
    Kind,
    Level,
    OpenAlert,
    OverdueObligation,
    PublishedLine,
    StandingChange,
    decide_arrival,
    decide_early,
    decide_lag,
    decide_overdue,
)
from notify.domain.messages import Change
from notify.metrics import NotifyMetrics
from notify.service.plans import KnownPlan, Plans
from notify.service.writing import Writing
from notify.store.tables import Alert, DecisionRow, PublishedTask, UnitPart
from shared.contracts import scoring
from shared.contracts.intake import ObligationOverdue, SubmissionAccepted
from shared.contracts.notify import AlertRaised, AlertResolved
from shared.contracts.values import Contract
from shared.kit.bus.loop import Received
from shared.kit.dead_letters import Rejected
from shared.kit.journal import Journal


class _Lines(Contract):
    lines: tuple[scoring.PublishedLine, ...]


@dataclass(frozen=True, kw_only=True)
class _Cause:
    """The event a decision answers, and what its alert is about."""

    plan: KnownPlan
    task: str
    unit: str
    action: str
    kind: Kind
    period: str
    figures: Figures | None
    since: date
    next_by: date | None
    event: str
    at: datetime
    correlation: str


class Alerts:
    """Turns what is heard into alerts."""

    def __init__(
        self, *, plans: Plans, writing: Writing, journal: Journal, metrics: NotifyMetrics
    ) -> None:
        self._plans = plans
        self._writing = writing
        self._journal = journal
        self._metrics = metrics

    async def on_standing(
        self, session: AsyncSession, received: Received[scoring.StandingChanged]
    ) -> None:
        """A live light has changed: the unit is warned while there is still time."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        figures = _figures(event.a, event.e, event.r, event.gap)
        decision = decide_early(
            StandingChange(
                plan=event.plan,
                task=event.task,
                unit=event.unit,
                action=event.action,
                period=event.period,
                before=event.was,
                after=event.light,
                figures=figures,
                as_of=event.day,
                event_id=received.id,
            ),
            _open(await self._find(session, event.plan, event.task, event.unit, "early")),
        )
        period = plan.calendar.find(event.period)
        cause = _Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=event.action,
            kind="early",
            period=event.period,
            figures=figures,
            since=event.day,
            next_by=plan.calendar.window(period).due if period else None,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        await self._carry_out(session, decision, cause)

    async def on_unit(
        self, session: AsyncSession, received: Received[scoring.UnitPublished]
    ) -> None:
        """Keep a unit's part until its publication is whole."""
        event = received.event
        lines = _Lines(lines=event.lines).model_dump_json()
        session.add(
            UnitPart(
                plan=event.plan,
                period=event.period,
                version=event.version,
                unit=event.unit,
                event=received.id,
                digest=event.digest,
                lines=lines,
            )
        )

    async def on_released(
        self, session: AsyncSession, received: Received[scoring.PublicationReleased]
    ) -> None:
        """A publication is whole: each line is judged against the one before.

        Raises:
            Rejected: `incomplete_publication`, parts it announced did not come.
            Unavailable: its plan has not arrived yet.
        """
        event = received.event
        plan = await self._plans.known(session, event.plan)
        mine = (
            (col(UnitPart.plan) == event.plan)
            & (col(UnitPart.period) == event.period)
            & (col(UnitPart.version) == event.version)
        )
        parts = list((await session.execute(select(UnitPart).where(mine))).scalars())
        if len(parts) != event.units:
            raise Rejected("incomplete_publication", f"{event.subject} lacks units it announced")
        for part in sorted(parts, key=lambda one: one.unit):
            for line in _Lines.model_validate_json(part.lines).lines:
                await self._judge(session, plan, part, line, received)
        await session.execute(delete(UnitPart).where(mine))

    async def on_overdue(
        self, session: AsyncSession, received: Received[ObligationOverdue]
    ) -> None:
        """A report did not come by its due day."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        obligation = OverdueObligation(
            plan=event.plan,
            task=event.task,
            unit=event.unit,
            period=event.period,
            due=event.due,
            close=event.close,
            event_id=received.id,
        )
        query = select(Alert.id).where(
            Alert.plan == event.plan,
            Alert.task == event.task,
            Alert.unit == event.unit,
            Alert.kind == "overdue",
            Alert.episode == event.period,
        )
        raised = (await session.execute(query)).first() is not None
        cause = _Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=plan.action_of.get(event.task, ""),
            kind="overdue",
            period=event.period,
            figures=None,
            since=event.due,
            next_by=event.close,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        await self._carry_out(session, decide_overdue(obligation, raised=raised), cause)

    async def on_report(
        self, session: AsyncSession, received: Received[SubmissionAccepted]
    ) -> None:
        """A report has come: whoever was told of its absence need not worry any more."""
        event = received.event
        alert = await self._find(
            session, event.plan, event.task, event.unit, "overdue", episode=event.period
        )
        if alert is None:
            return  # nobody was told anything: there is no decision to remember
        plan = await self._plans.known(session, event.plan)
        cause = _Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=alert.action,
            kind="overdue",
            period=event.period,
            figures=None,
            since=alert.since,
            next_by=None,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        await self._carry_out(session, decide_arrival(_open(alert)), cause)

    async def _judge(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        part: UnitPart,
        line: scoring.PublishedLine,
        received: Received[scoring.PublicationReleased],
    ) -> None:
        event = received.event
        figures = _figures(line.a, line.e, line.r, line.gap)
        newest = await session.get(PublishedTask, (plan.plan, line.task))
        decision = decide_lag(
            PublishedLine(
                plan=plan.plan,
                task=line.task,
                unit=part.unit,
                action=line.action,
                period=event.period,
                before=line.was,
                after=line.light,
                figures=figures,
                as_of=event.last_day,
                # One event judges many lines: the episode is named by the unit's own part.
                event_id=part.event,
                version=event.version,
                digest=part.digest,
            ),
            _open(await self._find(session, plan.plan, line.task, part.unit, "lag")),
            newest.last_day if newest else None,
        )
        if newest is None or newest.last_day < event.last_day:
            await session.merge(
                PublishedTask(plan=plan.plan, task=line.task, last_day=event.last_day)
            )
        period = plan.calendar.find(event.period)
        following = plan.following(period) if period else None
        cause = _Cause(
            plan=plan,
            task=line.task,
            unit=part.unit,
            action=line.action,
            kind="lag",
            period=event.period,
            figures=figures,
            since=event.last_day,
            next_by=plan.calendar.window(following).due if following else None,
            event=part.event,
            at=received.time,
            correlation=received.correlation,
        )
        await self._carry_out(session, decision, cause)

    async def _carry_out(self, session: AsyncSession, decision: Decision, cause: _Cause) -> None:
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
        self._metrics.decisions.labels(cause.kind, decision.effect, decision.reason).inc()
        if decision.effect == "raise":
            await self._raise(session, decision, cause)
        elif decision.effect == "update":
            await self._update(session, decision, cause)
        elif decision.effect == "resolve":
            await self._resolve(session, decision, cause)

    async def _raise(self, session: AsyncSession, decision: Decision, cause: _Cause) -> None:
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
        self._metrics.alerts.labels(cause.kind, decision.level or "none").inc()
        await self._tell(session, alert, decision, cause, change="alert.raised")

    async def _update(self, session: AsyncSession, decision: Decision, cause: _Cause) -> None:
        alert = await session.get_one(Alert, decision.alert_id)
        if alert.level != decision.level:
            alert.level, alert.since = decision.level, cause.since
        alert.period, alert.next_by, alert.reason = cause.period, cause.next_by, decision.reason
        _show(alert, cause.figures)
        session.add(alert)
        if decision.tell:
            await self._tell(session, alert, decision, cause, change="alert.updated")

    async def _resolve(self, session: AsyncSession, decision: Decision, cause: _Cause) -> None:
        alert = await session.get_one(Alert, decision.alert_id)
        alert.state, alert.resolved_at, alert.reason = "resolved", cause.at, decision.reason
        session.add(alert)
        resolved = AlertResolved(
            plan=alert.plan, alert=alert.id, reason=decision.reason, resolved_at=cause.at
        )
        await self._journal.record(session, resolved, at=cause.at, correlation=cause.correlation)

    async def _tell(
        self,
        session: AsyncSession,
        alert: Alert,
        decision: Decision,
        cause: _Cause,
        *,
        change: Change,
    ) -> None:
        await session.flush()
        await self._writing.write(
            session, alert, plan=cause.plan, tell=decision.tell, change=change, at=cause.at
        )
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
        await self._journal.record(session, raised, at=cause.at, correlation=cause.correlation)

    async def _find(
        self,
        session: AsyncSession,
        plan: str,
        task: str,
        unit: str,
        kind: Kind,
        *,
        episode: str | None = None,
    ) -> Alert | None:
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


def _open(alert: Alert | None) -> OpenAlert | None:
    if alert is None:
        return None
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    return OpenAlert(
        id=alert.id,
        kind=kind,
        level=level,
        episode=alert.episode,
        figures=Figures(a=alert.a, e=alert.e, r=alert.r, gap=alert.gap),
    )


def _figures(*values: Decimal | None) -> Figures:
    a, e, r, gap = (None if value is None else format(value, "f") for value in values)
    return Figures(a=a, e=e, r=r, gap=gap)


def _show(alert: Alert, figures: Figures | None) -> None:
    """Let an alert show the figures it was last judged by."""
    known = figures or Figures(a=None, e=None, r=None, gap=None)
    alert.a, alert.e, alert.r, alert.gap = known.a, known.e, known.r, known.gap

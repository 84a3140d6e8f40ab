"""Alerts: each event is brought to the rule that judges it."""

from dataclasses import replace
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from notify.domain.alerts import (
    Figures,
    OverdueObligation,
    PublishedLine,
    StandingChange,
    decide_arrival,
    decide_early,
    decide_lag,
    decide_overdue,
)
from notify.service.episodes import Episodes, as_open
from notify.service.plans import KnownPlan, Plans
from notify.service.writing import Cause
from notify.store.tables import Alert, PublishedTask, UnitPart
from shared.contracts import scoring
from shared.contracts.intake import ObligationOverdue, SubmissionAccepted
from shared.contracts.values import Contract
from shared.kit.bus.loop import Received
from shared.kit.dead_letters import Rejected


class _Lines(Contract):
    lines: tuple[scoring.PublishedLine, ...]


class Alerts:
    """Turns what is heard into alerts; what scoring says may raise `Unavailable`: no plan yet."""

    def __init__(self, *, plans: Plans, episodes: Episodes) -> None:
        self._plans = plans
        self._episodes = episodes

    async def on_standing(
        self, session: AsyncSession, received: Received[scoring.StandingChanged]
    ) -> None:
        """A live light has changed: the unit is warned while there is still time."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        change = StandingChange(
            plan=event.plan,
            task=event.task,
            unit=event.unit,
            action=event.action,
            period=event.period,
            before=event.was,
            after=event.light,
            figures=_figures(event.a, event.e, event.r, event.gap),
            as_of=event.day,
            event_id=received.id,
        )
        alert = await self._episodes.open(
            session, plan=event.plan, task=event.task, unit=event.unit, kind="early"
        )
        cause = Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=event.action,
            kind="early",
            period=event.period,
            figures=change.figures,
            since=event.day,
            next_by=plan.due_of(event.period),
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        if await self._episodes.hand_over(session, cause):
            change = replace(change, before=None)  # the unit that leads now has not been warned
        await self._episodes.carry_out(session, decide_early(change, as_open(alert)), cause)

    async def on_unit(
        self, session: AsyncSession, received: Received[scoring.UnitPublished]
    ) -> None:
        """Keep a unit's part until its publication is whole."""
        event = received.event
        session.add(
            UnitPart(
                plan=event.plan,
                period=event.period,
                version=event.version,
                unit=event.unit,
                event=received.id,
                digest=event.digest,
                lines=_Lines(lines=event.lines).model_dump_json(),
            )
        )

    async def on_released(
        self, session: AsyncSession, received: Received[scoring.PublicationReleased]
    ) -> None:
        """A publication is whole: each line is judged against the one before.

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
        for part in parts:
            for line in _Lines.model_validate_json(part.lines).lines:
                await self._judge(session, plan, part, line, received)
        await session.execute(delete(UnitPart).where(mine))

    async def on_overdue(
        self, session: AsyncSession, received: Received[ObligationOverdue]
    ) -> None:
        """A report did not come by its due day.

        Raises:
            Rejected: `unknown_plan`, its plan was set aside.
        """
        event = received.event
        plan = await self._plans.find(session, event.plan)
        if plan is None:  # a version that mends the plan comes behind this event: do not wait
            raise Rejected("unknown_plan", f"no version of {event.plan} was taken before this")
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
        cause = Cause(
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
        await self._episodes.carry_out(session, decide_overdue(obligation, raised=raised), cause)

    async def on_report(
        self, session: AsyncSession, received: Received[SubmissionAccepted]
    ) -> None:
        """A report has come: whoever was told of its absence need not worry any more."""
        event = received.event
        alert = await self._episodes.open(
            session,
            plan=event.plan,
            task=event.task,
            unit=event.unit,
            kind="overdue",
            episode=event.period,
        )
        if alert is None:
            return  # nobody was told of its absence: there is no alert to decide about
        cause = Cause(
            plan=await self._plans.known(session, event.plan),
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
        await self._episodes.carry_out(session, decide_arrival(as_open(alert)), cause)

    async def _judge(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        part: UnitPart,
        line: scoring.PublishedLine,
        received: Received[scoring.PublicationReleased],
    ) -> None:
        event = received.event
        judged = PublishedLine(
            plan=plan.plan,
            task=line.task,
            unit=part.unit,
            action=line.action,
            period=event.period,
            before=line.was,
            after=line.light,
            figures=_figures(line.a, line.e, line.r, line.gap),
            as_of=event.last_day,
            event_id=part.event,
            version=event.version,
            digest=part.digest,
        )
        alert = await self._episodes.open(
            session, plan=plan.plan, task=line.task, unit=part.unit, kind="lag"
        )
        cause = Cause(
            plan=plan,
            task=line.task,
            unit=part.unit,
            action=line.action,
            kind="lag",
            period=event.period,
            figures=judged.figures,
            since=event.last_day,
            next_by=plan.next_due_of(event.period),
            event=part.event,
            at=received.time,
            correlation=received.correlation,
        )
        row = await session.get(PublishedTask, (plan.plan, line.task))
        newest = row.last_day if row else event.last_day
        if newest <= event.last_day:
            await session.merge(
                PublishedTask(plan=plan.plan, task=line.task, last_day=event.last_day)
            )
            if await self._episodes.hand_over(session, cause):
                judged = replace(judged, before=None)  # as in on_standing
        await self._episodes.carry_out(session, decide_lag(judged, as_open(alert), newest), cause)


def _figures(*values: Decimal | None) -> Figures:
    a, e, r, gap = (None if value is None else format(value, "f") for value in values)
    return Figures(a=a, e=e, r=r, gap=gap)

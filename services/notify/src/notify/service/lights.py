"""Lights: a live one warns the unit in time, a published one tells unit, action and ladder."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import (
    decide_early,
    decide_lag,
    decide_red_ended,
    is_red_twice,
    is_yellow_twice,
)
from notify.domain.facts import Figures, PublishedLine, StandingChange
from notify.domain.kinds import Summons
from notify.service.causes import Cause, as_open, open_alert
from notify.service.episodes import Episodes
from notify.service.plans import KnownPlan, Plans
from notify.service.rounds import Rounds
from notify.store.tables import Alert, PublishedTask
from shared.contracts import scoring
from shared.kit.bus.loop import Received


class Lights:
    """Brings each light to the rules that judge it; may raise `Unavailable`: no plan yet."""

    def __init__(self, *, plans: Plans, episodes: Episodes, rounds: Rounds) -> None:
        self._plans = plans
        self._episodes = episodes
        self._rounds = rounds

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
        found = await self._episodes.open_ones(
            session, plan=event.plan, task=event.task, unit=None, kinds=("early",)
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
        if await self._episodes.hand_over(session, cause, found):
            change = replace(change, before=None)  # the unit that leads now has not been warned
        alert = _of_unit(found, event.unit)
        await self._episodes.carry_out(session, decide_early(change, as_open(alert)), cause)

    async def on_line(self, session: AsyncSession, cause: Cause, line: PublishedLine) -> None:
        """A published line is judged: lag, the ladder's step for yellow, the interview for red."""
        row = await session.get(PublishedTask, (line.plan, line.task))
        newest = row.last_day if row else line.as_of
        found = await self._episodes.open_ones(
            session, plan=line.plan, task=line.task, unit=None, kinds=("lag", "interview")
        )
        lags = [alert for alert in found if alert.kind == "lag"]
        interviews = [alert for alert in found if alert.kind == "interview"]
        lag = _of_unit(lags, line.unit)
        if newest <= line.as_of:
            if row is None:
                session.add(PublishedTask(plan=line.plan, task=line.task, last_day=line.as_of))
            else:
                row.last_day = line.as_of
            if await self._episodes.hand_over(session, cause, lags):
                line = replace(line, before=None)  # as in on_standing
            await self._episodes.hand_over(session, replace(cause, kind="interview"), interviews)
        decision = decide_lag(line, as_open(lag), newest)
        await self._episodes.carry_out(session, decision, cause)
        if newest <= line.as_of:
            await self._interview(session, line, cause, interviews)
            await self._yellow_twice(session, line, cause)

    async def _interview(
        self, session: AsyncSession, line: PublishedLine, cause: Cause, called: Sequence[Alert]
    ) -> None:
        """Red two periods running calls for an interview, once per period (assessment 4.15)."""
        call = replace(cause, kind="interview", details=Summons(why="red_twice"))
        if is_red_twice(line):
            await self._episodes.once(
                session, call, reason="red_twice", episode=line.period, level="red"
            )
            return
        for alert in called:
            if alert.unit == line.unit and alert.reason == "red_twice":
                over = decide_red_ended(line, open_alert(alert))
                await self._episodes.carry_out(session, over, call)

    async def _yellow_twice(self, session: AsyncSession, line: PublishedLine, cause: Cause) -> None:
        """Yellow two periods running goes one step up the ladder, once a period (4.15)."""
        if not is_yellow_twice(line):
            return
        alert = await self._episodes.open(
            session, plan=line.plan, task=line.task, unit=line.unit, kind="lag"
        )
        if alert is None:
            return
        steps = await self._episodes.steps_of(session, alert)
        if all(step.entered != line.period or step.reason != "yellow_twice" for step in steps):
            await self._rounds.step_up(session, alert, cause, why="yellow_twice")


def _of_unit(alerts: Sequence[Alert], unit: str) -> Alert | None:
    return next((alert for alert in alerts if alert.unit == unit), None)


def line_of(
    line: scoring.PublishedLine,
    event: scoring.PublicationReleased,
    *,
    unit: str,
    part: str,
    digest: str,
) -> PublishedLine:
    """A line as the rules see it; `part` is the event that brought it."""
    return PublishedLine(
        plan=event.plan,
        task=line.task,
        unit=unit,
        action=line.action,
        period=event.period,
        before=line.was,
        after=line.light,
        figures=_figures(line.a, line.e, line.r, line.gap),
        as_of=event.last_day,
        event_id=part,
        version=event.version,
        digest=digest,
    )


def lag_cause(
    plan: KnownPlan, line: PublishedLine, received: Received[scoring.PublicationReleased]
) -> Cause:
    """What an alert about a published line answers."""
    return Cause(
        plan=plan,
        task=line.task,
        unit=line.unit,
        action=line.action,
        kind="lag",
        period=line.period,
        figures=line.figures,
        since=line.as_of,
        next_by=plan.next_due_of(line.period),
        event=line.event_id,
        at=received.time,
        correlation=received.correlation,
    )


def _figures(*values: Decimal | None) -> Figures:
    a, e, r, gap = (None if value is None else format(value, "f") for value in values)
    return Figures(a=a, e=e, r=r, gap=gap)

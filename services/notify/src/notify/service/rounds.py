"""What time brings to an alert: an answer expires, the ladder's next step, a repeat."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import Decision, addressee, decide_once
from notify.domain.kinds import Kind, Level, Step
from notify.domain.silence import first_steps, next_step, repeats
from notify.service.causes import Cause
from notify.service.deciding import Deciding
from notify.service.episodes import OPEN, Episodes
from notify.service.notices import Notices
from notify.service.plans import KnownPlan, Plans
from notify.service.watching import Watching, silence_of
from notify.store.tables import Alert
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.plan import LadderStep
from shared.kit.timers import Timer


class Rounds:
    """Looks at an alert on the day its timer names."""

    def __init__(
        self,
        *,
        plans: Plans,
        episodes: Episodes,
        notices: Notices,
        watching: Watching,
        deciding: Deciding,
    ) -> None:
        self._plans = plans
        self._episodes = episodes
        self._notices = notices
        self._watching = watching
        self._deciding = deciding

    async def on_watch(self, session: AsyncSession, timer: Timer) -> None:
        """An alert that is still open is looked at, and its next day is set."""
        alert = await session.get(Alert, timer.subject.partition("/")[2])
        if alert is None or alert.state not in OPEN:
            return
        plan = await self._plans.known(session, alert.plan)
        cause = _cause(alert, plan, timer)
        day = plan.calendar.day_of(timer.due_at)
        if alert.kind == "lag":  # what a release without ladders raised has taken no step yet
            alert.step = max(alert.step, first_steps(plan.ladder))
        if alert.acknowledged_until is not None and alert.acknowledged_until <= day:
            await self._expire(session, alert, plan, cause)
        if alert.acknowledged_until is None and _is_worked(day, plan):
            await self._silent(session, alert, plan, day, cause)
        await self._watching.look_ahead(session, alert, plan, now=timer.due_at)

    async def step_up(
        self, session: AsyncSession, lag: Alert, cause: Cause, *, why: str, days: int = 0
    ) -> bool:
        """Take the ladder's next step; False at its end."""
        step = next_step(cause.plan.ladder, lag.step)
        if step is None:
            self._deciding.note(session, lag, cause, reason="ladder_ended", addressee=None)
            return False
        told = Step(
            why="yellow_twice" if why == "yellow_twice" else "no_answer",
            working_days=days,
            role=step.role,
            lag=lag.id,
        )
        decision = _decide_step(lag, step, told)
        await self._episodes.escalate(session, lag, step=told, decision=decision, cause=cause)
        return True

    async def _expire(
        self, session: AsyncSession, alert: Alert, plan: KnownPlan, cause: Cause
    ) -> None:
        alert.acknowledged_until = None
        alert.state = "escalated" if alert.step > first_steps(plan.ladder) else "notified"
        self._deciding.note(
            session,
            alert,
            cause,
            reason="acknowledgement_expired",
            addressee=None,
            operands={"by": alert.acknowledged_by or ""},
        )

    async def _silent(
        self, session: AsyncSession, alert: Alert, plan: KnownPlan, day: date, cause: Cause
    ) -> None:
        days = silence_of(alert).days(day, plan.calendar.workdays)
        while (
            alert.kind == "lag"
            and (step := next_step(plan.ladder, alert.step)) is not None
            and step.after_working_days <= days
        ):
            await self.step_up(session, alert, cause, why="no_answer", days=days)
        due = [
            (route, [n for n in repeats(route.repeat_working_days) if alert.repeated < n <= days])
            for route in await self._watching.taken(session, alert, plan)
        ]
        routes = [route for route, reached in due if reached]
        if routes:
            alert.repeated = max(n for _, reached in due for n in reached)
            await self._notices.repeat(session, alert, taken=routes, cause=cause)


def _is_worked(day: date, plan: KnownPlan) -> bool:
    """Whether silence may lead to something on a day; not where its year has no holiday table."""
    try:
        return plan.calendar.workdays.is_working(day)
    except YearNotLoaded:
        return False


def _decide_step(lag: Alert, step: LadderStep, told: Step) -> Decision:
    level: Level | None = lag.level  # type: ignore[assignment]  # stored from a Level
    to = addressee(step.role, unit=lag.unit, action=lag.action, plan=lag.plan)
    return decide_once(
        kind="escalation",
        reason=told.why,
        plan=lag.plan,
        task=lag.task,
        unit=lag.unit,
        episode=f"{lag.id}/{lag.step}",
        raised=False,
        tell=() if to is None else (to,),
        level=level,
    )


def _cause(alert: Alert, plan: KnownPlan, timer: Timer) -> Cause:
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    return Cause(
        plan=plan,
        task=alert.task,
        unit=alert.unit,
        action=alert.action,
        kind=kind,
        period=alert.period,
        since=alert.since,
        next_by=alert.next_by,
        event=timer.event_id(),
        at=timer.due_at,
        correlation=alert.correlation,
    )

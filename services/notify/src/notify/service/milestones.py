"""Milestones that have passed their date unfinished."""

from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.alerts import audience
from notify.domain.kinds import LateMilestone, Summons
from notify.service.causes import Cause
from notify.service.episodes import Episodes
from notify.service.plans import Plans
from shared.contracts.scoring import MilestoneOverdue, MilestoneSettled
from shared.kit.bus.loop import Received


class Milestones:
    """Tells a late milestone once, and calls for an interview after a month."""

    def __init__(self, *, plans: Plans, episodes: Episodes) -> None:
        self._plans = plans
        self._episodes = episodes

    async def on_overdue(self, session: AsyncSession, received: Received[MilestoneOverdue]) -> None:
        """A milestone is late; more than 30 days late it calls for an interview."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        late = LateMilestone(
            milestone=event.milestone,
            title=event.title,
            due=event.due,
            unit=event.milestone_unit,
            days=event.days,
        )
        month = event.stage == "month"
        cause = Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=event.action,
            kind="interview" if month else "milestone_overdue",
            period=event.period,
            since=event.due,
            details=Summons(why="milestone", milestone=late) if month else late,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        if month:
            episode = event.period or event.due.isoformat()
            await self._episodes.once(session, cause, reason="milestone_month", episode=episode)
            return
        concerned = dict.fromkeys((event.unit, event.milestone_unit))
        tell = [
            one
            for unit in concerned
            for one in audience(kind=cause.kind, level=None, unit=unit, action=event.action)
        ]
        await self._episodes.once(
            session,
            cause,
            reason="milestone_passed",
            episode=_episode(event),
            tell=tuple(tell),
        )

    async def on_settled(self, session: AsyncSession, received: Received[MilestoneSettled]) -> None:
        """A late milestone is done, moved or not asked for any more."""
        event = received.event
        found = await self._episodes.open_ones(
            session,
            plan=event.plan,
            task=event.task,
            unit=None,
            kinds=("milestone_overdue", "interview"),
        )
        over = [
            alert
            for alert in found
            if alert.episode == _episode(event)
            or (
                alert.kind == "interview"
                and (summons := Summons.model_validate_json(alert.details or "{}")).milestone
                and summons.milestone.milestone == event.milestone
            )
        ]
        if not over:
            return
        plan = await self._plans.known(session, event.plan)
        cause = Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=plan.action_of.get(event.task),
            kind="milestone_overdue",
            period=None,
            since=event.due,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        await self._episodes.end(session, over, cause, "milestone_settled")


def _episode(event: MilestoneOverdue | MilestoneSettled) -> str:
    return f"{event.milestone}/{event.due.isoformat()}"

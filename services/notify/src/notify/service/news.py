"""News: what was published, corrected, decided or reviewed is told once to the units concerned."""

import json
from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from notify.domain.alerts import Reason
from notify.domain.kinds import AppealOutcome, Details, Kind, Reviewed, UnitResult
from notify.service.causes import Cause
from notify.service.episodes import Episodes
from notify.service.plans import KnownPlan, Plans
from notify.store.tables import PublishedUnit
from shared.contracts.intake import SubmissionReturned, SubmissionVerified
from shared.contracts.scoring import AppealDecided, PublicationReleased
from shared.kit.bus.loop import Received

_LAGGING = ("yellow", "red")


class News:
    """Tells each piece once; may raise `Unavailable`: no plan yet."""

    def __init__(self, *, plans: Plans, episodes: Episodes) -> None:
        self._plans = plans
        self._episodes = episodes

    async def on_unit(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        received: Received[PublicationReleased],
        *,
        unit: str,
        part: str,
        score: str | None,
        rank: int | None,
        grade: str | None,
        lights: Mapping[str, str],
    ) -> None:
        """A unit hears what it got; of a correction only if its own figures have changed."""
        event = received.event
        now = PublishedUnit(
            plan=event.plan,
            unit=unit,
            period=event.period,
            last_day=event.last_day,
            version=event.version,
            score=score,
            rank=rank,
            grade=grade,
            lights=json.dumps(dict(lights), sort_keys=True),
        )
        was = await _before(session, now)
        await session.merge(now)
        kind, reason = _what(now, was)
        if kind is None or reason is None or (score is None and not lights):
            return
        result = UnitResult(
            version=event.version,
            score=score,
            rank=rank,
            grade=grade,
            was_score=was.score if was else None,
            was_rank=was.rank if was else None,
            was_grade=was.grade if was else None,
            behind=tuple(task for task, light in sorted(lights.items()) if light in _LAGGING),
        )
        cause = Cause(
            plan=plan,
            task=None,
            unit=unit,
            action=None,
            kind=kind,
            period=event.period,
            since=plan.calendar.day_of(received.time),
            details=result,
            event=part,
            at=received.time,
            correlation=received.correlation,
        )
        episode = f"{event.period}/v{event.version}"
        await self._episodes.once(session, cause, reason=reason, episode=episode)

    async def on_returned(
        self, session: AsyncSession, received: Received[SubmissionReturned]
    ) -> None:
        """The office has sent a report back: until it is repaired it counts as missing."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        review = Reviewed(submission=event.submission, reason=event.reason)
        await self._report(
            session, plan, received, "returned", review, next_by=plan.close_of(event.period)
        )

    async def on_verified(
        self, session: AsyncSession, received: Received[SubmissionVerified]
    ) -> None:
        """The office has verified a report, perhaps with marks."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        marks = format(event.marks.normalize(), "f") if event.marks else None
        review = Reviewed(submission=event.submission, reason=event.reason, marks=marks)
        await self._report(session, plan, received, "verified", review, next_by=None)

    async def on_appeal(self, session: AsyncSession, received: Received[AppealDecided]) -> None:
        """An appeal is decided."""
        event = received.event
        plan = await self._plans.known(session, event.plan)
        task = event.item if event.item != event.unit else None
        cause = Cause(
            plan=plan,
            task=task,
            unit=event.unit,
            action=plan.action_of.get(event.item),
            kind="appeal",
            period=event.period,
            since=plan.calendar.day_of(received.time),
            details=AppealOutcome(
                appeal=event.appeal, item=event.item, upheld=event.upheld, reason=event.reason
            ),
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        reason: Reason = "appeal_upheld" if event.upheld else "appeal_rejected"
        await self._episodes.once(session, cause, reason=reason, episode=event.appeal)

    async def _report(
        self,
        session: AsyncSession,
        plan: KnownPlan,
        received: Received[SubmissionReturned] | Received[SubmissionVerified],
        kind: Kind,
        details: Details,
        *,
        next_by: date | None,
    ) -> None:
        event = received.event
        cause = Cause(
            plan=plan,
            task=event.task,
            unit=event.unit,
            action=plan.action_of.get(event.task),
            kind=kind,
            period=event.period,
            since=plan.calendar.day_of(received.time),
            next_by=next_by,
            details=details,
            event=received.id,
            at=received.time,
            correlation=received.correlation,
        )
        reason: Reason = "returned" if kind == "returned" else "verified"
        await self._episodes.once(session, cause, reason=reason, episode=received.id)


async def _before(session: AsyncSession, now: PublishedUnit) -> PublishedUnit | None:
    """The version before; of a first version the period before."""
    mine = select(PublishedUnit).where(
        PublishedUnit.plan == now.plan, PublishedUnit.unit == now.unit
    )
    if now.version > 1:
        mine = mine.where(PublishedUnit.period == now.period)
    else:
        earlier = mine.where(col(PublishedUnit.last_day) < now.last_day)
        mine = earlier.order_by(col(PublishedUnit.last_day).desc()).limit(1)
    found = (await session.execute(mine)).scalars().first()
    return None if found is None else PublishedUnit(**found.model_dump())


def _what(now: PublishedUnit, was: PublishedUnit | None) -> tuple[Kind, Reason] | tuple[None, None]:
    """Published: a first version; of a correction what has changed for this unit, if anything."""
    if now.version == 1:
        return "published", "published"
    if was is None or (now.score, now.lights) != (was.score, was.lights):
        return "corrected", "corrected"
    if now.rank != was.rank:
        return "ranking", "rank_changed"
    if now.grade != was.grade:
        return "ranking", "grade_changed"
    return None, None

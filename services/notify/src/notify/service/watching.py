"""When an alert that nobody answers is looked at again: a timer for each alert that needs one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notify.domain.routing import Taken, taken_by
from notify.domain.silence import Silence, next_step, repeats
from notify.service.directory import Directory
from notify.service.notices import subject_of
from notify.service.plans import KnownPlan
from notify.store.tables import Alert
from shared.calendar.workdays import YearNotLoaded
from shared.kit.timers import Timer, Timers

log = structlog.get_logger(__name__)

WATCH: Final = "watch"
"""The kind of the timer; its subject is the plan, a slash, the alert."""

_ONE_DAY: Final = timedelta(days=1)


class Watching:
    """Sets the timer of an alert to the first day on which silence leads to something."""

    def __init__(self, *, directory: Directory, timers: Timers) -> None:
        self._directory = directory
        self._timers = timers

    async def look_ahead(
        self, session: AsyncSession, alert: Alert, plan: KnownPlan, *, now: datetime
    ) -> None:
        """At 09:00 of that working day somebody looks; nothing is set where nothing can follow.

        A year without a holiday table is looked at again day by day, until it is loaded.
        """
        today = plan.calendar.day_of(now)
        try:
            day = await self._next(session, alert, plan)
        except YearNotLoaded as missing:
            log.warning("a holiday table is missing; no step is taken", why=str(missing))
            day = today + _ONE_DAY
        if day is None:
            await self.forget(session, alert)
            return
        at = plan.calendar.round_of(day)
        if at <= now:  # what is due today has been done; what is not waits for the next day
            at = plan.calendar.round_of(today + _ONE_DAY)
        await self._timers.set(session, _timer(alert, at))

    async def forget(self, session: AsyncSession, alert: Alert) -> None:
        """An alert that has ended is not looked at again."""
        await self._timers.drop(session, _timer(alert, alert.raised_at))

    async def taken(self, session: AsyncSession, alert: Alert, plan: KnownPlan) -> Sequence[Taken]:
        """The routes that take the alert as it stands."""
        return taken_by(await self._directory.routes(session), subject_of(alert, plan))

    async def _next(self, session: AsyncSession, alert: Alert, plan: KnownPlan) -> date | None:
        if alert.acknowledged_until is not None:
            return alert.acknowledged_until
        silence, workdays = silence_of(alert), plan.calendar.workdays
        days = []
        if alert.kind == "lag" and (step := next_step(plan.ladder, alert.step)) is not None:
            days.append(step.after_working_days)
        for route in await self.taken(session, alert, plan):
            days += [n for n in repeats(route.repeat_working_days) if n > alert.repeated][:1]
        return silence.day_of(min(days), workdays) if days else None


def silence_of(alert: Alert) -> Silence:
    """How long nobody has answered."""
    return Silence(since=alert.since_answer or alert.since, before=alert.unanswered)


def _timer(alert: Alert, at: datetime) -> Timer:
    return Timer(kind=WATCH, subject=f"{alert.plan}/{alert.id}", due_at=at)

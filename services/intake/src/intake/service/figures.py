"""Where every plan stands with its reports, read for the metrics."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import get_args

from intake.domain.holidays import missing_ahead
from intake.metrics import IntakeMetrics
from intake.service.duties import Duties
from intake.service.in_force import PlanInForce
from intake.service.owed import OwedState
from intake.service.plans import Plans
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.metrics import show

_STATES = get_args(OwedState)


class Figures:
    """Reads intake's own figures."""

    def __init__(
        self, *, db: Database, plans: Plans, duties: Duties, clock: Clock, metrics: IntakeMetrics
    ) -> None:
        self._db = db
        self._plans = plans
        self._duties = duties
        self._clock = clock
        self._metrics = metrics

    async def read(self) -> None:
        """What is owed, when the next of it is due, and how far the holiday tables reach."""
        now = self._clock.business_now()
        async with self._db.read() as session:
            plans = await self._plans.all(session)
        owed: dict[tuple[str, ...], float] = {}
        due: dict[tuple[str, ...], float] = {}
        for one in plans:
            plan, calendar = one.document.plan.id, one.calendar
            windows = list(watched(one, now))
            for window in windows:
                owed |= {(plan, window.period.id, state): 0 for state in _STATES}
                duties = await self._duties.owed(plan, unit=None, period=window.period.id)
                for duty in duties:
                    owed[plan, window.period.id, duty.state] += 1
            waits = [(window.due_end(calendar.tz) - now).total_seconds() for window in windows]
            if ahead := [seconds for seconds in waits if seconds > 0]:
                due[(plan,)] = min(ahead)
        show(self._metrics.obligations, owed)
        show(self._metrics.next_due, due)
        show(
            self._metrics.holidays,
            {(one.document.plan.id,): loaded_ahead(one.calendar, now) for one in plans},
        )


def watched(in_force: PlanInForce, now: datetime) -> Iterator[Window]:
    """The windows of periods that have begun and owe reports: the open ones, and the last closed.

    The newest first; one that needs a year without a holiday table is left out.
    """
    calendar = in_force.calendar
    first = calendar.find(in_force.activate_from) if in_force.activate_from else None
    today = calendar.day_of(now)
    for period in reversed(calendar.periods):
        if first is None or period.last < first.last:
            return
        if period.first > today or isinstance(window := _window(calendar, period), YearNotLoaded):
            continue
        yield window
        if window.close_end(calendar.tz) <= now:
            return


def loaded_ahead(calendar: PlanCalendar, now: datetime) -> float:
    """Days until the first year without a holiday table that a coming window needs."""
    missing = missing_ahead(calendar, calendar.day_of(now))
    return math.inf if missing is None else missing[1]


def _window(calendar: PlanCalendar, period: Period) -> Window | YearNotLoaded:
    try:
        return calendar.window(period)
    except YearNotLoaded as missing:
        return missing

"""The working day's round: at 09:00 what time alone changes is told, then the next one is set."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from intake.domain.holidays import AFTERMATH, missing_ahead
from intake.domain.stages import Spoken
from intake.service.caller import refuse
from intake.service.duties import Duties, Owed, from_activation, windows_of
from intake.service.in_force import PlanInForce
from intake.service.plans import WORKDAY, Plans
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.envelope import Event
from shared.contracts.intake import (
    ObligationMissed,
    ObligationOverdue,
    ObligationReminded,
    WorkdayBegan,
)
from shared.kit.journal import Journal
from shared.kit.timers import Timer, Timers

log = structlog.get_logger(__name__)

_ONE_DAY: Final = timedelta(days=1)
_WARNED_AHEAD: Final = 60
"""So many days before a year without a holiday table is needed, an operator is warned."""


class Round:
    """Looks after what is owed, each working day of a plan."""

    def __init__(self, *, journal: Journal, plans: Plans, duties: Duties, timers: Timers) -> None:
        self._journal = journal
        self._plans = plans
        self._duties = duties
        self._timers = timers

    async def on_workday(self, session: AsyncSession, timer: Timer) -> None:
        """09:00 of a day: on a working day tell what has not come, then wait for the next one."""
        in_force = await self._plans.in_force(session, timer.subject)
        if in_force is None:
            raise refuse("unknown_plan", f"there is no plan {timer.subject}", path="plan")
        calendar = in_force.calendar
        day = calendar.day_of(timer.due_at)
        _warn_of_missing_year(timer.subject, calendar, day)
        try:
            if calendar.workdays.is_working(day):
                await self._begin_day(session, in_force, day, timer)
        except YearNotLoaded as missing:
            log.warning("a holiday table is missing; no round is held", why=str(missing))
        following = next_round(calendar, day)
        if following is not None:
            await self._timers.set(
                session, Timer(kind=WORKDAY, subject=timer.subject, due_at=following)
            )

    async def _begin_day(
        self, session: AsyncSession, in_force: PlanInForce, day: date, timer: Timer
    ) -> None:
        plan = in_force.document.plan.id
        correlation = timer.event_id()
        await self._journal.record(
            session,
            WorkdayBegan(plan=plan, day=day),
            at=timer.due_at,
            correlation=correlation,
            event_id=correlation,
        )
        for period in from_activation(in_force):
            spoken = _spoken_of(in_force, period, day)
            if spoken is None:
                break
            if spoken:
                await self._tell(session, in_force, period, spoken, timer)

    async def _tell(
        self,
        session: AsyncSession,
        in_force: PlanInForce,
        period: Period,
        spoken: Mapping[Window, Sequence[Spoken]],
        timer: Timer,
    ) -> None:
        """Every report of the period that has not come, in the stage of its own window."""
        for owed in await self._duties.of_period(session, in_force, period, timer.due_at):
            if owed.submission is not None:
                continue
            duty = owed.obligation
            for one in spoken.get(owed.window, ()):
                name = (one.stage, str(one.working_days)) if one.stage != "overdue" else ()
                await self._journal.record(
                    session,
                    _event(owed, one),
                    at=timer.due_at,
                    correlation=timer.event_id(),
                    event_id=timer.event_id(duty.task.id, duty.unit, duty.period.id, *name),
                )


def next_round(calendar: PlanCalendar, day: date) -> datetime | None:
    """When the round after this day's is held; none a year after the plan's end."""
    return calendar.round_of(day + _ONE_DAY) if day < calendar.end + AFTERMATH else None


def _event(owed: Owed, spoken: Spoken) -> Event:
    duty, window = owed.obligation, owed.window
    place = {
        "plan": duty.plan,
        "task": duty.task.id,
        "unit": duty.unit,
        "period": duty.period.id,
    }
    if spoken.stage == "overdue":
        return ObligationOverdue(**place, due=window.due, close=window.close)
    if spoken.stage == "missed":
        return ObligationMissed(**place, due=window.due, close=window.close)
    return ObligationReminded(
        **place,
        stage=spoken.stage,
        working_days=spoken.working_days,
        due=window.due,
        close=window.close,
    )


def _spoken_of(
    in_force: PlanInForce, period: Period, day: date
) -> Mapping[Window, Sequence[Spoken]] | None:
    """What is said on a day of the period's windows; None before the first of them opens."""
    windows = windows_of(in_force, period)
    if windows and all(day < window.open for window in windows):
        return None
    try:
        stages = {window: in_force.stages(window).get(day, ()) for window in windows}
    except YearNotLoaded as missing:
        log.warning("a window cannot be computed", period=period.id, why=str(missing))
        return {}
    return {window: spoken for window, spoken in stages.items() if spoken}


def _warn_of_missing_year(plan: str, calendar: PlanCalendar, day: date) -> None:
    """Once a day from 60 days ahead an operator hears of a holiday table that will be needed."""
    missing = missing_ahead(calendar, day)
    if missing is not None and missing[1] <= _WARNED_AHEAD:
        year, days = missing
        log.warning(
            "a holiday table will be missing", plan=plan, days=days, why=str(YearNotLoaded(year))
        )

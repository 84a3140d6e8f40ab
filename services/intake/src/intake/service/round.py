"""The round of each working day at 09:00: that it began, and which reports have not come."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from intake.domain.holidays import AFTERMATH, missing_ahead
from intake.domain.reminders import Stage, Word
from intake.service.in_force import PlanInForce
from intake.service.owed import Owed, from_activation, owed_for
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
from shared.kit.journal import Entry, Journal
from shared.kit.timers import Timer, Timers

log = structlog.get_logger(__name__)

_ONE_DAY = timedelta(days=1)
_WARNED_AHEAD = 60
"""So many days before a year without a holiday table is needed, an operator is warned."""


class Rounds:
    """Looks after the reports that are owed, each working day."""

    def __init__(self, *, journal: Journal, plans: Plans, timers: Timers) -> None:
        self._journal = journal
        self._plans = plans
        self._timers = timers

    async def on_workday(self, session: AsyncSession, timer: Timer) -> None:
        """09:00 of a working day: tell what has not come, then wait for the next one."""
        in_force = await self._plans.known(session, timer.subject)
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
        cause = timer.event_id()
        began = WorkdayBegan(plan=in_force.document.plan.id, day=day)
        entries = [Entry(began, timer.due_at, cause, cause)]
        for period in from_activation(in_force):
            said = _said_of(in_force, period, day)
            if said is None:
                break
            if not said:
                continue
            for owed in await owed_for(session, in_force, period, timer.due_at):
                if owed.submission is None:
                    entries += [_entry(owed, word, timer) for word in said.get(owed.window, ())]
        await self._journal.record_all(session, entries)


def next_round(calendar: PlanCalendar, day: date) -> datetime | None:
    """When the round after this day's is held; none a year after the plan's end."""
    return calendar.round_of(day + _ONE_DAY) if day < calendar.end + AFTERMATH else None


def _said_of(
    in_force: PlanInForce, period: Period, day: date
) -> Mapping[Window, Sequence[Word]] | None:
    """What is said on a day of a period's reports, by their window; None: it is not its time yet.

    No later period's time has come then either.
    """
    try:
        windows = {window: in_force.words(window) for window in in_force.windows(period)}
    except YearNotLoaded as missing:
        if day <= period.last:
            return None
        log.warning("a window cannot be computed", period=period.id, why=str(missing))
        return {}
    if all(day < min(words) for words in windows.values()):
        return None
    return {window: words[day] for window, words in windows.items() if day in words}


def _entry(owed: Owed, word: Word, timer: Timer) -> Entry:
    """The event of a word; its id is the same however often the round is tried."""
    duty = owed.obligation
    of = (duty.task.id, duty.unit, duty.period.id)
    event_id = timer.event_id(*(of if word.stage == "overdue" else (word.stage, *of)))
    return Entry(_EVENTS[word.stage](owed, word), timer.due_at, timer.event_id(), event_id)


def _reminded(owed: Owed, word: Word) -> Event:
    told = _told(owed) | {"stage": word.stage, "working_days": word.working_days}
    return ObligationReminded.model_validate(told)


def _overdue(owed: Owed, _word: Word) -> Event:
    return ObligationOverdue.model_validate(_told(owed))


def _missed(owed: Owed, _word: Word) -> Event:
    return ObligationMissed.model_validate(_told(owed))


def _told(owed: Owed) -> dict[str, object]:
    duty = owed.obligation
    return {
        "plan": duty.plan,
        "task": duty.task.id,
        "unit": duty.unit,
        "period": duty.period.id,
        "due": owed.window.due,
        "close": owed.window.close,
    }


_EVENTS: Final[Mapping[Stage, Callable[[Owed, Word], Event]]] = {
    "opened": _reminded,
    "due_soon": _reminded,
    "closing": _reminded,
    "overdue": _overdue,
    "missed": _missed,
}


def _warn_of_missing_year(plan: str, calendar: PlanCalendar, day: date) -> None:
    """Once a day from 60 days ahead an operator hears of a holiday table that will be needed."""
    missing = missing_ahead(calendar, day)
    if missing is not None and missing[1] <= _WARNED_AHEAD:
        year, days = missing
        log.warning(
            "a holiday table will be missing", plan=plan, days=days, why=str(YearNotLoaded(year))
        )

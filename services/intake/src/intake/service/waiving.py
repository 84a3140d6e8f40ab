"""What is taken back of what was said of silent reports: not owed any more, or at another time."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from intake.domain.obligations import obligations
from intake.service.caller import Refused
from intake.service.in_force import PlanInForce
from intake.service.owed import from_activation, owed_for
from shared.calendar.periods import Period
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.intake import ObligationWaived
from shared.contracts.plan import PlanDocument

Silent = Mapping[tuple[str, str], Window]
"""The window of each report awaited for a period, by its task and the unit that owes it."""


async def taken_back(
    session: AsyncSession,
    old: PlanInForce,
    new: PlanInForce,
    *,
    published: Collection[str],
    now: datetime,
) -> list[ObligationWaived]:
    """The silent reports that a version of a plan removes or moves after they were spoken of.

    A published period is settled.
    """
    tasks = _differing(old, new)
    found: list[ObligationWaived] = []
    for period in spoken_of(old, now) if tasks else ():
        if period.id not in published:
            before, after = _planned(old, tasks, period), _planned(new, tasks, period)
            if any(after.get(duty) != window for duty, window in before.items()):
                said = await silent(session, old, period, now)
                changed = {duty: window for duty, window in said.items() if duty in before}
                found += waived(old.document.plan.id, period, changed, after)
    return found


async def silent(
    session: AsyncSession, in_force: PlanInForce, period: Period, now: datetime
) -> Silent:
    """The reports for a period of which nothing usable came although they were spoken of."""
    return {
        (owed.obligation.task.id, owed.obligation.unit): owed.window
        for owed in await owed_for(session, in_force, period, now)
        if owed.submission is None and _is_begun(in_force, owed.window, now)
    }


def waived(plan: str, period: Period, before: Silent, after: Silent) -> Iterator[ObligationWaived]:
    """What is said of the duties that are no more, or have another window."""
    for (task, unit), window in before.items():
        if after.get((task, unit)) != window:
            reason: Literal["extended", "not_owed"]
            reason = "extended" if (task, unit) in after else "not_owed"
            yield ObligationWaived(plan=plan, task=task, unit=unit, period=period.id, reason=reason)


def spoken_of(in_force: PlanInForce, now: datetime, *, after: date = date.min) -> list[Period]:
    """The periods that end after a day and whose reports have been spoken of by now."""
    found = []
    for period in from_activation(in_force):
        if period.last <= after:
            continue
        try:
            begun = [_is_begun(in_force, one, now) for one in in_force.windows(period)]
        except YearNotLoaded:
            continue  # of a window that cannot be computed nothing was said
        if not any(begun):
            break
        found.append(period)
    return found


def _is_begun(in_force: PlanInForce, window: Window, now: datetime) -> bool:
    return in_force.calendar.round_of(min(in_force.words(window))) <= now


def _differing(old: PlanInForce, new: PlanInForce) -> frozenset[str]:
    """The tasks of the older version whose duties may be others in the newer one."""
    before, after = _tasks(old), _tasks(new)
    if (old.document.plan, old.document.units) != (new.document.plan, new.document.units):
        return frozenset(before)
    return frozenset(task for task, told in before.items() if after.get(task) != told)


def _tasks(in_force: PlanInForce) -> Mapping[str, object]:
    return {
        task.id: (task, action.assumed, action.confirmed_by, in_force.amended.get(task.id))
        for action in in_force.document.actions
        for task in action.tasks
    }


def _planned(in_force: PlanInForce, tasks: Collection[str], period: Period) -> Silent:
    """What these tasks owe by the plan alone; nothing where a window cannot be computed."""
    if period not in from_activation(in_force):
        return {}
    duties = obligations(
        _only(in_force.document, tasks),
        in_force.calendar,
        period,
        waived=(),
        amended=in_force.amended,
    )
    try:
        return {
            (duty.task.id, duty.unit): in_force.window(period, task=duty.task.id, unit=duty.unit)
            for duty in duties
        }
    except Refused:
        return {}


def _only(document: PlanDocument, tasks: Collection[str]) -> PlanDocument:
    actions = tuple(
        action.model_copy(
            update={"tasks": tuple(task for task in action.tasks if task.id in tasks)}
        )
        for action in document.actions
    )
    return document.model_copy(update={"actions": actions})

"""Which reports a version of a plan asks for no more, or later, while their window runs."""

from collections.abc import Iterator, Mapping
from datetime import date

from intake.domain.obligations import obligations
from intake.service.in_force import PlanInForce
from shared.calendar.periods import Period
from shared.calendar.windows import Window
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.intake import ObligationWaived

_Windows = Mapping[tuple[str, str], Window]


def waived(before: PlanInForce, after: PlanInForce, day: date) -> Iterator[ObligationWaived]:
    """What somebody may have been reminded of, and need not do, or not yet.

    A year without a holiday table blocks its windows: nobody was reminded of them.
    """
    first = before.calendar.find(before.activate_from or "")
    for period in before.calendar.periods:
        if first is None or period.last < first.last:
            continue
        try:
            old, new = _windows(before, period), _windows(after, period)
        except YearNotLoaded:
            continue
        if old and all(window.open > day for window in old.values()):
            return
        for (task, unit), window in old.items():
            later = new.get((task, unit))
            if window.close < day or (later is not None and later.due <= window.due):
                continue
            yield ObligationWaived(
                plan=before.document.plan.id,
                task=task,
                unit=unit,
                period=period.id,
                reason="not_owed" if later is None else "extended",
            )


def _windows(plan: PlanInForce, period: Period) -> _Windows:
    if plan.calendar.find(period.id) is None:
        return {}
    plan.windows(period)  # of none of them is a year missing
    duties = obligations(
        plan.document, plan.calendar, period, waived=frozenset(), amended=plan.amended
    )
    return {
        (duty.task.id, duty.unit): plan.window(period, task=duty.task.id, unit=duty.unit)
        for duty in duties
    }

"""The live board: where a task stands today (assessment 4.3, without memory or missing rule)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from scoring.domain.evaluation import DONE, inactive_reason, lead_of, left_out_reason
from scoring.domain.exact import RATIO_PLACES, rounded
from scoring.domain.facts import Report, assigned_on
from scoring.domain.lights import LightDecision, live_light
from scoring.domain.parts import overdue_milestones, parts_of
from scoring.domain.progress import measured, overall
from scoring.domain.reading import read
from scoring.domain.task_line import LeftOut
from shared.calendar.periods import Period, PeriodScheme
from shared.contracts.plan import ActionHead, Task, Unit
from shared.contracts.rulebook import Rulebook


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A task on a day: a, e and r to 4 places, `gap` in percentage points to 4 places.

    All four are None where the task is left out; `unit` is its lead.
    """

    task: str
    action: str
    unit: str
    period: str
    day: date
    light: LightDecision
    a: Decimal | None = None
    e: Decimal | None = None
    r: Decimal | None = None
    gap: Decimal | None = None
    left_out: LeftOut | None = None


def standing(
    task: Task,
    *,
    action: ActionHead,
    units: Mapping[str, Unit],
    reports: Iterable[Report],
    rulebook: Rulebook,
    scheme: PeriodScheme,
    period: Period,
    day: date,
    finished: Mapping[str, int | None],
) -> Standing:
    """A task stands where its newest values are against what is expected by today.

    `period` is the one `day` lies in, `reports` are all of this task so far; a value reported for
    the end of the running period already counts. `finished` is as in `RunFacts`.

    Raises:
        ValueError: the plan lacks what a formula needs, or asks for what is not offered.
    """
    assigned = assigned_on(task, units, day)
    unit = lead_of(task, assigned)

    bare = Standing(
        task=task.id,
        action=action.id,
        unit=unit,
        period=period.id,
        day=day,
        light=DONE,
    )
    reason = inactive_reason(task, action, assigned, day)
    if reason is not None:
        return _left_out(bare, reason)
    reading = read(reports, unit=unit, period=period, scheme=scheme, close_end=None)
    parts = parts_of(task, reading, day, rulebook=rulebook, cadence=scheme.cadence)
    counted = measured(parts)
    reason = left_out_reason(task, parts, finished, day.year)
    if reason is not None or not counted:
        return _left_out(bare, reason or "no_data")
    now, mode = overall(counted), rulebook.rounding.mode
    overdue = overdue_milestones(task, reading, day, after_days=rulebook.lights.overdue_red_days)
    light = live_light(r=now.index(mode), e=now.e, overdue=overdue, settings=rulebook.lights)
    return replace(
        bare,
        light=DONE if task.id in finished else light,
        a=rounded(now.a, RATIO_PLACES, mode),
        e=rounded(now.e, RATIO_PLACES, mode),
        r=now.index(mode),
        gap=rounded(now.gap, RATIO_PLACES, mode),
    )


def _left_out(bare: Standing, reason: LeftOut) -> Standing:
    light = DONE if reason == "done" else LightDecision(light="grey", steps=(reason,))
    return replace(bare, light=light, left_out=reason)

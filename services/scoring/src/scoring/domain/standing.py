"""The live board: where a task stands today (assessment 4.3, without memory or missing rule)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from scoring.domain.amended import task_on
from scoring.domain.conditions import changed_since, inactive_reason, left_out_reason, rests
from scoring.domain.evaluation import DONE, lead_of
from scoring.domain.exact import RATIO_PLACES, rounded
from scoring.domain.exemptions import granted
from scoring.domain.facts import Report, assigned_on
from scoring.domain.lights import Course, LightDecision, live_light
from scoring.domain.parts import all_done, overdue_milestones, parts_of
from scoring.domain.progress import Progress, measured, overall
from scoring.domain.reading import read
from scoring.domain.task_line import LeftOut
from shared.calendar.periods import Period, PeriodScheme
from shared.contracts.decisions import UNAMENDED, Amended, Exemption
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
    amended: Amended = UNAMENDED,
    exemptions: Sequence[Exemption] = (),
) -> Standing:
    """A task stands where its newest values are against what is expected by today.

    `period` is the one `day` lies in, `reports` are all of this task so far; a value reported for
    the end of the running period already counts. `finished` and `exemptions` are as in `RunFacts`,
    `amended` is what decisions have changed of the task, `task` is as filed.

    Raises:
        ValueError: the plan lacks what a formula needs, or asks for what is not offered.
    """
    assigned = assigned_on(task, units, day)
    unit = lead_of(task, assigned)
    bare = Standing(
        task=task.id, action=action.id, unit=unit, period=period.id, day=day, light=DONE
    )
    in_force = task_on(task, amended, day)
    reason = inactive_reason(in_force, action, assigned, day, cancelled_on=amended.cancelled_on)
    if reason is not None:
        return _left_out(bare, reason)
    reading = read(reports, unit=unit, period=period, scheme=scheme, close_end=None)
    cadence = scheme.cadence
    parts = parts_of(task, reading, day, rulebook=rulebook, cadence=cadence, amended=amended)
    known_finished = task.id in finished and (
        # A changed target reopens what does not reach it, whenever it was found finished.
        not changed_since(amended, None, day)
        or all_done(task, reading, day, rulebook=rulebook, cadence=cadence, amended=amended)
    )
    found_in = finished.get(task.id)
    given = granted(exemptions, task=task.id, period=period.id).get(unit)
    reason = left_out_reason(
        parts,
        suspended=rests(amended, period.id),
        done=known_finished and found_in is not None and found_in < day.year,
        exempt=given is not None and given.kind == "E1",
    )
    if reason is not None or not measured(parts):
        return _left_out(bare, reason or "no_data")
    now = overall(measured(parts))
    index = now.index(rulebook.rounding.mode)

    def late(days: int) -> list[str]:
        return overdue_milestones(task, reading, day, after_days=days, amended=amended)

    course = Course(
        r=index,
        e=now.e,
        gap=now.gap,
        due=day >= in_force.due,
        late=late(0),
        overdue=late(rulebook.lights.overdue_red_days),
    )
    light = DONE if known_finished else live_light(course, rulebook.lights)
    return _judged(bare, now, light, rulebook)


def _judged(bare: Standing, now: Progress, light: LightDecision, rulebook: Rulebook) -> Standing:
    mode = rulebook.rounding.mode
    return replace(
        bare,
        light=light,
        a=rounded(now.a, RATIO_PLACES, mode),
        e=rounded(now.e, RATIO_PLACES, mode),
        r=now.index(mode),
        gap=rounded(now.gap, RATIO_PLACES, mode),
    )


def _left_out(bare: Standing, reason: LeftOut) -> Standing:
    light = DONE if reason == "done" else LightDecision(light="grey", steps=(reason,))
    return replace(bare, light=light, left_out=reason)

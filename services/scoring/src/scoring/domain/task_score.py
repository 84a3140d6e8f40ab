"""The score of one task: P, T, Q and S (assessment 3.3, 4.4)."""

from dataclasses import replace
from datetime import datetime, tzinfo
from fractions import Fraction

from scoring.domain.facts import Report
from scoring.domain.task_line import Charges, Completeness
from shared.calendar.periods import is_slower
from shared.calendar.windows import Window
from shared.calendar.workdays import WorkingDays
from shared.contracts.decisions import Amended
from shared.contracts.plan import Cadence, Task
from shared.contracts.rulebook import Rulebook
from shared.contracts.values import Day

REPAIR_WORKING_DAYS = 2


def charges(rulebook: Rulebook) -> Charges:
    """The weights a task is scored by; where lateness is a deduction its weight is progress's."""
    weights, lateness = rulebook.weights, rulebook.lateness
    deduction = lateness.mode == "deduction"
    moved = Fraction(weights.timeliness) if deduction else Fraction(0)
    return Charges(
        progress=Fraction(weights.progress) + moved,
        timeliness=Fraction(weights.timeliness) - moved,
        quality=Fraction(weights.quality),
        per_day=Fraction(lateness.per_day),
        deduction_per_day=Fraction(lateness.deduction_per_day) if deduction else Fraction(0),
    )


def timeliness_score(late_days: int, per_day: Fraction) -> Fraction:
    """Each late day costs its points of T, down to nothing (assessment 3.3)."""
    return max(Fraction(0), 100 - per_day * late_days)


def quality_score(completeness: Completeness) -> Fraction:
    """Q is the filled share of the required fields, less the review marks (assessment 3.3)."""
    filled = Fraction(completeness.filled, completeness.required) if completeness.required else 1
    return max(Fraction(0), 100 * filled - completeness.marks)


def task_score(
    *, p: Fraction, t: Fraction, q: Fraction, late_days: int, charges: Charges
) -> Fraction:
    """S weighs progress, timeliness and quality; lateness is charged once (assessment 4.4)."""
    weighed = charges.progress * p + charges.timeliness * t + charges.quality * q
    return max(Fraction(0), weighed - charges.deduction_per_day * late_days)


def completeness(task: Task, report: Report, *, cadence: Cadence, day: Day) -> Completeness:
    """A report is complete when every field its task requires is filled ("Required fields").

    `day` is the period's last: an indicator is required from its own start on.
    """
    filled = {
        indicator.id: indicator.id in report.values or indicator.id in report.relations
        for indicator in task.indicators
        if indicator.data_from == "unit"
        and not is_slower(indicator.cadence or cadence, cadence)
        and (indicator.start or task.start) <= day
    }
    if task.measure in {"percent", "yes_no"}:
        filled["percent"] = report.percent is not None
    if task.measure in {"milestones", "both"}:
        filled["milestones"] = report.milestones is not None
    if task.evidence == "required":
        filled["evidence"] = report.has_evidence
    return Completeness(
        filled=sum(filled.values()),
        required=len(filled),
        missing_fields=tuple(sorted(name for name, there in filled.items() if not there)),
        marks=Fraction(report.marks),
    )


def window_for(unit: str, window: Window, *, amended: Amended, workdays: WorkingDays) -> Window:
    """An extension moves due and close of a unit's report together (assessment 3.2).

    `window` is that of the plan for the period.

    Raises:
        YearNotLoaded: the later days need a year whose holidays are unknown.
    """
    more = amended.working_days_more(unit, window.period.id)
    return replace(
        window, due=workdays.add(window.due, more), close=workdays.add(window.close, more)
    )


def timely_instant(
    *,
    received_at: datetime,
    repaired: Report | None,
    complete: bool,
    window: Window,
    tz: tzinfo,
    workdays: WorkingDays,
) -> datetime:
    """A report returned that was on time and complete keeps its instant if repaired in time.

    In time is within 2 working days of the return; any other is charged by its own instant
    (assessment 3.3).

    `repaired` is the returned report this one replaces, `complete` whether version 1 was.
    """
    if repaired is None or repaired.returned_at is None or not complete:
        return received_at
    last = workdays.add(repaired.returned_at.astimezone(tz).date(), REPAIR_WORKING_DAYS)
    in_time = received_at.astimezone(tz).date() <= last
    on_time = repaired.timely_at < window.due_end(tz)
    return repaired.timely_at if in_time and on_time else received_at

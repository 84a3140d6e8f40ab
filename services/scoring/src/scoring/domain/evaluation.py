"""One task in one period: the first condition that holds decides its line (assessment 4.5)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from scoring.domain.amended import task_on
from scoring.domain.case import Case, Scores
from scoring.domain.conditions import inactive_reason, left_out_reason
from scoring.domain.exemptions import excused, granted
from scoring.domain.facts import Report, RunFacts, assigned_on
from scoring.domain.lights import Course, LightDecision, published_light
from scoring.domain.parts import parts_of
from scoring.domain.progress import Progress, mean, measured, overall, progress_score
from scoring.domain.reading import Reading, read
from scoring.domain.shares import shares
from scoring.domain.task_line import LeftOut, Part, TaskLine
from scoring.domain.task_score import (
    charges,
    completeness,
    quality_score,
    task_score,
    timeliness_score,
    window_for,
)
from shared.contracts.decisions import UNAMENDED
from shared.contracts.plan import ActionHead, Assignment, Task, Unit

DONE = LightDecision(light="blue", steps=("done",))
SILENT = Scores(basis="score.missing/1", p=Fraction(0), t=Fraction(0), q=Fraction(0), s=Fraction(0))


def evaluate(
    task: Task,
    *,
    action: ActionHead,
    units: Mapping[str, Unit],
    reports: Sequence[Report],
    run: RunFacts,
) -> TaskLine:
    """A line follows from the plan, the reports before the cut-off and the publication before.

    `reports` are those of this task. The order of conditions is that of assessment 4.5; an
    exemption then touches its unit's line only (assessment 4.9).

    Raises:
        ValueError: the plan lacks what a formula needs, or asks for what is not offered.
        YearNotLoaded: a window or a late report's working days need a year whose holidays are
            unknown.
    """
    line = _line(task, action, units, reports, run)
    given = granted(run.exemptions, task=task.id, period=run.period.id)
    return excused(line, given, run.rulebook)


def lead_of(task: Task, assigned: Sequence[Assignment]) -> str:
    """The lead of the day answers for the task; where it has none, the one the plan names."""
    leads = [one.unit for one in (*assigned, *task.assignments) if one.role == "lead"]
    return leads[0] if leads else task.assignments[0].unit


def _line(
    task: Task,
    action: ActionHead,
    units: Mapping[str, Unit],
    reports: Sequence[Report],
    run: RunFacts,
) -> TaskLine:
    """The line as it is without exemptions."""
    day, amended = run.period.last, run.plan.amended.get(task.id, UNAMENDED)
    assigned = assigned_on(task, units, day)
    unit = lead_of(task, assigned)
    window = window_for(unit, run.window, amended=amended, workdays=run.workdays)
    in_force = task_on(task, amended, day)
    reason = inactive_reason(in_force, action, assigned, day, cancelled_on=amended.cancelled_on)
    reading, parts = Reading(own=None, history=()), tuple[Part, ...]()
    if reason is None:
        close_end = window.close_end(run.tz)
        reading = read(
            reports, unit=unit, period=run.period, scheme=run.scheme, close_end=close_end
        )
        cadence = run.plan.head.calendar.cadence
        parts = parts_of(
            task, reading, day, rulebook=run.rulebook, cadence=cadence, amended=amended
        )
    case = Case(
        task=task,
        action=action,
        run=run,
        unit=unit,
        window=window,
        shares=shares(assigned, run.rulebook.shares),
        reading=reading,
        parts=parts,
    )
    return _decided(
        case, reason or left_out_reason(parts, suspended=case.suspended, done=case.done)
    )


def _decided(case: Case, reason: LeftOut | None) -> TaskLine:
    """Who is not left out is waived, missing, without data, or scored (assessment 4.4, 4.5)."""
    if reason is not None:
        return _left_out(case, reason)
    if case.known_finished:
        return _waived(case)
    if case.reading.own is None:
        return _missing(case)
    return _scored(case, case.reading.own) if measured(case.parts) else _left_out(case, "no_data")


def _left_out(case: Case, reason: LeftOut) -> TaskLine:
    """Who is left out has no score; early completion still shows (assessment 4.2, 4.5)."""
    a, e = mean(case.parts)
    owed = {
        "no_data": True,
        "no_expectation": not case.known_finished,
        "year_only": case.slow_period_ends(),
    }
    return case.line(
        DONE if reason == "done" else LightDecision(light="grey", steps=(reason,)),
        a=a,
        e=e,
        left_out=reason,
        expected=owed.get(reason, False),
        finished=case.known_finished or (reason == "no_expectation" and case.is_finished()),
    )


def _waived(case: Case) -> TaskLine:
    """A finished task keeps 100 to the end of its year and owes no report (assessment 4.4)."""
    full = Fraction(100)
    return case.line(
        DONE,
        progress=_newest(case),
        scores=Scores(basis="score.finished/1", p=full, t=full, q=full, s=full),
        expected=False,
        finished=True,
    )


def _missing(case: Case) -> TaskLine:
    """Who does not report scores nothing, or once what the last value carries (assessment 4.5).

    The newest value is shown all the same.
    """
    progress, before = _newest(case), case.before
    again = before is not None and before.missing and before.unit == case.unit
    return case.line(
        _light(case, progress, silent_periods=2 if again else 1),
        progress=progress,
        scores=_carried(case) if case.carries() else SILENT,
    )


def _carried(case: Case) -> Scores:
    """Progress alone earns, by the last value against what is expected today (assessment 4.5)."""
    nothing, p = Fraction(0), progress_score(measured(case.parts))
    earned = charges(case.run.rulebook).progress * p
    return Scores(basis="score.carried/1", p=p, t=nothing, q=nothing, s=earned)


def _scored(case: Case, own: Report) -> TaskLine:
    """A task that counts is scored on progress, timeliness and quality (assessment 4.4)."""
    run, counted = case.run, measured(case.parts)
    progress, charged = overall(counted), charges(run.rulebook)
    late_days = case.punctuality().late_days
    cadence = run.plan.head.calendar.cadence
    p = progress_score(counted)
    t = timeliness_score(late_days, charged.per_day)
    q = quality_score(completeness(case.task, own, cadence=cadence, day=run.period.last))
    deduction = run.rulebook.lateness.mode == "deduction"
    finished = case.is_finished() and not case.zeroed
    return case.line(
        DONE if finished else _light(case, progress, silent_periods=0),
        progress=progress,
        scores=Scores(
            basis="score.deduction/1" if deduction else "score.component/1",
            p=p,
            t=t,
            q=q,
            s=task_score(p=p, t=t, q=q, late_days=late_days, charges=charged),
        ),
        finished=finished,
    )


def _newest(case: Case) -> Progress:
    """Where there was never a value a is 0 (assessment 4.5)."""
    counted = measured(case.parts) or tuple(
        (Fraction(0), part.e, part.weight) for part in case.parts if part.e > 0
    )
    return overall(counted)


def _light(case: Case, progress: Progress, *, silent_periods: int) -> LightDecision:
    rulebook, before = case.run.rulebook, case.before
    course = Course(
        r=progress.index(rulebook.rounding.mode),
        e=progress.e,
        gap=progress.gap,
        due=case.run.period.last >= case.in_force.due,
        late=case.overdue(0),
        overdue=case.overdue(rulebook.lights.overdue_red_days),
    )
    return published_light(
        course,
        rulebook.lights,
        previous=before.light if before and not case.changed else None,
        silent_periods=silent_periods,
    )

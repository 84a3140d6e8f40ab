"""Reports as the rules see them: what was reported, reviewed, repaired and corrected."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pydantic import Field

from scoring.domain.facts import Item, MilestoneReport, Report, Rubric
from scoring.domain.task_score import completeness, timely_instant, window_for
from scoring.service.known_plan import KnownPlan
from scoring.store.tables import ReportRow, ReviewRow
from shared.calendar.periods import Period
from shared.calendar.windows import Window
from shared.contracts.decisions import UNAMENDED
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.plan import Task
from shared.contracts.submission import PartialDone, RegisterItem, Relation, Value
from shared.contracts.values import Contract, Id

_INSTANT: Final = timedelta(microseconds=1)


def read_reports(
    plan: KnownPlan, rows: list[ReportRow], reviews: dict[str, list[ReviewRow]]
) -> tuple[Report, ...]:
    """Rows as the rules see them; a repair keeps the first version's instant where it may."""
    tasks = {task.id: task for _, task in plan.facts.tasks}
    latest: dict[tuple[str, str, str], Report] = {}
    first: dict[tuple[str, str, str], Report] = {}  # version 1 of what was returned and repaired
    reports = []
    for row in rows:
        report = report_of(
            accepted_in(row.accepted),
            row.position,
            reviews.get(row.submission, []),
        )
        place = (report.task, report.unit, report.period)
        before = latest.get(place)
        period = plan.calendar.find(report.period)
        repairs = before is not None and before.returned_at is not None
        if report.corrected and period is not None:
            report = _corrected(plan, period, before, report)
        elif before is not None and repairs and report.task in tasks and period is not None:
            report = _repaired(plan, tasks[report.task], period, first[place], before, report)
        else:
            first[place] = report
        latest[place] = report
        reports.append(report)
    return tuple(reports)


@lru_cache(maxsize=4096)
def accepted_in(stored: str) -> SubmissionAccepted:
    """What was accepted: each working day looks at it, and it never changes, so it is read once."""
    return SubmissionAccepted.model_validate_json(stored)


def report_of(accepted: SubmissionAccepted, position: int, reviews: Sequence[ReviewRow]) -> Report:
    """A report as the rules see it, with what reviews said of it."""
    returned = [review.at for review in reviews if review.returned]
    verified = sorted((one for one in reviews if not one.returned), key=lambda one: one.position)
    found = [_Found.model_validate_json(one.found) for one in verified if one.found]
    values = dict(accepted.values)
    for one in found:
        values |= one.values
    rubrics = [one.rubric for one in found if one.rubric is not None]
    return Report(
        submission=accepted.submission,
        task=accepted.task,
        unit=accepted.unit,
        period=accepted.period,
        position=position,
        received_at=accepted.received_at,
        timely_at=accepted.received_at,
        as_of=accepted.as_of,
        values={name: one for name, one in values.items() if isinstance(one, Decimal)},
        relations={
            name: (one.own, one.other) for name, one in values.items() if isinstance(one, Relation)
        },
        registers={
            name: {item.id: _item(item) for item in one}
            for name, one in values.items()
            if isinstance(one, tuple)
        },
        rubric=rubrics[-1] if rubrics else None,
        corrected=accepted.corrected,
        milestones=None
        if accepted.milestones is None
        else {name: _node(done) for name, done in accepted.milestones.items()},
        percent=accepted.percent,
        no_data=frozenset(accepted.no_data),
        has_evidence=bool(accepted.evidence),
        correction=accepted.correction is not None,
        returned_at=min(returned, default=None),
        verified=bool(verified),
        marks=sum((Decimal(review.marks) for review in verified), Decimal(0)),
    )


class _Found(Contract):
    """What a verification found besides marks."""

    rubric: Rubric | None = None
    values: dict[Id, Value] = Field(default_factory=dict)


def _item(item: RegisterItem) -> Item:
    return Item(due=item.due, closed=item.closed, void=item.void is not None)


def _node(done: date | PartialDone | None) -> MilestoneReport:
    if isinstance(done, PartialDone):
        return MilestoneReport(share=done.share)
    return MilestoneReport(completed_on=done)


def _corrected(plan: KnownPlan, period: Period, before: Report | None, report: Report) -> Report:
    """It keeps the first one's instant and marks; without one it is on time (assessment 4.13)."""
    if before is None or before.returned_at is not None:
        due_end = _window(plan, report, period).due_end(plan.calendar.tz)
        return replace(report, timely_at=min(report.received_at, due_end - _INSTANT))
    return replace(
        report, timely_at=before.timely_at, marks=report.marks + before.marks, verified=True
    )


def _repaired(
    plan: KnownPlan, task: Task, period: Period, first: Report, before: Report, report: Report
) -> Report:
    """The report with the instant its timeliness is charged by (assessment 3.3)."""
    done = completeness(task, first, cadence=plan.calendar.cadence, day=period.last)
    timely_at = timely_instant(
        received_at=report.received_at,
        repaired=before,
        complete=done.filled == done.required,
        window=_window(plan, report, period),
        tz=plan.calendar.tz,
        workdays=plan.calendar.workdays,
    )
    return replace(report, timely_at=timely_at)


def _window(plan: KnownPlan, report: Report, period: Period) -> Window:
    """The window of the report's unit: an extension has moved it."""
    return window_for(
        report.unit,
        plan.calendar.window(period),
        amended=plan.facts.amended.get(report.task, UNAMENDED),
        workdays=plan.calendar.workdays,
    )

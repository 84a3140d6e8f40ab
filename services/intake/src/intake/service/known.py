"""What the latest publication counted of a task: totals that may not fall without a reason."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.admission import Counted, Known, as_of
from intake.service.in_force import PlanInForce
from intake.store.facts import Cut, Obligation
from intake.store.tables import Published, SubmissionRow, kit
from shared.calendar.periods import Period
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission, Value

VALUES: Final = TypeAdapter(dict[str, Value])
"""Figures by indicator, as a verification changes them."""

TaskPlace = tuple[str, str]
"""A plan and one of its tasks."""


class Counts:
    """What the latest publication of each plan counted of some tasks, read for a page at once."""

    def __init__(
        self,
        *,
        through: Mapping[str, Period],
        reports: Mapping[TaskPlace, Sequence[SubmissionAccepted]],
    ) -> None:
        """`through` is the published period by plan; `reports` stand in their order of receipt."""
        self._through = through
        self._reports = reports

    def known(self, submission: Submission, period: Period) -> Known:
        """The totals and nodes that a report is held against (assessment 4.17)."""
        through = self._through.get(submission.plan)
        if through is None:
            return Known(counted={}, done=frozenset())
        day = min(through.last, as_of(submission, period))
        reports = self._reports.get((submission.plan, submission.task), ())
        held = [report for report in reports if report.as_of <= day]
        return _known(sorted(held, key=lambda report: report.as_of))


async def counts_of(
    session: AsyncSession,
    places: Collection[TaskPlace],
    cuts: Mapping[str, Cut],
    plans: Mapping[str, PlanInForce],
) -> Counts:
    """What the latest publications, `cuts`, counted of these tasks."""
    periods = {plan: plans[plan].calendar.find(cut.period) for plan, cut in cuts.items()}
    through = {plan: period for plan, period in periods.items() if period is not None}
    if not through:
        return Counts(through={}, reports={})
    received = await _received(session, places, {plan: cuts[plan].number for plan in through})
    standing = {
        place: _read_by(rows, through[place[0]], plans[place[0]])
        for place, rows in received.items()
    }
    reports = await verified_contents(session, [row for rows in standing.values() for row in rows])
    return Counts(
        through=through,
        reports={place: [reports[row.id] for row in rows] for place, rows in standing.items()},
    )


async def _received(
    session: AsyncSession, places: Collection[TaskPlace], cutoffs: Mapping[str, int]
) -> dict[TaskPlace, list[SubmissionRow]]:
    """The reports on these tasks up to each plan's cut-off, in order of receipt.

    A corrected report of a published period was read by its publication, whenever it came.
    """
    tasks = {plan: [task for of, task in places if of == plan] for plan in cutoffs}
    query = (
        select(SubmissionRow)
        .where(
            or_(
                *(
                    and_(
                        col(SubmissionRow.plan) == plan,
                        col(SubmissionRow.task).in_(tasks[plan]),
                        or_(col(SubmissionRow.number) <= number, col(SubmissionRow.corrected)),
                    )
                    for plan, number in cutoffs.items()
                )
            )
        )
        .order_by(col(SubmissionRow.number))
    )
    received: dict[TaskPlace, list[SubmissionRow]] = {}
    for row in (await session.execute(query)).scalars():
        received.setdefault((row.plan, row.task), []).append(row)
    return received


def _read_by(
    rows: Iterable[SubmissionRow], through: Period, plan: PlanInForce
) -> Sequence[SubmissionRow]:
    """The reports a publication read, in order of receipt (assessment, "What a run sees").

    Of one period the newest replaces the others whole; returned, it leaves nothing of them.
    """
    calendar = plan.calendar
    latest: dict[str, SubmissionRow] = {}
    for row in rows:
        period = calendar.find(row.period)
        before = latest.get(row.period)
        taken = row.corrected or (before is not None and before.returned_at is not None)
        if period == through and not taken:
            close_end = plan.window(through, task=row.task, unit=row.unit).close_end(calendar.tz)
            taken = row.received_at < close_end
        if period and (period.last < through.last or (period == through and taken)):
            latest[row.period] = row
    standing = [row for row in latest.values() if row.returned_at is None]
    return sorted(standing, key=lambda row: row.number or 0)


def _known(reports: Sequence[SubmissionAccepted]) -> Known:
    """The newest word on each total and node, of reports in their order."""
    counted: dict[str, Counted] = {}
    done: set[str] = set()
    closed: set[tuple[str, str]] = set()
    for report in reports:
        totals = {name: one for name, one in report.values.items() if isinstance(one, Decimal)}
        if report.percent is not None:
            totals["percent"] = report.percent
        counted |= {
            name: Counted(total=total, as_of=report.as_of) for name, total in totals.items()
        }
        for name, node in (report.milestones or {}).items():
            (done.add if isinstance(node, date) else done.discard)(name)
        for name, items in report.values.items():
            for item in items if isinstance(items, tuple) else ():
                (closed.add if item.closed and not item.void else closed.discard)((name, item.id))
    return Known(counted=counted, done=frozenset(done), closed=frozenset(closed))


async def first_report(
    session: AsyncSession, plan: PlanInForce, obligation: Obligation
) -> SubmissionRow | None:
    """The report that a published period counted, as it was last corrected (assessment 4.13)."""
    name, task, unit, period = obligation
    published = await session.get(Published, (name, period))
    number = published.number if published else 0
    query = (
        select(SubmissionRow)
        .where(SubmissionRow.plan == name, SubmissionRow.task == task)
        .where(SubmissionRow.unit == unit, SubmissionRow.period == period)
        .where(or_(col(SubmissionRow.number) <= number, col(SubmissionRow.corrected)))
        .order_by(col(SubmissionRow.number))
    )
    rows = (await session.execute(query)).scalars().all()
    read = _read_by(rows, plan.calendar.period(period), plan)
    return read[0] if read else None


async def verified_contents(
    session: AsyncSession, rows: Sequence[SubmissionRow]
) -> dict[str, SubmissionAccepted]:
    """What was reported, by submission, with the figures as the office verified them."""
    reports = await contents(session, [row.id for row in rows])
    for row in rows:
        if row.verified_values is not None:
            values = {**reports[row.id].values, **VALUES.validate_json(row.verified_values)}
            reports[row.id] = reports[row.id].model_copy(update={"values": values})
    return reports


async def contents(
    session: AsyncSession, submissions: Sequence[str]
) -> dict[str, SubmissionAccepted]:
    """What was reported, by submission: the journal keeps it, once."""
    query = select(kit.journal.c.event_id, kit.journal.c.data).where(
        kit.journal.c.event_id.in_(submissions)
    )
    rows = (await session.execute(query)).all()
    return {row.event_id: SubmissionAccepted.model_validate_json(row.data) for row in rows}

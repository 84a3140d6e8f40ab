"""What the latest publication counted of a task: totals that may not fall without a reason."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.admission import Counted, Known, as_of
from intake.store.facts import Cut
from intake.store.tables import SubmissionRow, kit
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission

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
    calendars: Mapping[str, PlanCalendar],
) -> Counts:
    """What the latest publications, `cuts`, counted of these tasks; a calendar for each plan."""
    periods = {plan: calendars[plan].find(cut.period) for plan, cut in cuts.items()}
    through = {plan: period for plan, period in periods.items() if period is not None}
    if not through:
        return Counts(through={}, reports={})
    received = await _received(session, places, {plan: cuts[plan].number for plan in through})
    standing = {
        place: _read_by(rows, through[place[0]], calendars[place[0]])
        for place, rows in received.items()
    }
    reports = await contents(session, [row.id for rows in standing.values() for row in rows])
    return Counts(
        through=through,
        reports={place: [reports[row.id] for row in rows] for place, rows in standing.items()},
    )


async def _received(
    session: AsyncSession, places: Collection[TaskPlace], cutoffs: Mapping[str, int]
) -> dict[TaskPlace, list[SubmissionRow]]:
    """The reports on these tasks up to each plan's cut-off, in order of receipt."""
    tasks = {plan: [task for of, task in places if of == plan] for plan in cutoffs}
    query = (
        select(SubmissionRow)
        .where(
            or_(
                *(
                    and_(
                        col(SubmissionRow.plan) == plan,
                        col(SubmissionRow.task).in_(tasks[plan]),
                        col(SubmissionRow.number) <= number,
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
    rows: Iterable[SubmissionRow], through: Period, calendar: PlanCalendar
) -> Sequence[SubmissionRow]:
    """The reports a publication read, in order of receipt (assessment, "What a run sees").

    Of one period the newest replaces the others whole; returned, it leaves nothing of them.
    """
    close_end = calendar.window(through).close_end(calendar.tz)
    latest: dict[str, SubmissionRow] = {}
    for row in rows:
        period = calendar.find(row.period)
        before = latest.get(row.period)
        repairs = before is not None and before.returned_at is not None
        in_time = repairs or row.received_at < close_end
        if period and (period.last < through.last or (period == through and in_time)):
            latest[row.period] = row
    standing = [row for row in latest.values() if row.returned_at is None]
    return sorted(standing, key=lambda row: row.number or 0)


def _known(reports: Sequence[SubmissionAccepted]) -> Known:
    """The newest word on each total and node, of reports in their order."""
    counted: dict[str, Counted] = {}
    done: set[str] = set()
    for report in reports:
        totals = {name: one for name, one in report.values.items() if isinstance(one, Decimal)}
        if report.percent is not None:
            totals["percent"] = report.percent
        counted |= {
            name: Counted(total=total, as_of=report.as_of) for name, total in totals.items()
        }
        for name, node in (report.milestones or {}).items():
            (done.add if isinstance(node, date) else done.discard)(name)
    return Known(counted=counted, done=frozenset(done))


async def contents(
    session: AsyncSession, submissions: Sequence[str]
) -> dict[str, SubmissionAccepted]:
    """What was reported, by submission: the journal keeps it, once."""
    query = select(kit.journal.c.event_id, kit.journal.c.data).where(
        kit.journal.c.event_id.in_(submissions)
    )
    rows = (await session.execute(query)).all()
    return {row.event_id: SubmissionAccepted.model_validate_json(row.data) for row in rows}

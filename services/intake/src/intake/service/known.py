"""What the latest publication counted of a task: totals that may not fall without a reason."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.admission import Counted, Known, as_of
from intake.store.tables import Published, SubmissionRow, kit
from shared.calendar.periods import Period
from shared.calendar.plan import PlanCalendar
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission


async def known_of(
    session: AsyncSession, submission: Submission, period: Period, calendar: PlanCalendar
) -> Known:
    """The totals and nodes that a report is held against (assessment 4.17)."""
    query = (
        select(Published)
        .where(Published.plan == submission.plan)
        .order_by(col(Published.last_day).desc())
        .limit(1)
    )
    published = (await session.execute(query)).scalars().first()
    through = calendar.find(published.period) if published else None
    if published is None or through is None:
        return Known(counted={}, done=frozenset())
    received = (
        select(SubmissionRow)
        .where(
            SubmissionRow.plan == submission.plan,
            SubmissionRow.task == submission.task,
            col(SubmissionRow.number) <= published.number,
        )
        .order_by(col(SubmissionRow.number))
    )
    rows = _read_by((await session.execute(received)).scalars(), through, calendar)
    day = min(through.last, as_of(submission, period))
    held = sorted((row for row in rows if row.as_of <= day), key=lambda row: row.as_of)
    reports = await contents(session, [row.id for row in held])
    return _known([reports[row.id] for row in held])


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

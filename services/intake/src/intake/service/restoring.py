"""What intake's own events bring back into a database that was restored from a backup."""

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from intake.domain.plan_events import digest_of
from intake.service.decisions import decision_row
from intake.service.plans import WORKDAY, amended_json, first_round
from intake.service.review import note_review
from intake.service.round import next_round
from intake.store.tables import Cutoff, PlanVersion, RulebookVersion, SubmissionRow, kit
from shared.calendar.plan import PlanCalendar
from shared.contracts.decisions import UNAMENDED
from shared.contracts.intake import (
    CredentialChanged,
    CutoffMarked,
    DecisionMade,
    PlanVersioned,
    RulebookAdopted,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
    WorkdayBegan,
)
from shared.contracts.plan import PlanDocument
from shared.kit.adopt import Irretrievable, Memory
from shared.kit.auth import Credentials
from shared.kit.bus.loop import Received
from shared.kit.timers import Timer, Timers


async def _on_accepted(session: AsyncSession, received: Received[SubmissionAccepted]) -> None:
    """A report, for which a department holds a receipt, is there again."""
    event = received.event
    session.add(
        SubmissionRow(
            id=event.submission,
            plan=event.plan,
            plan_version=event.plan_version,
            task=event.task,
            unit=event.unit,
            period=event.period,
            received_at=event.received_at,
            as_of=event.as_of,
            digest=event.digest,
            holder=event.by,
            correlation=received.correlation,
            corrected=event.corrected,
        )
    )
    await session.flush()
    await _put_newer_behind(session, event.plan)


async def _put_newer_behind(session: AsyncSession, plan: str) -> None:
    """A report that came after the restore follows all that had come before it."""
    newer = (
        select(SubmissionRow)
        .join(kit.journal, kit.journal.c.event_id == col(SubmissionRow.id))
        .where(SubmissionRow.plan == plan)
        .where(kit.journal.c.sent_at.is_(None), kit.journal.c.sequence.is_(None))
        .order_by(col(SubmissionRow.number))
    )
    for row in (await session.execute(newer)).scalars().all():
        again = row.model_dump(exclude={"number"})
        await session.delete(row)
        await session.flush()
        session.add(SubmissionRow(**again))
        await session.flush()


async def _on_verified(session: AsyncSession, received: Received[SubmissionVerified]) -> None:
    """The office has verified a report; its marks add up."""
    event = received.event
    row = await _report(session, event.submission)
    note_review(row, event)


async def _on_decision(session: AsyncSession, received: Received[DecisionMade]) -> None:
    """The office has decided; what that changed comes in events of its own."""
    session.add(decision_row(received.event, received.correlation))


async def _on_returned(session: AsyncSession, received: Received[SubmissionReturned]) -> None:
    """The office has sent a report back."""
    event = received.event
    row = await _report(session, event.submission)
    row.returned_at, row.returned_by = event.returned_at, event.by
    row.returned_reason = event.reason


async def _report(session: AsyncSession, submission: str) -> SubmissionRow:
    query = select(SubmissionRow).where(SubmissionRow.id == submission)
    row = (await session.execute(query)).scalars().one_or_none()
    if row is None:
        raise Irretrievable(
            f"{submission} was reviewed, but the log does not hold the report: restore a backup "
            "that has it"
        )
    return row


async def _on_cutoff(session: AsyncSession, received: Received[CutoffMarked]) -> None:
    """A place in the plan's order: behind the reports whose events have lower numbers."""
    event = received.event
    before = (
        select(func.max(SubmissionRow.number))
        .join(kit.journal, kit.journal.c.event_id == col(SubmissionRow.id))
        .where(SubmissionRow.plan == event.plan, kit.journal.c.sequence < received.sequence)
    )
    number = (await session.execute(before)).scalar() or 0
    session.add(Cutoff(id=event.cutoff, plan=event.plan, number=number, marked_at=event.marked_at))


async def _on_plan(session: AsyncSession, received: Received[PlanVersioned]) -> None:
    """A version of a plan: its tasks stand in the journal before what closes the set.

    Raises:
        Irretrievable: they do not.
    """
    event = received.event
    tasks = await _tasks(session, event)
    # As they were written, by whatever release: what one knows today may say more.
    if digest_of(data for _, data in tasks) != event.digest:
        raise Irretrievable(
            f"the log does not hold all tasks of {event.subject}: restore a backup that has them"
        )
    document = _document(event, [task for task, _ in tasks])
    amended = {one.task.id: one.amended for one, _ in tasks if one.amended != UNAMENDED}
    session.add(
        PlanVersion(
            plan=event.plan,
            version=event.version,
            document=document.model_dump_json(by_alias=True),
            amended=amended_json(amended),
            digest=event.digest,
            activate_from=event.activate_from,
            applied_at=received.time,
            applied_by=event.by,
        )
    )
    if event.version == 1:
        first = first_round(PlanCalendar(dates=document.plan), received.time)
        await _TIMERS.set(session, Timer(kind=WORKDAY, subject=event.plan, due_at=first))


async def _tasks(session: AsyncSession, event: PlanVersioned) -> list[tuple[TaskDefined, str]]:
    """The tasks of a version in their order, each with its JSON as it stands in the journal."""
    journal = kit.journal.c
    query = select(journal.data).where(
        journal.key == event.plan,
        journal.type == TaskDefined.TYPE,
        journal.subject.startswith(f"{event.subject}/", autoescape=True),
    )
    rows = (await session.execute(query)).scalars()
    tasks = [(TaskDefined.model_validate_json(data), data) for data in rows]
    return sorted(tasks, key=lambda pair: pair[0].index)


def _document(event: PlanVersioned, tasks: Sequence[TaskDefined]) -> PlanDocument:
    """The plan's normal form, put together from the events that told it."""
    told = json.loads(event.model_dump_json(by_alias=True))
    for action in told["actions"]:
        action["tasks"] = [
            json.loads(one.task.model_dump_json(by_alias=True))
            for one in tasks
            if one.action == action["id"]
        ]
    parts = {name: told[name] for name in ("groups", "units", "actions", "escalation")}
    return PlanDocument.model_validate_json(json.dumps({"plan": told["head"], **parts}))


async def _on_workday(session: AsyncSession, received: Received[WorkdayBegan]) -> None:
    """A working day's round was held, and is not held again: reports were returned since."""
    event = received.event
    query = select(PlanVersion.document).where(PlanVersion.plan == event.plan)
    newest = query.order_by(col(PlanVersion.version).desc()).limit(1)
    document = (await session.execute(newest)).scalars().one()
    plan = PlanDocument.model_validate_json(document).plan
    following = next_round(PlanCalendar(dates=plan), event.day)
    timer = Timer(kind=WORKDAY, subject=event.plan, due_at=following or received.time)
    await (_TIMERS.drop if following is None else _TIMERS.set)(session, timer)


async def _on_credential(session: AsyncSession, received: Received[CredentialChanged]) -> None:
    """A token was issued, or revoked."""
    await _CREDENTIALS.store(session, received.event)


async def _rulebook(session: AsyncSession, event: RulebookAdopted) -> str | None:
    """The event does not tell whether it was adopted for this plan or for the whole house."""
    rulebook = event.rulebook
    query = select(RulebookVersion.document).where(
        RulebookVersion.id == rulebook.id,
        RulebookVersion.version == rulebook.version,
        col(RulebookVersion.plan).in_(["", event.plan]),
    )
    if rulebook.model_dump_json() in (await session.execute(query)).scalars().all():
        return None
    return (
        f"rulebook {rulebook.id} version {rulebook.version}, adopted for {event.plan} or for the "
        f"house by {event.by}: adopt its file again, for whom it was"
    )


_TIMERS: Final = Timers(tables=kit)
_CREDENTIALS: Final = Credentials(tables=kit)
MEMORY: Final = Memory(
    rows={
        SubmissionAccepted: _on_accepted,
        SubmissionVerified: _on_verified,
        SubmissionReturned: _on_returned,
        DecisionMade: _on_decision,
        CutoffMarked: _on_cutoff,
        PlanVersioned: _on_plan,
        WorkdayBegan: _on_workday,
        CredentialChanged: _on_credential,
    },
    losses={RulebookAdopted: _rulebook},
)
"""Obligations need no row; which reports a publication counted is heard from scoring again."""

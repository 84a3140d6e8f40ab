"""Review by the office: a report is verified, or returned with a reason."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from intake.service.caller import Caller, refuse
from intake.service.rulebooks import Rulebooks
from intake.service.submissions import find
from intake.store.tables import SubmissionRow
from shared.contracts.intake import SubmissionReturned, SubmissionVerified
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal


class Review:
    """Verifies and returns submissions."""

    def __init__(
        self, *, db: Database, journal: Journal, rulebooks: Rulebooks, clock: Clock
    ) -> None:
        self._db = db
        self._journal = journal
        self._rulebooks = rulebooks
        self._clock = clock

    async def verify(
        self, submission: str, *, marks: Decimal, reason: str | None, caller: Caller
    ) -> SubmissionRow:
        """Confirm what was reported; `marks` are points off its quality, and add up.

        Raises:
            Refused: it is unknown, was returned, or is the verifier's own.
        """
        async with self._reviewing(submission, caller) as (session, row):
            now = self._clock.business_now()
            row.verified_at, row.verified_by = now, caller.holder
            row.marks = str(Decimal(row.marks) + marks)
            session.add(row)
            verified = SubmissionVerified(
                plan=row.plan,
                submission=row.id,
                task=row.task,
                unit=row.unit,
                period=row.period,
                verified_at=now,
                marks=marks,
                reason=reason,
                by=caller.holder,
            )
            await self._journal.record(session, verified, at=now, correlation=caller.correlation)
        return row

    async def send_back(self, submission: str, *, reason: str, caller: Caller) -> SubmissionRow:
        """Return a report: until it is repaired it counts as missing.

        Raises:
            Refused: it is unknown, was returned already, or is the reviewer's own.
        """
        async with self._reviewing(submission, caller) as (session, row):
            now = self._clock.business_now()
            row.returned_at, row.returned_by, row.returned_reason = now, caller.holder, reason
            session.add(row)
            returned = SubmissionReturned(
                plan=row.plan,
                submission=row.id,
                task=row.task,
                unit=row.unit,
                period=row.period,
                returned_at=now,
                reason=reason,
                by=caller.holder,
            )
            await self._journal.record(session, returned, at=now, correlation=caller.correlation)
        return row

    @asynccontextmanager
    async def _reviewing(
        self, submission: str, caller: Caller
    ) -> AsyncIterator[tuple[AsyncSession, SubmissionRow]]:
        """A transaction over the report's plan, with the report, if the caller may review it."""
        async with self._db.read() as session:
            plan = (await find(session, submission)).plan
        async with self._db.write(plan) as session:
            row = await find(session, submission)
            if row.returned_at is not None:
                raise refuse("already_returned", "this report was returned; wait for its repair")
            rulebook = await self._rulebooks.governing(session, row.plan)
            if rulebook.separation == "on" and row.holder == caller.holder:
                message = "a report is reviewed by another holder than its sender"
                raise refuse("same_holder", message)
            yield session, row

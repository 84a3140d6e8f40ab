"""Review by the office: a report is verified, or returned with a reason."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from intake.domain.reported import Refusal
from intake.domain.review_check import review_refusals
from intake.service.caller import Caller, Refused, refuse
from intake.service.plans import Plans
from intake.service.rulebooks import Rulebooks
from intake.service.submissions import find
from intake.store.tables import SubmissionRow
from shared.contracts.intake import SubmissionReturned, SubmissionVerified
from shared.contracts.submission import Submission, Value
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.journal import Journal

Rubric = Literal["A", "B", "C", "D"]
"""A reviewer's grade (assessment 4.1)."""

_AS_REPORTED: Final[Mapping[str, Value]] = MappingProxyType({})


class Review:
    """Verifies and returns submissions."""

    def __init__(
        self,
        *,
        db: Database,
        journal: Journal,
        plans: Plans,
        rulebooks: Rulebooks,
        clock: Clock,
    ) -> None:
        self._db = db
        self._journal = journal
        self._plans = plans
        self._rulebooks = rulebooks
        self._clock = clock

    async def verify(
        self,
        submission: str,
        *,
        marks: Decimal,
        reason: str | None,
        caller: Caller,
        rubric: Rubric | None = None,
        values: Mapping[str, Value] = _AS_REPORTED,
    ) -> SubmissionRow:
        """Confirm what was reported.

        Args:
            submission: its id.
            marks: points off its quality; those of several verifications add up.
            reason: what the marks are for.
            caller: the reviewer.
            rubric: the grade of a task that is measured by one; the newest counts.
            values: by indicator the figure as verified, where it differs; the newest counts.

        Raises:
            Refused: it is unknown, was returned, or is the verifier's own; the grade or a figure
                does not fit its task.
        """
        async with self._reviewing(submission, caller) as (session, row):
            if rubric is not None or values:
                await self._check(session, row, rubric, values)
            now = self._clock.business_now()
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
                rubric=rubric,
                values=dict(values),
            )
            note_review(row, verified)
            session.add(row)
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

    async def _check(
        self,
        session: AsyncSession,
        row: SubmissionRow,
        rubric: Rubric | None,
        values: Mapping[str, Value],
    ) -> None:
        in_force = await self._plans.in_force(session, row.plan)
        assert in_force is not None  # noqa: S101  # a report came under it
        report = Submission(plan=row.plan, task=row.task, unit=row.unit, period=row.period)
        subject = in_force.subject(report, in_force.calendar.period(row.period))
        if isinstance(subject, Refusal):
            raise Refused([subject])
        if found := list(review_refusals(subject, rubric=rubric, values=values)):
            raise Refused(found)

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


def note_review(row: SubmissionRow, verified: SubmissionVerified) -> None:
    """What a verification leaves on a report: marks add up, the newest grade and figures count."""
    row.verified_at, row.verified_by = verified.verified_at, verified.by
    row.marks = str(Decimal(row.marks) + verified.marks)
    row.rubric = verified.rubric or row.rubric
    if verified.values:
        told = json.loads(row.verified_values or "{}")
        told |= verified.model_dump(mode="json", include={"values"})["values"]
        row.verified_values = json.dumps(told, sort_keys=True)

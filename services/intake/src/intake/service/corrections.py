"""Corrected reports: what the report of a published period should have said."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from intake.domain.admission import Known, admit
from intake.domain.corrected import completed
from intake.service.acceptance import SUBMISSIONS, Sent, accepted_of, row_of, submission_id
from intake.service.caller import Caller, Refused
from intake.service.in_force import PlanInForce
from intake.service.known import contents, first_report
from intake.service.receipt import digest_of
from intake.store.facts import facts_of
from shared.contracts.submission import Submission
from shared.kit.bulk import insert_rows
from shared.kit.journal import Entry, Journal

_FALLS_FREELY: Final = Known(counted={}, done=frozenset())
"""The decision itself says why a total falls."""


async def store_correction(
    session: AsyncSession,
    journal: Journal,
    plan: PlanInForce,
    report: Submission,
    *,
    now: datetime,
    caller: Caller,
) -> str:
    """Store a corrected report whole, with what the first one said beside it; its id.

    Raises:
        Refused: it does not fit its task; every reason is named.
    """
    period = plan.calendar.period(report.period)
    obligation = (report.plan, report.task, report.unit, report.period)
    first = await first_report(session, plan, obligation)
    said = (await contents(session, [first.id]))[first.id] if first else None
    whole = completed(report, said)
    subject = plan.subject(whole, period)
    found = admit(
        whole,
        plan=plan.document,
        calendar=plan.calendar,
        known=_FALLS_FREELY,
        now=now,
        subject=subject,
    )
    if found:
        raise Refused([replace(one, path=f"submission.{one.path}") for one in found])
    sent = Sent(submission=whole, digest=digest_of(whole), caller=caller)
    latest = (await facts_of(session, [obligation])).latest.get(obligation)
    number = submission_id(sent, now, after=latest.id if latest else None)
    accepted = accepted_of(
        sent,
        number,
        period,
        version=plan.version,
        now=now,
        corrects=first.id if first else None,
        corrected=True,
    )
    await insert_rows(session, SUBMISSIONS, [row_of(accepted, caller.correlation)])
    await journal.record_all(session, [Entry(accepted, now, caller.correlation, number)])
    return number

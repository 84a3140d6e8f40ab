"""What scoring hears, and what each event changes: first the fact, then where its task stands."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.service.facts import Facts
from scoring.service.publications import Publications
from scoring.service.standings import Standings
from shared.contracts.envelope import Event
from shared.contracts.intake import (
    CredentialChanged,
    CutoffMarked,
    PlanVersioned,
    RulebookAdopted,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
    WorkdayBegan,
)
from shared.kit.auth import Credentials
from shared.kit.bus.loop import Handler, Received


def handlers(
    *, facts: Facts, standings: Standings, publications: Publications, credentials: Credentials
) -> Mapping[type[Event], Handler]:
    """The event types scoring acts on; it skips every other."""

    async def on_credential(session: AsyncSession, received: Received[CredentialChanged]) -> None:
        await credentials.store(session, received.event)

    return {
        CredentialChanged: on_credential,
        TaskDefined: facts.on_task,
        PlanVersioned: _both(facts.on_plan, standings.on_plan),
        RulebookAdopted: facts.on_rulebook,
        SubmissionAccepted: _both(facts.on_submission, standings.on_report),
        SubmissionVerified: _both(facts.on_verified, standings.on_report),
        SubmissionReturned: _both(facts.on_returned, standings.on_report),
        WorkdayBegan: standings.on_workday,
        CutoffMarked: publications.on_cutoff,
    }


def _both(first: Handler, then: Handler) -> Handler:
    async def handle(session: AsyncSession, received: object) -> None:
        await first(session, received)
        await session.flush()
        await then(session, received)

    return handle

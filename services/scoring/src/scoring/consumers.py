"""What scoring hears, and what each event changes: first the fact, then where its task stands."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.service import late_milestones
from scoring.service.decisions import on_decision
from scoring.service.facts import Facts
from scoring.service.page import Page
from scoring.service.publications import Publications
from scoring.service.standings import Standings
from shared.contracts.envelope import Event
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
from shared.kit.auth import Credentials
from shared.kit.bus.loop import Handler, Received


def handlers(
    *, facts: Facts, standings: Standings, publications: Publications, credentials: Credentials
) -> Mapping[type[Event], Handler]:
    """The event types scoring acts on; it skips every other."""

    async def on_credential(session: AsyncSession, received: Received[CredentialChanged]) -> None:
        await credentials.store(session, received.event)

    async def on_submission(page: Page, received: Received[SubmissionAccepted]) -> None:
        await page.add(received)
        await standings.on_report(page, received)
        await late_milestones.on_report(page, received)

    async def on_workday(page: Page, received: Received[WorkdayBegan]) -> None:
        await standings.on_workday(page, received)
        await late_milestones.on_workday(page, received)

    judged = (standings.on_report, late_milestones.on_report)
    return {
        CredentialChanged: _apart(on_credential),
        TaskDefined: _apart(facts.on_task),
        PlanVersioned: _apart(facts.on_plan, standings.on_plan, late_milestones.on_plan),
        RulebookAdopted: _apart(facts.on_rulebook),
        SubmissionAccepted: on_submission,
        SubmissionVerified: _apart(facts.on_verified, *judged),
        SubmissionReturned: _apart(facts.on_returned, *judged),
        DecisionMade: _apart(on_decision),
        WorkdayBegan: on_workday,
        CutoffMarked: _apart(publications.on_cutoff),
    }


def _apart(fact: Handler, *then: Handler) -> Handler:
    """What is no report finds all in the tables that came before it, and is judged by them."""

    async def handle(page: Page, received: object) -> None:
        await page.settle()
        await fact(page.session, received)
        await page.session.flush()
        for judge in then:
            await judge(page, received)

    return handle

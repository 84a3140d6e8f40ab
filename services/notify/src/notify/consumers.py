"""What notify hears, and which use case answers."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from notify.service.lights import Lights
from notify.service.milestones import Milestones
from notify.service.news import News
from notify.service.plans import Plans
from notify.service.publications import Publications
from notify.service.windows import Windows
from shared.contracts.envelope import Event
from shared.contracts.intake import (
    CredentialChanged,
    ObligationMissed,
    ObligationOverdue,
    ObligationReminded,
    ObligationWaived,
    PlanVersioned,
    SubmissionAccepted,
    SubmissionReturned,
    SubmissionVerified,
    TaskDefined,
)
from shared.contracts.scoring import (
    AppealDecided,
    MilestoneOverdue,
    MilestoneSettled,
    PublicationReleased,
    StandingChanged,
    UnitPublished,
)
from shared.kit.auth import Credentials
from shared.kit.bus.loop import Handler, Received


def handlers(  # one for each room that hears
    *,
    plans: Plans,
    windows: Windows,
    lights: Lights,
    publications: Publications,
    news: News,
    milestones: Milestones,
    credentials: Credentials,
) -> Mapping[type[Event], Handler]:
    """The event types notify acts on; it skips every other."""

    async def on_credential(session: AsyncSession, received: Received[CredentialChanged]) -> None:
        await credentials.store(session, received.event)

    return {
        CredentialChanged: on_credential,
        TaskDefined: plans.on_task,
        PlanVersioned: plans.on_plan,
        ObligationReminded: windows.on_reminded,
        ObligationOverdue: windows.on_overdue,
        ObligationMissed: windows.on_missed,
        ObligationWaived: windows.on_waived,
        SubmissionAccepted: windows.on_report,
        SubmissionReturned: news.on_returned,
        SubmissionVerified: news.on_verified,
        StandingChanged: lights.on_standing,
        UnitPublished: publications.on_unit,
        PublicationReleased: publications.on_released,
        MilestoneOverdue: milestones.on_overdue,
        MilestoneSettled: milestones.on_settled,
        AppealDecided: news.on_appeal,
    }

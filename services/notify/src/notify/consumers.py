"""What notify hears, and which use case answers."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from notify.service.alerts import Alerts
from notify.service.plans import Plans
from shared.contracts.envelope import Event
from shared.contracts.intake import (
    CredentialChanged,
    ObligationOverdue,
    PlanVersioned,
    SubmissionAccepted,
    TaskDefined,
)
from shared.contracts.scoring import PublicationReleased, StandingChanged, UnitPublished
from shared.kit.auth import Credentials
from shared.kit.bus.loop import Handler, Received


def handlers(
    *, plans: Plans, alerts: Alerts, credentials: Credentials
) -> Mapping[type[Event], Handler]:
    """The event types notify acts on; it skips every other."""

    async def on_credential(session: AsyncSession, received: Received[CredentialChanged]) -> None:
        await credentials.store(session, received.event)

    return {
        CredentialChanged: on_credential,
        TaskDefined: plans.on_task,
        PlanVersioned: plans.on_plan,
        StandingChanged: alerts.on_standing,
        UnitPublished: alerts.on_unit,
        PublicationReleased: alerts.on_released,
        ObligationOverdue: alerts.on_overdue,
        SubmissionAccepted: alerts.on_report,
    }

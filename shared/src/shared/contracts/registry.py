"""The table from an event's type to its model: what a reader looks up."""

from collections.abc import Mapping
from typing import Final

from shared.contracts import intake, notify, rejected, scoring
from shared.contracts.envelope import Event

_MODELS: Final[tuple[type[Event], ...]] = (
    intake.TaskDefined,
    intake.PlanVersioned,
    intake.RulebookAdopted,
    intake.SubmissionAccepted,
    intake.SubmissionVerified,
    intake.SubmissionReturned,
    intake.DecisionMade,
    intake.CutoffMarked,
    intake.WorkdayBegan,
    intake.ObligationReminded,
    intake.ObligationOverdue,
    intake.ObligationMissed,
    intake.ObligationWaived,
    intake.CredentialChanged,
    scoring.StandingChanged,
    scoring.MilestoneOverdue,
    scoring.MilestoneSettled,
    scoring.UnitPublished,
    scoring.PublicationReleased,
    scoring.EvaluationReleased,
    scoring.YearReleased,
    scoring.AppealFiled,
    scoring.AppealDecided,
    notify.AlertRaised,
    notify.AlertResolved,
    notify.DeliveryFinished,
    rejected.RecordRejected,
)

EVENTS: Final[Mapping[str, type[Event]]] = {model.TYPE: model for model in _MODELS}


def family(event_type: str) -> str:
    """The type without its major version: `duban.intake.plan.versioned`."""
    return event_type.rpartition(".v")[0]


FAMILIES: Final = frozenset(family(event_type) for event_type in EVENTS)

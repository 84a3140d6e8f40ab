"""What an alert answers: the event, and what it is about."""

from dataclasses import dataclass
from datetime import date, datetime

from notify.domain.alerts import alert_id
from notify.domain.facts import Figures, OpenAlert
from notify.domain.kinds import Details, Kind, Level
from notify.service.plans import KnownPlan
from notify.store.tables import Alert


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The event that is answered, and what its alert is about; `at` is business time."""

    plan: KnownPlan
    task: str | None
    unit: str
    action: str | None
    kind: Kind
    period: str | None
    since: date
    event: str
    at: datetime
    correlation: str
    figures: Figures | None = None
    next_by: date | None = None
    details: Details | None = None
    parent: str | None = None

    def identity(self, episode: str) -> str:
        """The id of the alert it begins."""
        return alert_id(
            kind=self.kind, plan=self.plan.plan, task=self.task, unit=self.unit, episode=episode
        )


def open_alert(alert: Alert) -> OpenAlert:
    """An alert as the rules see it."""
    kind: Kind = alert.kind  # type: ignore[assignment]  # stored from a Kind
    level: Level | None = alert.level  # type: ignore[assignment]  # stored from a Level
    return OpenAlert(
        id=alert.id,
        kind=kind,
        level=level,
        episode=alert.episode,
        figures=Figures(a=alert.a, e=alert.e, r=alert.r, gap=alert.gap),
        entered=alert.entered,
    )


def as_open(alert: Alert | None) -> OpenAlert | None:
    """An alert as the rules see it, if there is one."""
    return None if alert is None else open_alert(alert)

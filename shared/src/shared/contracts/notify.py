"""The events of notify: every message, as a past fact."""

from typing import ClassVar, Literal

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.values import Id, Instant, Line

AlertKind = Literal["early", "lag", "overdue"]
Level = Literal["yellow", "red"]


class AlertRaised(Event):
    """An alert has begun, or has got worse."""

    TYPE: ClassVar[str] = "duban.notify.alert.raised.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    kind: AlertKind
    level: Level | None
    task: Id
    unit: Id
    period: Id
    to: tuple[Line, ...]
    raised_at: Instant

    @property
    def subject(self) -> str:
        """The alert."""
        return f"{self.plan}/{self.alert}"


class AlertResolved(Event):
    """What an alert was about is over."""

    TYPE: ClassVar[str] = "duban.notify.alert.resolved.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    reason: Line
    resolved_at: Instant

    @property
    def subject(self) -> str:
        """The alert."""
        return f"{self.plan}/{self.alert}"


class DeliveryFinished(Event):
    """A message has arrived, or never will."""

    TYPE: ClassVar[str] = "duban.notify.delivery.finished.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    delivery: Id
    channel: Literal["webhook", "mail"]
    outcome: Literal["delivered", "refused", "gone", "expired"]
    attempts: int
    finished_at: Instant

    @property
    def subject(self) -> str:
        """The delivery."""
        return f"{self.plan}/{self.delivery}"

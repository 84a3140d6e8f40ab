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
    """What it is about (assessment 4.15)."""
    level: Level | None
    """How bad; null for a kind without levels."""
    task: Id
    unit: Id
    period: Id
    to: tuple[Line, ...]
    """Who is told, as role@unit."""
    raised_at: Instant
    """When what it is about happened."""

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
    """Why it is over, as a code."""
    resolved_at: Instant
    """When what ended it happened."""

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
    """The message's id; its receiver saw the same."""
    channel: Literal["webhook", "mail"]
    """How it was sent."""
    outcome: Literal["delivered", "refused", "gone", "expired"]
    """delivered; refused for good; gone: the address wants no more; expired: tried for days."""
    attempts: int
    """How often it was tried."""
    finished_at: Instant
    """When that was known."""

    @property
    def subject(self) -> str:
        """The delivery."""
        return f"{self.plan}/{self.delivery}"

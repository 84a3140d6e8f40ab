"""The events of notify: every message, as a past fact."""

from typing import ClassVar, Literal

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.values import Day, Id, Instant, Line

AlertKind = Literal[
    "due_soon",
    "overdue",
    "closing",
    "missing",
    "early",
    "lag",
    "escalation",
    "interview",
    "milestone_overdue",
    "published",
    "corrected",
    "ranking",
    "appeal",
    "returned",
    "verified",
]
"""The triggers of assessment 4.15; `ranking`: a correction elsewhere moved a rank or a grade."""
Level = Literal["yellow", "red"]


class AlertRaised(Event):
    """An alert has begun, or has got worse."""

    TYPE: ClassVar[str] = "duban.notify.alert.raised.v2"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    kind: AlertKind
    """What it is about."""
    level: Level | None
    """How bad; null for a kind without levels."""
    task: Id | None
    """Null where it is about the unit."""
    unit: Id
    period: Id | None
    """Null outside every period."""
    to: tuple[Line, ...]
    """Who is told, as role@unit."""
    raised_at: Instant
    """When what it is about happened."""
    parent: Id | None = None
    """The lag that an escalation follows from."""

    @property
    def subject(self) -> str:
        """The alert."""
        return f"{self.plan}/{self.alert}"


class AlertRaisedV1(Event):
    """As releases up to 0.4.0 said it: every alert was about a task in a period."""

    TYPE: ClassVar[str] = "duban.notify.alert.raised.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    kind: Literal["early", "lag", "overdue"]
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


class AlertAcknowledged(Event):
    """Somebody has answered an alert: until a day nobody is asked again."""

    TYPE: ClassVar[str] = "duban.notify.alert.acknowledged.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    by: Line
    """Who: a holder, or whoever the message went to."""
    until: Day
    """The day on which the answer expires, local to the plan."""
    acknowledged_at: Instant
    """When it was given."""

    @property
    def subject(self) -> str:
        """The alert."""
        return f"{self.plan}/{self.alert}"


class AlertWithdrawn(Event):
    """A correction has undone what an alert was about; those who were told are told."""

    TYPE: ClassVar[str] = "duban.notify.alert.withdrawn.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    alert: Id
    reason: Line
    """Why, as a code."""
    withdrawn_at: Instant
    """When what undid it happened."""

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
    """The alert it told of, the gravest of several."""
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
    notices: tuple[Id, ...] = ()
    """What it told whom: names from which a restored notify knows that it was told."""

    @property
    def subject(self) -> str:
        """The delivery."""
        return f"{self.plan}/{self.delivery}"


class EndpointDisabled(Event):
    """A webhook receiver gets nothing any more, until somebody enables it."""

    TYPE: ClassVar[str] = "duban.notify.endpoint.disabled.v1"
    TOPIC: ClassVar[str] = topics.NOTIFY

    plan: Id
    """The plan whose message failed last."""
    endpoint: Id
    """Its id."""
    reason: Literal["gone", "failing"]
    """gone: it answered 410; failing: every attempt has failed for five days."""
    failing_since: Instant
    """When the failures began."""
    disabled_at: Instant
    """When it was switched off."""

    @property
    def subject(self) -> str:
        """The endpoint."""
        return f"{self.plan}/{self.endpoint}"

"""What notify's routes read and answer."""

from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar

from pydantic import Field, RootModel

from notify.channels import Outcome
from notify.domain.alerts import Effect
from notify.domain.routes import Routes
from notify.service.directory import Person
from shared.contracts.notify import AlertKind, Level
from shared.contracts.plan import Language
from shared.contracts.values import Contract, Day, Id, Instant, Line

Ratio = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["0.2845"])]
"""A computed number, a decimal in quotes."""

Answer = TypeVar("Answer", bound=Contract)


class ContactIn(Contract):
    """A person behind a role of the plan, an action or a unit, by its id."""

    scope: Literal["plan", "action", "unit"]
    subject: Id
    role: Id
    name: Line | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)]
    language: Language = "zh-CN"

    def person(self) -> Person:
        """As the use case wants it."""
        return Person(**self.model_dump())


class ContactList(RootModel[list[ContactIn]]):
    """All contacts of a plan."""


class KnownContact(Contract):
    """A person behind a role."""

    scope: Literal["plan", "action", "unit"]
    """What `subject` is."""
    subject: Id
    role: Id
    email: str
    name: str | None
    language: Language


class ContactPage(Contract):
    """A plan's contacts."""

    items: tuple[KnownContact, ...]


class ContactsSet(Contract):
    """How many contacts a plan has now."""

    plan: Id
    contacts: int


class AlertSummary(Contract):
    """An episode somebody is told of."""

    id: str
    plan: Id
    task: Id
    unit: Id
    action: Id
    kind: AlertKind
    """What it is about (assessment 4.15)."""
    level: Level | None
    """How bad; null for a kind without levels."""
    episode: str
    """What makes two alerts of a kind two: the period of an overdue report."""
    period: Id
    state: Literal["raised", "resolved"]
    a: Ratio | None
    """Attainment, as a share of the target (assessment 4.1)."""
    e: Ratio | None
    """Expected progress, as a share of the target (assessment 4.2)."""
    r: Ratio | None
    """Schedule index a/E (assessment 4.3)."""
    gap: Ratio | None
    """100·(E − a), percentage points behind schedule (assessment 4.3)."""
    since: Day
    next_by: Day | None
    """By when something is expected."""
    raised_at: Instant
    resolved_at: Instant | None
    reason: str
    """Why it was raised, changed or resolved, as a code."""
    correlation: str
    """The id of the request it comes from."""


class StoredDecision(Contract):
    """Why somebody was, or was not, told."""

    number: int
    alert: str | None
    """The alert it moved; null where there was none."""
    plan: Id
    task: Id
    unit: Id
    kind: AlertKind
    effect: Effect
    reason: str
    """As a code."""
    event: str
    """The id of the event it was decided about."""
    addressee: str | None
    """Who is meant, as role@unit, where the decision is about one."""
    at: Instant


class DeliveryState(Contract):
    """One message to one recipient, without its text."""

    id: str
    """The message's id: its receiver sees the same."""
    alert: str
    plan: Id
    channel: Literal["webhook", "mail"]
    recipient: str
    """The endpoint's id, or the address."""
    language: str
    subject: str
    state: Literal["pending", "delivered", "refused", "gone", "expired"]
    attempts: int
    claimed_by: str | None
    """The process that is sending it."""
    next_attempt_at: Instant
    last_status: int | None
    """What the receiver answered last, by HTTP or SMTP."""
    last_reason: str | None
    """What came of the last attempt, as a code."""
    last_detail: str | None
    """The same for a person."""
    created_at: Instant
    finished_at: Instant | None
    correlation: str
    """The id of the request it comes from."""


class WholeAlert(AlertSummary):
    """An alert with what was decided about it, and what was sent."""

    decisions: tuple[StoredDecision, ...]
    deliveries: tuple[DeliveryState, ...]


class AlertPage(Contract):
    """Alerts, newest first."""

    items: tuple[AlertSummary, ...]
    cursor: str | None
    """Where the next page begins; null where there is none."""


class DecisionPage(Contract):
    """Decisions, newest first."""

    items: tuple[StoredDecision, ...]
    cursor: int | None
    """Where the next page begins; null where there is none."""


class DeliveryPage(Contract):
    """Deliveries, newest first."""

    items: tuple[DeliveryState, ...]
    cursor: str | None
    """Where the next page begins; null where there is none."""


class RoutesInForce(Contract):
    """The route in force."""

    version: int
    """0 where none was ever set."""
    notify: Routes


class RoutesSet(RoutesInForce):
    """The route that is in force now."""

    secrets: dict[Id, str]
    """By endpoint: the secrets of those it brought along, shown this once."""


class NewEndpoint(Contract):
    """A webhook endpoint at its birth."""

    id: Id
    url: str
    secret: Annotated[str, Field(examples=["whsec_…"])]
    """What its messages are signed with, shown this once."""


class KnownEndpoint(Contract):
    """A webhook endpoint, without its secret."""

    id: Id
    url: str
    disabled_at: Instant | None
    """Since when it gets nothing, until a route names it anew."""
    disabled_reason: str | None


class EndpointPage(Contract):
    """Every webhook endpoint."""

    items: tuple[KnownEndpoint, ...]


class TestedEndpoint(Contract):
    """What came of a test message."""

    outcome: Outcome
    reason: str
    """As a code."""
    detail: str
    """The same for a person."""
    status: int | None
    """What the receiver answered."""


def answered(model: type[Answer], rows: Iterable[object]) -> tuple[Answer, ...]:
    """Rows as they are answered."""
    return tuple(model.model_validate(row, from_attributes=True) for row in rows)

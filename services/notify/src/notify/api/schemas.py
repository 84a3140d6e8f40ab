"""What notify's routes read and answer."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, RootModel, TypeAdapter

from notify.channels import Outcome
from notify.domain.alerts import Effect
from notify.domain.kinds import Change, Details
from notify.domain.notices import NoticeEffect
from notify.domain.routes import Format, Hours, Match, Routes
from notify.service.directory import Person
from shared.contracts.notify import AlertKind, Level
from shared.contracts.plan import Language
from shared.contracts.values import Contract, Day, Id, Instant, Line, Note

Ratio = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["0.2845"])]
"""A computed number, a decimal in quotes."""

Answer = TypeVar("Answer", bound=Contract)


_LAST_SUPPOSED: Final = 2199
"""What follows from it, as the time of its group, is an instant too: those end with 2200."""
_DETAILS: Final[TypeAdapter[Details]] = TypeAdapter(Details)


def _operands(stored: object) -> object:
    return json.loads(stored) if isinstance(stored, str) else stored


def _details(stored: object) -> object:
    return _DETAILS.validate_json(stored) if isinstance(stored, str) else stored


def _hours(stored: object) -> object:
    return Hours.model_validate_json(stored) if isinstance(stored, str) else stored


def _match(stored: object) -> object:
    return Match.model_validate_json(stored) if isinstance(stored, str) else stored


def _says_something(text: str) -> str:
    if not any(character.isalnum() for character in text):
        raise ValueError("the reason is blank: write why")
    return text


def _leaves_room(at: datetime) -> datetime:
    if at.year > _LAST_SUPPOSED:
        raise ValueError(f"what is supposed happens by the year {_LAST_SUPPOSED}")
    return at


State = Literal["raised", "notified", "acknowledged", "escalated", "resolved", "withdrawn"]
"""raised: nobody is told yet; notified: somebody is; resolved and withdrawn: it is over."""


class ContactIn(Contract):
    """A person behind a role of the plan, an action or a unit, by its id."""

    scope: Literal["plan", "action", "unit"]
    subject: Id
    role: Id
    name: Line | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)]
    language: Language = "zh-CN"
    endpoint: Id | None = None
    """Where they want to hear instead of by mail: an endpoint's id."""
    hours: Hours | None = None
    """When they want to hear, where it differs from the routes' hours."""

    def person(self) -> Person:
        """As the use case wants it."""
        hours = self.hours.model_dump_json(by_alias=True) if self.hours else None
        return Person(**(self.model_dump() | {"hours": hours}))


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
    endpoint: Id | None
    hours: Annotated[Hours | None, BeforeValidator(_hours)]


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
    task: Id | None
    """Null where it is about the unit."""
    unit: Id
    action: Id | None
    kind: AlertKind
    """What it is about (assessment 4.15)."""
    level: Level | None
    """How bad; null for a kind without levels."""
    episode: str
    """What makes two alerts of a kind two: the period of an overdue report."""
    period: Id | None
    state: State
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
    details: Annotated[Details | None, BeforeValidator(_details)]
    """What it tells beside light and figures, by kind."""
    raised_at: Instant
    resolved_at: Instant | None
    """When it was resolved or withdrawn."""
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    """Who answered last: a holder, or where the message had gone."""
    acknowledged_until: Day | None
    """The day on which the answer expires; null where none holds."""
    parent: str | None
    """The lag that an escalation follows from."""
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
    task: Id | None
    unit: Id
    kind: AlertKind
    effect: Effect | NoticeEffect
    """What became of the alert; or of one person's share in it: send, hold, drop."""
    reason: str
    """As a code."""
    event: str
    """The id of the event it was decided about."""
    addressee: str | None
    """Who is meant, as role@unit, where the decision is about one."""
    operands: Annotated[dict[str, str], BeforeValidator(_operands)]
    """What the reason refers to: by whom, until when, by which alert."""
    at: Instant


class StoredNotice(Contract):
    """One recipient's share in one change of an alert."""

    change: Change
    channel: Literal["webhook", "mail"]
    recipient: str
    """The endpoint's id, or the address."""
    addressee: str
    """As role@unit; an endpoint's own id."""
    route: str
    """The route that brought it there."""
    state: Literal["waiting", "sent", "dropped"]
    reason: str
    """The newest verdict, as a code; empty while its group waits for the first."""
    held_by: str | None
    """The alert or mute it waits for."""
    due_at: Instant | None
    """When it is looked at next; null where it waits for `held_by` alone, or is done."""
    delivery: str | None
    """The message that told it."""


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
    notices: tuple[StoredNotice, ...]
    deliveries: tuple[DeliveryState, ...]


class MuteIn(Contract):
    """What is to be quiet, how long, and why."""

    match: Match
    until: Instant
    reason: Annotated[Note, AfterValidator(_says_something)]
    """It is shown to whoever asks why nothing came."""


class KnownMute(Contract):
    """A mute."""

    id: str
    match: Annotated[Match, BeforeValidator(_match)]
    until: Instant
    reason: str
    by: str
    """Whoever set it."""
    created_at: Instant


class MutePage(Contract):
    """Mutes, newest first."""

    items: tuple[KnownMute, ...]


class RouteTest(Contract):
    """An alert that is supposed to be raised, and the routes to try."""

    plan: Id
    unit: Id
    task: Id | None = None
    kind: AlertKind = "lag"
    level: Level | None = None
    role: Id | None = None
    """Whom a step of the ladder tells; by default those whom the kind concerns."""
    at: Annotated[Instant, AfterValidator(_leaves_room)] | None = None
    """By default now."""
    notify: Routes | None = None
    """By default the routes in force."""


class SupposedNotice(Contract):
    """One who would hear of it."""

    channel: Literal["webhook", "mail"]
    recipient: str
    addressee: str
    language: Language | None
    """Null: the endpoint's."""
    route: str
    group: str
    """What goes into one message with it."""
    at: Instant
    """When its group would be looked at."""
    effect: NoticeEffect
    reason: str
    """As a code."""
    until: Instant | None
    """Until when it would be held."""
    operands: dict[str, str]


class NotTold(Contract):
    """One who would not."""

    reason: str
    addressee: str


class RoutesTested(Contract):
    """Who would hear of the alert, and who would not; nobody was told."""

    routes: tuple[str, ...]
    """The routes that take it."""
    told: tuple[SupposedNotice, ...]
    not_told: tuple[NotTold, ...]


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
    secret: Annotated[str, Field(examples=["whsec_…"])] | None
    """What its messages are signed with, shown this once; null where it comes from elsewhere."""


class KnownEndpoint(Contract):
    """A webhook endpoint or a group robot, without its secret."""

    id: Id
    url: str
    format: Format
    language: Language
    secret_env: str | None
    """The variable its secret is read from; null where it was made here, or there is none."""
    failing_since: Instant | None
    """Since when every attempt has failed."""
    next_at: Instant | None
    """Before this instant it is left alone: a robot takes only so many messages a minute."""
    disabled_at: Instant | None
    """Since when it gets nothing, until it is enabled or a route names it anew."""
    disabled_reason: str | None
    """gone: it answered 410; failing: every attempt failed for five days."""


class RotatedSecret(Contract):
    """A new secret."""

    id: Id
    secret: Annotated[str, Field(examples=["whsec_…"])]
    """Shown this once; for 24 hours messages are signed with the former one too."""


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

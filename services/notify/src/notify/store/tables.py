"""The tables of notify: whom it may tell, what it decided, what it sends; and the kit's own."""

from datetime import date, datetime

from sqlalchemy import Column, Index, LargeBinary, MetaData, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.kit.tables import KitTables, Number, UtcInstant


class Base(SQLModel, registry=registry()):
    """A registry of its own, so that three services fit into one process."""

    metadata = MetaData()


kit = KitTables(Base.metadata)


class TaskPart(Base, table=True):
    """One task of a plan version, as it arrived; the version's head closes the set."""

    __tablename__ = "task_parts"

    plan: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    index: int = Field(primary_key=True)
    action: str
    task: str
    title: str = Field(sa_column=Column(Text, nullable=False))
    labels: str = Field(default="{}", sa_column=Column(Text, nullable=False))


class PlanHeadRow(Base, table=True):
    """The newest whole version of a plan: its dates and titles."""

    __tablename__ = "plan_heads"

    plan: str = Field(primary_key=True)
    version: int
    head: str = Field(sa_column=Column(Text, nullable=False))


class Contact(Base, table=True):
    """A person behind a role of a unit, an action or a plan.

    `endpoint` is where they want to hear instead of by mail, `hours` (JSON) when; null: as all.
    """

    __tablename__ = "contacts"

    plan: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    email: str = Field(primary_key=True)
    name: str | None = None
    language: str
    endpoint: str | None = None
    hours: str | None = Field(default=None, sa_column=Column(Text))


class RouteDocument(Base, table=True):
    """The routes in force, as they were set."""

    __tablename__ = "routes"

    version: int = Field(primary_key=True)
    document: str = Field(sa_column=Column(Text, nullable=False))
    set_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    set_by: str


class Endpoint(Base, table=True):
    """A webhook receiver or a group robot; one that is disabled gets nothing until it is enabled.

    `secret` is empty for a robot, whose own is read from the variable `secret_env`. While a secret
    is rotated the former signs too, until `previous_until`. `failing_since` is reset by any
    success; before `next_at` nothing is sent. All instants are wall time.
    """

    __tablename__ = "endpoints"

    id: str = Field(primary_key=True)
    url: str
    format: str = "standard"
    language: str = "zh-CN"
    secret: str
    secret_env: str | None = None
    previous_secret: str | None = None
    previous_until: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    failing_since: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    disabled_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    disabled_reason: str | None = None


class PublishedTask(Base, table=True):
    """The newest period a task was published for: an older one moves no alert."""

    __tablename__ = "published_tasks"

    plan: str = Field(primary_key=True)
    task: str = Field(primary_key=True)
    last_day: date


class UnitPart(Base, table=True):
    """One unit's part of a publication, kept until the publication is whole."""

    __tablename__ = "unit_parts"

    plan: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    event: str
    digest: str
    lines: str = Field(sa_column=Column(Text, nullable=False))


class PublishedUnit(Base, table=True):
    """What a unit got in the newest version of a period's publication."""

    __tablename__ = "published_units"

    plan: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    last_day: date
    version: int
    score: str | None = None
    rank: int | None = None
    grade: str | None = None
    lights: str = Field(sa_column=Column(Text, nullable=False))


class Alert(Base, table=True):
    """What somebody is told of; open while `state` is raised, notified, acknowledged or escalated.

    `entered` is the period that began it. `since_answer` and `unanswered` count the working days
    nobody has answered, `step` the steps of the ladder that are taken, `repeated` after how many
    such days it was last told again.
    """

    __tablename__ = "alerts"
    __table_args__ = (Index("alerts_open", "plan", "task", "unit", "kind", "state"),)

    id: str = Field(primary_key=True)
    plan: str
    task: str | None = None
    unit: str
    action: str | None = None
    kind: str
    level: str | None = None
    episode: str
    entered: str | None = None
    period: str | None = None
    state: str
    a: str | None = None
    e: str | None = None
    r: str | None = None
    gap: str | None = None
    details: str | None = Field(default=None, sa_column=Column(Text))
    audience: str = ""
    since: date
    next_by: date | None = None
    raised_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    resolved_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    acknowledged_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    acknowledged_by: str | None = None
    acknowledged_until: date | None = None
    since_answer: date | None = None
    unanswered: int = 0
    step: int = 0
    repeated: int = 0
    parent: str | None = Field(default=None, index=True)
    reason: str
    correlation: str


class DecisionRow(Base, table=True):
    """What was decided about an event, and why: also when nobody was told."""

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_alert", "alert"),)

    number: int | None = Field(default=None, primary_key=True, sa_type=Number)
    alert: str | None = None
    plan: str
    task: str | None = None
    unit: str
    kind: str
    effect: str
    reason: str
    event: str
    addressee: str | None = None
    operands: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class GroupRow(Base, table=True):
    """Alerts of one recipient that go into one message; `wait` and `interval` in seconds.

    `due_at` is when its timer fires.
    """

    __tablename__ = "groups"

    id: str = Field(primary_key=True)
    plan: str
    route: str
    channel: str
    recipient: str
    key: str
    wait: int
    interval: int
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    last_sent_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))


class Notice(Base, table=True):
    """One recipient's share in one change of an alert; business time.

    `state` is waiting, sent or dropped; `reason` is the newest verdict, empty before the first;
    `held_by` the alert or mute it waits for. Without `due_at` it waits for that alone.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("notices_group", "group", "state", "due_at"),
        Index("notices_alert", "alert", "channel", "recipient"),
        Index("notices_delivery", "delivery"),
    )

    id: str = Field(primary_key=True)
    alert: str
    plan: str
    change: str
    group: str
    channel: str
    recipient: str
    addressee: str
    language: str
    hours: str | None = Field(default=None, sa_column=Column(Text))
    route: str
    event: str
    state: str = "waiting"
    reason: str = ""
    held_by: str | None = Field(default=None, index=True)
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    created_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    delivery: str | None = None
    correlation: str


class Allowance(Base, table=True):
    """How many messages somebody has had on a day: `id` is the address, a slash, the day."""

    __tablename__ = "allowances"

    id: str = Field(primary_key=True)
    sent: int


class Mute(Base, table=True):
    """Somebody keeps alerts quiet for a while, and says why."""

    __tablename__ = "mutes"

    id: str = Field(primary_key=True)
    match: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    by: str
    created_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    until: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class Unsubscribed(Base, table=True):
    """Who wants no more mail of a plan that asks for no answer."""

    __tablename__ = "unsubscribed"

    plan: str = Field(primary_key=True)
    email: str = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class Delivery(Base, table=True):
    """One message to one recipient, stored before it is sent; its id is the message's.

    `state` is pending, delivered, refused, gone or expired. `next_attempt_at` is wall time;
    `claimed_by` is the process that is sending it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("deliveries_due", "state", "next_attempt_at"),)

    id: str = Field(primary_key=True)
    alert: str = Field(index=True)
    plan: str
    channel: str
    recipient: str
    language: str = ""
    subject: str = ""
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    html: str = Field(default="", sa_column=Column(Text, nullable=False))
    thread: str = ""
    unsubscribe: str = Field(default="", sa_column=Column(Text, nullable=False))
    state: str = "pending"
    attempts: int = 0
    claimed_by: str | None = None
    next_attempt_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    last_status: int | None = None
    last_reason: str | None = None
    last_detail: str | None = None
    created_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    correlation: str

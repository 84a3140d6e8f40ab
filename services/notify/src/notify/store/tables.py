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


class PlanHeadRow(Base, table=True):
    """The newest whole version of a plan: its dates and titles."""

    __tablename__ = "plan_heads"

    plan: str = Field(primary_key=True)
    version: int
    head: str = Field(sa_column=Column(Text, nullable=False))


class Contact(Base, table=True):
    """A person behind a role of a unit, an action or a plan."""

    __tablename__ = "contacts"

    plan: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    email: str = Field(primary_key=True)
    name: str | None = None
    language: str


class RouteDocument(Base, table=True):
    """The routes in force, as they were set."""

    __tablename__ = "routes"

    version: int = Field(primary_key=True)
    document: str = Field(sa_column=Column(Text, nullable=False))
    set_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    set_by: str


class Endpoint(Base, table=True):
    """A webhook receiver; one that is disabled gets nothing until a route names it anew."""

    __tablename__ = "endpoints"

    id: str = Field(primary_key=True)
    url: str
    secret: str
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


class Alert(Base, table=True):
    """An episode somebody is told of; `state` is raised or resolved."""

    __tablename__ = "alerts"
    __table_args__ = (Index("alerts_open", "plan", "task", "unit", "kind", "state"),)

    id: str = Field(primary_key=True)
    plan: str
    task: str
    unit: str
    action: str
    kind: str
    level: str | None = None
    episode: str
    period: str
    state: str
    a: str | None = None
    e: str | None = None
    r: str | None = None
    gap: str | None = None
    since: date
    next_by: date | None = None
    raised_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    resolved_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    reason: str
    correlation: str


class DecisionRow(Base, table=True):
    """What was decided about an event, and why: also when nobody was told."""

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_alert", "alert"),)

    number: int | None = Field(default=None, primary_key=True, sa_type=Number)
    alert: str | None = None
    plan: str
    task: str
    unit: str
    kind: str
    effect: str
    reason: str
    event: str
    addressee: str | None = None
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

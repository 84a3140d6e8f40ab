"""The tables of intake: every input, and the kit's own."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, Index, MetaData, Text, UniqueConstraint, false
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.kit.tables import KitTables, Number, UtcInstant


class Base(SQLModel, registry=registry()):
    """A registry of its own, so that three services fit into one process."""

    metadata = MetaData()


kit = KitTables(Base.metadata)


class PlanVersion(Base, table=True):
    """One version of a plan; `document` is its normal form in JSON.

    `amended` is a JSON object: by task what decisions have changed of it, where there is any.
    `own_holidays` is a JSON list: those that its file names, where tables that were loaded for
    every plan have added to them.
    """

    __tablename__ = "plan_versions"

    plan: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: str = Field(sa_column=Column(Text, nullable=False))
    amended: str = Field(default="{}", sa_column=Column(Text, nullable=False, server_default="{}"))
    own_holidays: str | None = Field(default=None, sa_column=Column(Text))
    digest: str
    activate_from: str | None = None
    applied_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    applied_by: str


class RulebookVersion(Base, table=True):
    """One version of a rulebook; `plan` is empty where it governs every plan without its own."""

    __tablename__ = "rulebook_versions"

    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    plan: str = Field(default="", primary_key=True)
    document: str = Field(sa_column=Column(Text, nullable=False))
    adopted_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    adopted_by: str


class HolidayTable(Base, table=True):
    """What was loaded for a year beside the official table that ships; `days` is in JSON."""

    __tablename__ = "holiday_tables"

    calendar: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    days: str = Field(sa_column=Column(Text, nullable=False))
    loaded_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    loaded_by: str


class SubmissionRow(Base, table=True):
    """A report that was accepted; it is never overwritten, only followed by a newer one.

    What was reported stands in the journal, in the event whose id is this row's `id`. `corrected`
    is one with which the office corrects a published period; `rubric` is the reviewer's newest
    grade; `verified_values` a JSON object of the figures the office verified otherwise.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        Index("submissions_obligation", "plan", "task", "unit", "period", "number"),
        Index("submissions_unit", "plan", "unit", "number"),
    )

    number: int | None = Field(default=None, primary_key=True, sa_type=Number)
    id: str = Field(unique=True)
    plan: str
    plan_version: int
    task: str
    unit: str
    period: str
    received_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    as_of: date
    digest: str
    holder: str
    correlation: str
    verified_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    verified_by: str | None = None
    returned_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    returned_by: str | None = None
    returned_reason: str | None = None
    marks: str = "0"
    rubric: str | None = None
    verified_values: str | None = Field(default=None, sa_column=Column(Text))
    corrected: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default=false())
    )


class DecisionRow(Base, table=True):
    """A decision of the office, never changed; `content` is the whole of it in JSON.

    `task` and `unit` are those it is about, where it is about one.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("plan", "id", name="decisions_name"),
        Index("decisions_plan", "plan", "number"),
    )

    number: int | None = Field(default=None, primary_key=True, sa_type=Number)
    plan: str
    id: str
    type: str
    task: str | None = None
    unit: str | None = None
    made_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    holder: str
    correlation: str
    content: str = Field(sa_column=Column(Text, nullable=False))


class IdempotencyKey(Base, table=True):
    """The answer a key was given; scope is holder and route, kept 90 days."""

    __tablename__ = "idempotency_keys"

    holder: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    answer: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class Cutoff(Base, table=True):
    """A place in a plan's order; `number` is the last submission before it."""

    __tablename__ = "cutoffs"

    id: str = Field(primary_key=True)
    plan: str
    number: int = Field(sa_type=Number)
    marked_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class Published(Base, table=True):
    """What intake must know of a publication: which reports it counted, what it found finished."""

    __tablename__ = "published"

    plan: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    last_day: date
    version: int
    number: int = Field(sa_type=Number)
    finished: str

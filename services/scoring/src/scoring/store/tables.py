"""The tables of scoring: the facts it heard, what it makes of them, and the kit's own."""

from datetime import date, datetime

from sqlalchemy import Column, Index, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.kit.tables import KitTables, Number, UtcInstant


class Base(SQLModel, registry=registry()):
    """A registry of its own, so that three services fit into one process."""

    metadata = MetaData()


kit = KitTables(Base.metadata)


class TaskPart(Base, table=True):
    """The event of one task of a plan version, as it came; the version's head closes the set."""

    __tablename__ = "task_parts"

    plan: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    index: int = Field(primary_key=True)
    action: str
    data: str = Field(sa_column=Column(Text, nullable=False))


class PlanHeadRow(Base, table=True):
    """A whole version of a plan; it was in force from `position` in the plan's order on."""

    __tablename__ = "plan_heads"

    plan: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    position: int = Field(sa_type=Number)
    head: str = Field(sa_column=Column(Text, nullable=False))


class RulebookRow(Base, table=True):
    """A rulebook that governs a plan from `position` in the plan's order on."""

    __tablename__ = "rulebooks"

    plan: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=Number)
    rulebook: str = Field(sa_column=Column(Text, nullable=False))


class ReportRow(Base, table=True):
    """A report as it was accepted; `position` is its place in the plan's order."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("reports_task", "plan", "task", "position"),
        Index("reports_newest", "plan", "task", "unit", "period", "position"),
    )

    submission: str = Field(primary_key=True)
    plan: str
    task: str
    unit: str
    period: str
    position: int = Field(sa_type=Number)
    accepted: str = Field(sa_column=Column(Text, nullable=False))


class ReviewRow(Base, table=True):
    """What the office said of a report: verified with marks, or returned.

    `found` is what it verified besides, in JSON: a rubric, and figures that differ.
    """

    __tablename__ = "reviews"

    plan: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=Number)
    submission: str = Field(index=True)
    returned: bool
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    marks: str
    found: str | None = Field(default=None, sa_column=Column(Text))


class DecisionRow(Base, table=True):
    """A decision of the office as it came; `position` is its place in the plan's order."""

    __tablename__ = "decisions"

    plan: str = Field(primary_key=True)
    decision: str = Field(primary_key=True)
    position: int = Field(sa_type=Number)
    made_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    decided: str = Field(sa_column=Column(Text, nullable=False))


class StandingRow(Base, table=True):
    """Where a task stands now, for the board."""

    __tablename__ = "standings"

    plan: str = Field(primary_key=True)
    task: str = Field(primary_key=True)
    action: str
    unit: str
    period: str
    day: date
    light: str
    reason: str
    a: str | None = None
    e: str | None = None
    r: str | None = None
    gap: str | None = None
    reported_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))


class LateMilestoneRow(Base, table=True):
    """A milestone that was told late for its date, and is so still; `unit` is its task's lead.

    `month` tells whether it was told again, after more than 30 days.
    """

    __tablename__ = "late_milestones"

    plan: str = Field(primary_key=True)
    task: str = Field(primary_key=True)
    milestone: str = Field(primary_key=True)
    due: date
    unit: str
    month: bool


class PublicationRow(Base, table=True):
    """One version of what is published of a period or a year, from its draft to its release.

    `state` is waiting (for its cut-off and its computation), failed, draft, returned, approved or
    published; once published the row never changes but to be frozen. `result` holds every line with
    what explains it; `release_number` counts the plan's releases, in whose order the digests are
    chained. `kind` is period or year; `amends` says in JSON what a correction corrects; what
    `follows` another draft (its period and version) is approved and released with that one.
    """

    __tablename__ = "publications"

    plan: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    state: str
    cutoff: str = Field(index=True)
    claimed_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    forced: str | None = None
    drafted_by: str
    drafted_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    failure: str | None = None
    last_day: date
    previous_digest: str | None = None
    digest: str | None = None
    manifest: str | None = Field(default=None, sa_column=Column(Text))
    result: str | None = Field(default=None, sa_column=Column(Text))
    release_number: int | None = None
    correlation: str
    kind: str = "period"
    amends: str | None = Field(default=None, sa_column=Column(Text))
    follows: str | None = None
    frozen_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    frozen_by: str | None = None


class AppealRow(Base, table=True):
    """A unit contests an item of a publication: a task's line, or under its own id its score.

    `state` is open, upheld or rejected; `late` tells whether it was decided after `decide_by`.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        UniqueConstraint("plan", "period", "unit", "item", name="one_appeal_an_item"),
    )

    id: str = Field(primary_key=True)
    plan: str
    period: str
    version: int
    unit: str
    item: str
    grounds: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    filed_by: str
    filed_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    decide_by: date
    reason: str | None = Field(default=None, sa_column=Column(Text))
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant))
    late: bool | None = None


class KeyRow(Base, table=True):
    """The public half of a key that signed, in base64; in use until `until`."""

    __tablename__ = "keys"

    id: str = Field(primary_key=True)
    public: str
    since: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    until: datetime | None = Field(default=None, sa_column=Column(UtcInstant))


class SignatureRow(Base, table=True):
    """A key's signature of a publication's digest, in base64."""

    __tablename__ = "signatures"

    plan: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    signature: str
    signed_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class MarkRow(Base, table=True):
    """A cut-off that intake has marked: a place in the plan's order, and its instant."""

    __tablename__ = "marks"

    cutoff: str = Field(primary_key=True)
    plan: str
    position: int = Field(sa_type=Number)
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class LeafRow(Base, table=True):
    """One unit's document of a publication, in its canonical bytes."""

    __tablename__ = "leaves"

    plan: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    digest: str
    document: str = Field(sa_column=Column(Text, nullable=False))

"""What scoring's routes read and answer, where it is not a contract."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, WithJsonSchema

from scoring.domain.events import EventShown
from scoring.domain.exact import Printed
from scoring.domain.ranking import Grade
from scoring.domain.rollup import ActionResult, Rates, UnitReason, UnitResult
from scoring.domain.signing import ALGORITHM
from scoring.domain.task_line import UNDER_REVIEW, Flag, TaskLine, TaskRow
from scoring.domain.year_result import Figure, FigureRow, YearResult, YearUnit, shown_without
from scoring.service.releases import result_of, year_of
from scoring.store.tables import AppealRow, KeyRow, PublicationRow, StandingRow
from shared.contracts.rulebook import Rulebook
from shared.contracts.scoring import Light
from shared.contracts.values import Amount, Contract, Day, Id, Instant, Note

Moment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2022-05-06T02:00:00+00:00"]}
    ),
]
"""A point in time, written with its offset."""

Ratio = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["0.2845"])]
"""A number to 4 places, a decimal in quotes."""


class DraftRequest(Contract):
    """`force` is the reason for a draft before the window has closed."""

    force: Note | None = Field(default=None, min_length=1)


class CorrectRequest(Contract):
    """What a correction names: its reason, and at least one thing it corrects by."""

    reason: Annotated[Note, Field(min_length=1)]
    submissions: tuple[Id, ...] = ()
    """Corrected reports, as the decision that entered them answered."""
    exemptions: tuple[Id, ...] = ()
    """Exemptions that are to act now."""
    zero: tuple[Id, ...] = ()
    """Tasks of which the data were found false."""
    appeals: tuple[Id, ...] = ()
    """The appeals it follows from: who filed one must not fare worse, but for false data."""


class ReturnRequest(Contract):
    """Why a draft is sent back."""

    reason: Annotated[Note, Field(min_length=1)]


class YearStep(Contract):
    """What is to be done with the year; approve and release are for another holder each."""

    step: Literal["draft", "approve", "release", "freeze"] = "draft"


class AppealRequest(Contract):
    """What a unit contests."""

    plan: Id
    period: Id
    unit: Id
    item: Id
    """A task in which it has a share, or its own id for its score, rank and grade."""
    grounds: Annotated[Note, Field(min_length=1)]


class DecideRequest(Contract):
    """What is decided of an appeal."""

    upheld: bool
    """Whether the unit was right; then a correction that names the appeal follows."""
    reason: Annotated[Note, Field(min_length=1)]


class Appeal(Contract):
    """What a unit contests, and what was decided of it."""

    id: Id
    plan: Id
    period: Id
    version: int
    """The version of the publication that it contests."""
    unit: Id
    item: Id
    grounds: str
    state: Literal["open", "upheld", "rejected"]
    filed_by: str
    filed_at: Moment
    decide_by: Day
    """The last day on which a decision is in time."""
    reason: str | None
    decided_by: str | None
    decided_at: Moment | None
    late: bool | None
    """Whether it was decided after that day."""

    @classmethod
    def of(cls, row: AppealRow) -> Self:
        """As it is stored."""
        return cls.model_validate(row, from_attributes=True)


class AppealList(Contract):
    """Appeals, the newest first."""

    items: tuple[Appeal, ...]


class PublicKey(Contract):
    """A key that signed."""

    id: str
    """What signatures call it: the first 16 letters of the SHA-256 of its bytes."""
    algorithm: Literal["Ed25519"]
    public: str
    """Its 32 bytes in base64."""
    since: Moment
    """When it first signed."""
    until: Moment | None
    """When another took its place; null while it signs."""

    @classmethod
    def of(cls, row: KeyRow) -> Self:
        """As it is stored."""
        return cls(
            id=row.id, algorithm=ALGORITHM, public=row.public, since=row.since, until=row.until
        )


class KeyList(Contract):
    """Keys, the oldest first."""

    items: tuple[PublicKey, ...]


class BoardRow(Contract):
    """Where a task stands now."""

    plan: Id
    task: Id
    action: Id
    unit: Id
    """The unit that leads it."""
    period: Id
    """The period in which that day lies."""
    day: Day
    """The day the light was read."""
    light: Light
    reason: str
    """Why it has this light, as a code."""
    a: Ratio | None
    """Attainment, as a share of the target (assessment 4.1)."""
    e: Ratio | None
    """Expected progress, as a share of the target (assessment 4.2)."""
    r: Ratio | None
    """Schedule index a/E (assessment 4.3)."""
    gap: Ratio | None
    """100·(E − a), percentage points behind schedule (assessment 4.3)."""
    reported_at: Instant | None
    """When its last report was received."""


class Board(Contract):
    """Every task that may be seen."""

    items: tuple[BoardRow, ...]

    @classmethod
    def of(cls, rows: Sequence[StandingRow]) -> Self:
        """As they are stored."""
        return cls(items=tuple(BoardRow.model_validate(row, from_attributes=True) for row in rows))


class PublicationSummary(Contract):
    """Where a publication is on its way."""

    plan: Id
    period: Id
    kind: Literal["period", "evaluation", "year"] = "period"
    version: int
    """1 for the first."""
    state: Literal["waiting", "failed", "draft", "returned", "approved", "published"]
    """waiting: for its cut-off and its computation."""
    digest: str | None
    """SHA-256 in hexadecimal of its manifest; null until it is computed."""
    previous_digest: str | None
    """That of the plan's publication before; null for its first."""
    forced: str | None
    """Why it was drafted before the window closed."""
    failure: str | None
    """Why it could not be computed, or was sent back."""
    drafted_by: str
    approved_by: str | None
    released_by: str | None
    released_at: Moment | None

    @classmethod
    def of(cls, row: PublicationRow) -> Self:
        """As it is stored."""
        return cls.model_validate(row, from_attributes=True)


class PublicationList(Contract):
    """Publications, the newest period first."""

    items: tuple[PublicationSummary, ...]


class CutoffPlace(Contract):
    """Where the run stopped reading."""

    position: int
    """In the plan's order of events."""
    at: Instant


class GroupRow(Contract):
    """A unit in the table of its group."""

    unit: Id
    score: Printed | None
    rank: int | None
    grade: Grade | None
    reasons: tuple[UnitReason, ...]


class WeighedAction(ActionResult):
    """An action's score with its weight inside the plan."""

    weight: Amount | None


class Correction(Contract):
    """Why a version follows another, and what differs."""

    reason: str
    submissions: tuple[str, ...]
    """The corrected reports."""
    exemptions: tuple[str, ...]
    """Those granted after the version before."""
    zero: tuple[Id, ...]
    """Tasks whose data was found false."""
    changed: tuple[Id, ...]
    """Tasks whose line differs from that of the version before."""
    hidden_changed: int
    """How many lines beside these do that are not for everybody."""


class Manifest(Contract):
    """What a publication is made of: with its keys in order and no spaces, its digest's bytes."""

    format: Literal["duban.publication/2"]
    kind: Literal["period", "evaluation", "year"]
    plan: Id
    period: Id
    version: int
    plan_version: int
    rulebook: Rulebook
    """All its settings."""
    formulas: tuple[str, ...]
    """Every formula that made a number of it, by id."""
    cutoff: CutoffPlace
    corrects: Correction | None
    """null for version 1."""
    actions: tuple[WeighedAction, ...]
    plan_score: Printed | None
    rates: Rates
    events: tuple[EventShown, ...]
    """Decided in the period; in no score of it."""
    groups: dict[Id, tuple[GroupRow, ...]]
    """The units of each group, the best first; those without a rank stand last."""
    leaves: dict[Id, str]
    """The digest of each unit's document: see there."""
    previous: str | None
    """The digest of the publication released before; null for the plan's first."""
    as_of: Day | None = None
    """The day an evaluation looks at."""
    figures: tuple[Figure, ...] = ()
    """Those of the plan and its actions, in an evaluation."""


class ReviewedRow(TaskRow):
    """A task's line; the flag `under_review` stands while an appeal against it is open."""

    flags: tuple[Flag | Literal["under_review"], ...]  # type: ignore[assignment]  # one more


class WholePublication(PublicationSummary):
    """A publication that is computed, with its manifest and lines."""

    manifest: Manifest
    under_review: tuple[Id, ...]
    """What is contested by an open appeal: tasks, and units for their scores."""
    units: tuple[UnitResult, ...]
    tasks: tuple[ReviewedRow, ...]
    actions: tuple[ActionResult, ...]
    plan_score: Printed | None
    rates: Rates
    as_of: Day | None = None
    """The day an evaluation looks at."""
    figures: tuple[FigureRow, ...] = ()
    """Those of the plan and its actions, in an evaluation."""


class WholeYear(PublicationSummary):
    """A year that is computed."""

    manifest: dict[str, Any]
    """What its digest is taken of: the head, the settings, the tables, the leaves' digests."""
    result: YearResult


class FiledLine(TaskLine):
    """A line as its digest is taken: with its keys in order and no spaces."""

    salt: str | None = None
    """Of a line that is not for everybody: so that nobody can guess it by its digest."""


class UnitDocument(Contract):
    """A unit's part of a publication.

    Its digest is the SHA-256 of its bytes, with its keys in order and no spaces, in which each line
    is replaced by its own digest.
    """

    format: Literal["duban.publication/2"]
    kind: Literal["period", "evaluation", "year"]
    plan: Id
    period: Id
    version: int
    result: UnitResult
    tasks: tuple[FiledLine, ...]
    """The lines it has a share in."""
    hidden_lines: int = 0
    """How many were left out for this reader; /documents has their digests."""


class ExplainedLine(TaskRow):
    """The printed numbers of a line, how they came about, and the line with all its operands."""

    text: tuple[str, ...]
    """One sentence or sum an item, which a pocket calculator can follow (assessment 4.18)."""
    line: TaskLine

    @classmethod
    def of(cls, line: TaskLine, text: Sequence[str]) -> Self:
        """A line with its explanation."""
        row = {name: getattr(line, name) for name in TaskRow.model_fields}
        return cls(**row, text=tuple(text), line=line)


class ExplainedPlan(Contract):
    """The scores of the actions and of the plan, explained."""

    plan: Id
    period: Id
    text: tuple[str, ...]
    """One sum an item; none for a reader who may not see all lines."""


class ExplainedUnit(Contract):
    """A unit's score, rank, grade and lines, explained."""

    unit: Id
    text: tuple[str, ...]
    """One sentence or sum an item; none for a reader who may not see all its lines."""
    items: tuple[ExplainedLine, ...]


class ExplainedYear(Contract):
    """A unit's year, explained."""

    unit: Id
    year: int
    text: tuple[str, ...]
    """One sentence or sum an item; none for a reader who may not see all its tasks."""
    result: YearUnit


def whole_publication_json(
    row: PublicationRow, *, office: bool, contested: Collection[str] = ()
) -> dict[str, Any]:
    """A publication with its manifest and lines; hidden tasks are for the office only.

    `contested` are the items under review: they are told beside what is published.
    """
    body = PublicationSummary.of(row).model_dump(mode="json")
    if row.result is None or row.manifest is None:
        return body
    result = result_of(row)
    summary = result.summary()
    shown = {line.task for line in result.tasks if line.public or office}
    summary["tasks"] = [task for task in summary["tasks"] if task["task"] in shown]
    for task in summary["tasks"]:
        if task["task"] in contested:
            task["flags"] = [*task["flags"], UNDER_REVIEW]
    for unit in summary["units"]:
        unit["lines"] = [line for line in unit["lines"] if line["task"] in shown]
    seen = shown | {unit["unit"] for unit in summary["units"]}
    reviewed = [item for item in contested if item in seen]
    whole = {"manifest": json.loads(row.manifest), "units": summary.pop("units")}
    return body | whole | {"under_review": reviewed, **summary}


def whole_year_json(row: PublicationRow, *, sealed: Collection[str]) -> dict[str, Any]:
    """A year with its manifest and results, without the terms of sealed tasks."""
    body = PublicationSummary.of(row).model_dump(mode="json")
    if row.result is None or row.manifest is None:
        return body
    result = year_of(row)
    units = tuple(shown_without(unit, sealed) for unit in result.units)
    shown = result.model_copy(update={"units": units}).model_dump(mode="json")
    return body | {"manifest": json.loads(row.manifest), "result": shown}


def leaf_json(document: str, *, office: bool) -> dict[str, Any]:
    """A unit's document; without the office's role its hidden lines are left out and counted."""
    leaf: dict[str, Any] = json.loads(document)
    if office:
        return leaf
    shown = [task for task in leaf["tasks"] if task["public"]]
    hidden = len(leaf["tasks"]) - len(shown)
    return leaf | {"tasks": shown} | ({"hidden_lines": hidden} if hidden else {})

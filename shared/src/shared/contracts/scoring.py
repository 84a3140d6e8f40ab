"""The events of scoring: every result, as a past fact."""

from typing import ClassVar, Literal

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.values import Contract, Day, Figure, Id, Instant

Light = Literal["green", "yellow", "red", "blue", "grey"]


class StandingChanged(Event):
    """The live light of a task has changed: after a report, or because time has passed."""

    TYPE: ClassVar[str] = "duban.scoring.standing.changed.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    task: Id
    action: Id
    unit: Id
    period: Id
    day: Day
    light: Light
    was: Light
    a: Figure | None
    e: Figure | None
    r: Figure | None
    gap: Figure | None
    cause: Literal["report", "time", "plan"]

    @property
    def subject(self) -> str:
        """The task."""
        return f"{self.plan}/{self.task}"


class PublishedLine(Contract):
    """The line of one task as published; `was` is its light in the publication before."""

    task: Id
    action: Id
    light: Light
    was: Light | None
    score: Figure | None
    a: Figure | None
    e: Figure | None
    r: Figure | None
    gap: Figure | None
    left_out: str | None


class UnitPublished(Event):
    """One unit's part of a publication; `publication.released` closes the set.

    `digest` is the SHA-256 of the unit's leaf document; `lines` are the tasks the unit leads.
    """

    TYPE: ClassVar[str] = "duban.scoring.unit.published.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    period: Id
    version: int
    unit: Id
    score: Figure | None
    rank: int | None
    grade: str | None
    digest: str
    lines: tuple[PublishedLine, ...]

    @property
    def subject(self) -> str:
        """The unit's leaf."""
        return f"{self.plan}/{self.period}/v{self.version}/{self.unit}"


class PublicationReleased(Event):
    """A publication is out: `units` parts came before; `digest` is that of its manifest.

    `cutoff` names the mark whose place in the plan's order it was computed at; `finished` are the
    tasks with nothing left to do, whose reports are waived from the next period on.
    """

    TYPE: ClassVar[str] = "duban.scoring.publication.released.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    period: Id
    version: int
    released_at: Instant
    last_day: Day
    units: int
    digest: str
    previous_digest: str | None
    cutoff: Id
    finished: tuple[Id, ...]

    @property
    def subject(self) -> str:
        """The publication's version."""
        return f"{self.plan}/{self.period}/v{self.version}"

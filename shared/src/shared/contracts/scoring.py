"""The events of scoring: every result, as a past fact."""

from typing import ClassVar, Literal

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.values import Contract, Day, Figure, Id, Instant, Line, Note, Text

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
    """The day the light was read, local to the plan."""
    light: Light
    """The light now."""
    was: Light
    """The light before."""
    a: Figure | None
    """Attainment: the share of the target that is reached (assessment 4.1), 4 places."""
    e: Figure | None
    """Expected progress: the share to be reached by this day (assessment 4.2), 4 places."""
    r: Figure | None
    """Schedule index a/E (assessment 4.3), 4 places."""
    gap: Figure | None
    """100·(E − a), percentage points behind schedule (assessment 4.3)."""
    cause: Literal["report", "time", "plan"]
    """What moved it: a report or its review, the passing of time, a version of the plan."""

    @property
    def subject(self) -> str:
        """The task."""
        return f"{self.plan}/{self.task}"


class MilestoneOverdue(Event):
    """A milestone has passed its date and no report says that it is done."""

    TYPE: ClassVar[str] = "duban.scoring.milestone.overdue.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    task: Id
    action: Id
    unit: Id
    """The task's lead."""
    period: Id | None
    """The period that `day` lies in; null after the last."""
    milestone: Id
    """Its id in the plan."""
    title: Text
    """The milestone's."""
    milestone_unit: Id
    """Whose the milestone is: the lead, where it names nobody else."""
    due: Day
    """The day it was to be done by, local to the plan."""
    day: Day
    """The day this was found, local to the plan."""
    days: int
    """Calendar days from `due` to `day`."""
    stage: Literal["passed", "month"]
    """passed: its date is over; month: for more than 30 days."""

    @property
    def subject(self) -> str:
        """The milestone."""
        return f"{self.plan}/{self.task}/{self.milestone}"


class MilestoneSettled(Event):
    """A milestone that was told overdue is so no more."""

    TYPE: ClassVar[str] = "duban.scoring.milestone.settled.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    task: Id
    unit: Id
    """The task's lead."""
    milestone: Id
    """Its id in the plan."""
    due: Day
    """The day it was told overdue for, local to the plan."""
    reason: Literal["done", "moved", "dropped", "not_counted"]
    """done: it is reported done; moved: it has another date; dropped: it has left the plan;
    not_counted: its task is suspended, cancelled, closed or otherwise not counted."""

    @property
    def subject(self) -> str:
        """The milestone."""
        return f"{self.plan}/{self.task}/{self.milestone}"


class PublishedLine(Contract):
    """The line of one task as published; `was` is its light in the publication before."""

    task: Id
    action: Id
    light: Light
    """As published (assessment 4.3)."""
    was: Light | None
    """The light before; null where there was none."""
    score: Figure | None
    """0 to 100, rounded once (assessment 4.4); null for a line that is left out."""
    a: Figure | None
    """Attainment (assessment 4.1), 4 places."""
    e: Figure | None
    """Expected progress (assessment 4.2), 4 places."""
    r: Figure | None
    """Schedule index a/E (assessment 4.3), 4 places."""
    gap: Figure | None
    """100·(E − a), percentage points behind schedule."""
    left_out: str | None
    """Why it is not counted, a code of assessment 4.5; null where it counts."""


class UnitPublished(Event):
    """One unit's part of a publication; `publication.released` closes the set.

    `digest` is the SHA-256 of the unit's leaf document; `lines` are the tasks the unit leads.
    """

    TYPE: ClassVar[str] = "duban.scoring.unit.published.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    period: Id
    version: int
    """The publication's version, 1 for the first."""
    unit: Id
    score: Figure | None
    """0 to 100 (assessment 4.6); null where no task counts."""
    rank: int | None
    """Its place in its group (assessment 4.10); null where it is not ranked."""
    grade: str | None
    """excellent, good, fair or poor (assessment 4.11); null where it is not graded."""
    digest: str
    """SHA-256 in hexadecimal of the unit's leaf, as the manifest holds it."""
    lines: tuple[PublishedLine, ...]
    """The tasks the unit leads."""

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
    """The publication's version, 1 for the first."""
    released_at: Instant
    """When it was published."""
    last_day: Day
    """The period's last day, local to the plan."""
    units: int
    """How many `unit.published` belong to this version."""
    digest: str
    """SHA-256 in hexadecimal of the manifest."""
    previous_digest: str | None
    """That of the plan's publication before; null for its first."""
    cutoff: Id
    """The mark of `cutoff.marked`: no report after it was counted."""
    finished: tuple[Id, ...]
    """Tasks found finished (assessment 4.4)."""

    @property
    def subject(self) -> str:
        """The publication's version."""
        return f"{self.plan}/{self.period}/v{self.version}"


class EvaluationReleased(Event):
    """A dated look at the whole plan is out (assessment 4.14)."""

    TYPE: ClassVar[str] = "duban.scoring.evaluation.released.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    evaluation: Id
    """Its id in the plan: `plan-mid`, `plan`, or one of its own."""
    version: int
    """Its version, 1 for the first."""
    as_of: Day
    """The day it looks at."""
    released_at: Instant
    """When it was published."""
    digest: str
    """SHA-256 in hexadecimal of its manifest."""
    previous_digest: str | None
    """That of the plan's publication before; null for its first."""
    cutoff: Id
    """The mark of `cutoff.marked`: nothing after it was counted."""

    @property
    def subject(self) -> str:
        """The evaluation's version."""
        return f"{self.plan}/{self.evaluation}/v{self.version}"


class YearReleased(Event):
    """The roll-up of a year is out (assessment 4.14)."""

    TYPE: ClassVar[str] = "duban.scoring.year.released.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    year: int
    """The calendar year."""
    version: int
    """Its version, 1 for the first."""
    released_at: Instant
    """When it was published."""
    digest: str
    """SHA-256 in hexadecimal of its manifest."""
    previous_digest: str | None
    """That of the plan's publication before; null for its first."""
    cutoff: Id
    """The mark of `cutoff.marked`: nothing after it was counted."""
    frozen: bool
    """Whether it is final: no period of it is corrected any more."""

    @property
    def subject(self) -> str:
        """The year's version."""
        return f"{self.plan}/{self.year}/v{self.version}"


class AppealFiled(Event):
    """A unit contests an item of a published period (申诉, assessment 4.13)."""

    TYPE: ClassVar[str] = "duban.scoring.appeal.filed.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    appeal: Id
    """Its name."""
    period: Id
    version: int
    """The version of the publication that it contests."""
    unit: Id
    """Who contests."""
    item: Id
    """A task; under the unit's own id its score, rank and grade."""
    grounds: Note
    """Why."""
    filed_at: Instant
    """When it was filed."""
    by: Line
    """The holder who filed it."""
    decide_by: Day
    """The last day on which a decision is in time."""

    @property
    def subject(self) -> str:
        """The appeal."""
        return f"{self.plan}/{self.appeal}"


class AppealDecided(Event):
    """An appeal is decided; what it corrects comes as a new version of the publication."""

    TYPE: ClassVar[str] = "duban.scoring.appeal.decided.v1"
    TOPIC: ClassVar[str] = topics.SCORING

    plan: Id
    appeal: Id
    """Its name."""
    period: Id
    unit: Id
    """Who contested."""
    item: Id
    """What."""
    upheld: bool
    """Whether the unit was right."""
    reason: Note
    """Why."""
    decided_at: Instant
    """When it was decided."""
    by: Line
    """The holder who decided: nobody who took part in the publication."""
    late: bool
    """Whether it came after the last day."""

    @property
    def subject(self) -> str:
        """The appeal."""
        return f"{self.plan}/{self.appeal}"

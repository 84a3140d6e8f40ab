"""The events of intake: every input, as a past fact."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.decisions import UNAMENDED, Amended, Decision
from shared.contracts.envelope import Event
from shared.contracts.plan import ActionHead, Escalation, Group, PlanHead, Task, Unit
from shared.contracts.rulebook import Rulebook
from shared.contracts.submission import Correction, Done, Evidence, Value
from shared.contracts.values import Amount, Day, Id, Instant, Line, Note

AccessRole = Literal["submit", "office", "observer", "operator"]


class TaskDefined(Event):
    """One task of a plan version; `plan.versioned` closes the set, counts and digests it."""

    TYPE: ClassVar[str] = "duban.intake.task.defined.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    version: int
    """The plan's version, 1 for the first."""
    index: int
    """The task's place in this version, 0 for the first."""
    action: Id
    task: Task
    """The task as the plan file has it."""
    amended: Amended = UNAMENDED
    """What decisions have changed of it since."""

    @property
    def subject(self) -> str:
        """The task, in this version of its plan."""
        return f"{self.plan}/v{self.version}/{self.task.id}"


class PlanVersioned(Event):
    """A version of a plan is in force; its tasks came before, `tasks` of them.

    `digest` is the SHA-256 of its task events' data, each followed by a line feed, by index.
    Reports are owed from the period `activate_from` on; null where every window had closed.
    """

    TYPE: ClassVar[str] = "duban.intake.plan.versioned.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    version: int
    """The plan's version, 1 for the first."""
    head: PlanHead
    """What holds for the whole plan."""
    groups: tuple[Group, ...]
    """The groups in which units are ranked."""
    units: tuple[Unit, ...]
    """Who answers for the tasks."""
    actions: tuple[ActionHead, ...]
    """The special actions, without their tasks."""
    escalation: Escalation
    """Who is told next when nobody answers."""
    tasks: int
    """How many `task.defined` belong to this version."""
    digest: str
    """SHA-256 in hexadecimal, as said above."""
    activate_from: Id | None
    """The first period for which reports are owed; null where every window had closed."""
    by: Line

    @property
    def subject(self) -> str:
        """The plan's version."""
        return f"{self.plan}/v{self.version}"


class RulebookAdopted(Event):
    """From now on this rulebook governs the plan, for periods from its `effective_from` on."""

    TYPE: ClassVar[str] = "duban.intake.rulebook.adopted.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    rulebook: Rulebook
    """All settings of the assessment."""
    by: Line

    @property
    def subject(self) -> str:
        """The rulebook's version."""
        return f"{self.plan}/{self.rulebook.id}/v{self.rulebook.version}"


class SubmissionAccepted(Event):
    """A report was received and is durable; it replaces the obligation's earlier report whole.

    `received_at` decides timeliness; `as_of` is the day the values hold for.
    """

    TYPE: ClassVar[str] = "duban.intake.submission.accepted.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    submission: Id
    plan_version: int
    """The version of the plan that was in force at the receipt."""
    task: Id
    unit: Id
    period: Id
    received_at: Instant
    """When it was received (assessment 3.3)."""
    as_of: Day
    """The day the values hold for, local to the plan."""
    values: dict[Id, Value]
    """By indicator: a figure in its unit, or two rates in percent."""
    milestones: dict[Id, Done] | None
    """By milestone: the day it was done, the share done, or null to take it back; null where the
    report leaves milestones as they are."""
    percent: Amount | None
    """0 to 100, the share of the task that is done; null where it is not measured so."""
    no_data: tuple[Id, ...]
    """Indicators whose source has not published yet."""
    correction: Correction | None
    """Why something reported is taken back; null in an ordinary report."""
    note: Note | None
    """What the reporter added."""
    evidence: tuple[Evidence, ...]
    """Where the proof can be read."""
    digest: str
    """SHA-256 in hexadecimal of what was reported, as on the receipt."""
    by: Line
    corrects: Id | None = None
    """The report of a published period that this one corrects (assessment 4.13): it keeps that
    one's instant and marks, and what it does not name is filled in from it here. `corrected` tells
    of a correction where there was no report."""
    corrected: bool = False
    """Whether it is a correction of a published period."""

    @property
    def subject(self) -> str:
        """The obligation this answers."""
        return f"{self.plan}/{self.task}/{self.unit}/{self.period}"


class SubmissionVerified(Event):
    """The office has verified a report; review marks add up."""

    TYPE: ClassVar[str] = "duban.intake.submission.verified.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    submission: Id
    task: Id
    unit: Id
    period: Id
    verified_at: Instant
    """When the office verified it."""
    marks: Amount
    """Points off the quality part; those of several verifications add up (assessment 3.3)."""
    reason: Note | None
    """What the marks are for; null where none is given."""
    by: Line
    rubric: Literal["A", "B", "C", "D"] | None = None
    """The reviewer's grade of a task that is measured by one (assessment 4.1)."""
    values: dict[Id, Value] = Field(default_factory=dict)
    """By indicator: the figure the office verified, where it differs from the reported one."""

    @property
    def subject(self) -> str:
        """The submission."""
        return f"{self.plan}/{self.submission}"


class SubmissionReturned(Event):
    """The office has sent a report back; until it is repaired it counts as missing."""

    TYPE: ClassVar[str] = "duban.intake.submission.returned.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    submission: Id
    task: Id
    unit: Id
    period: Id
    returned_at: Instant
    """When the office sent it back."""
    reason: Note
    """What is to be repaired."""
    by: Line

    @property
    def subject(self) -> str:
        """The submission."""
        return f"{self.plan}/{self.submission}"


class DecisionMade(Event):
    """The office has decided. What it changes of a task comes besides as a version of the plan.

    A corrected report comes besides as an accepted submission.
    """

    TYPE: ClassVar[str] = "duban.intake.decision.made.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    decision: Id
    """Its id; that of an exemption is the one it was given."""
    made_at: Instant
    """When it was made."""
    decided: Decision
    """What was decided."""
    by: Line

    @property
    def subject(self) -> str:
        """The decision."""
        return f"{self.plan}/{self.decision}"


class CutoffMarked(Event):
    """A place in the plan's order: every event before it is in the run that asked for it."""

    TYPE: ClassVar[str] = "duban.intake.cutoff.marked.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    cutoff: Id
    """The mark; a publication names the one it was computed at."""
    marked_at: Instant
    """When it was marked."""
    by: Line

    @property
    def subject(self) -> str:
        """The mark."""
        return f"{self.plan}/{self.cutoff}"


class WorkdayBegan(Event):
    """It is 09:00 of a working day where the plan is: what time alone changes, changes now."""

    TYPE: ClassVar[str] = "duban.intake.workday.began.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    day: Day
    """The working day, local to the plan."""

    @property
    def subject(self) -> str:
        """The plan's day."""
        return f"{self.plan}/{self.day.isoformat()}"


class ObligationOverdue(Event):
    """A report that was owed has not come by its due day."""

    TYPE: ClassVar[str] = "duban.intake.obligation.overdue.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    task: Id
    unit: Id
    period: Id
    due: Day
    """The last day on which the report would have been on time, local to the plan."""
    close: Day
    """The last day on which the report still counts in its period."""

    @property
    def subject(self) -> str:
        """The obligation."""
        return f"{self.plan}/{self.task}/{self.unit}/{self.period}"


class ObligationReminded(Event):
    """A report is owed that has not come: its window opens, it is due soon, or it closes soon."""

    TYPE: ClassVar[str] = "duban.intake.obligation.reminded.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    task: Id
    unit: Id
    period: Id
    stage: Literal["opened", "due_soon", "closing"]
    """opened: the window is open; due_soon: 3 or 1 working days are left; closing: 1 is."""
    working_days: int
    """Left until the due day (opened, due_soon) or until the close (closing)."""
    due: Day
    """The last day on which the report is on time, local to the plan."""
    close: Day
    """The last day on which the report still counts in its period."""

    @property
    def subject(self) -> str:
        """The obligation."""
        return f"{self.plan}/{self.task}/{self.unit}/{self.period}"


class ObligationMissed(Event):
    """A report that was owed has not come by the close of its window."""

    TYPE: ClassVar[str] = "duban.intake.obligation.missed.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    task: Id
    unit: Id
    period: Id
    due: Day
    """The last day on which the report would have been on time, local to the plan."""
    close: Day
    """The last day on which the report would still have counted in its period."""

    @property
    def subject(self) -> str:
        """The obligation."""
        return f"{self.plan}/{self.task}/{self.unit}/{self.period}"


class ObligationWaived(Event):
    """What was said of an awaited report holds no more: it is not owed now, or at another time."""

    TYPE: ClassVar[str] = "duban.intake.obligation.waived.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    task: Id
    unit: Id
    period: Id
    reason: Literal["extended", "not_owed"]
    """extended: its window was moved; not_owed: the unit owes no such report any more."""

    @property
    def subject(self) -> str:
        """The obligation."""
        return f"{self.plan}/{self.task}/{self.unit}/{self.period}"


class CredentialChanged(Event):
    """A token was issued or revoked: its whole state, without the secret."""

    TYPE: ClassVar[str] = "duban.intake.credential.changed.v1"
    TOPIC: ClassVar[str] = topics.CREDENTIALS

    token: Id
    """The id of the token, which is no secret; the record's key."""
    holder: Line
    """The named person or system it was issued to."""
    unit: Id | None
    """The unit it may report for; null where it is not bound to one."""
    roles: tuple[AccessRole, ...]
    """What its holder may do."""
    secret_sha256: str
    """SHA-256 of the secret, in hexadecimal."""
    issued_at: Instant
    """When it was issued."""
    expires_at: Instant | None
    """From when on it is refused; null where it does not expire."""
    revoked_at: Instant | None
    """When it was revoked; null while it holds."""

    @property
    def key(self) -> str:
        """The token's id: the topic is compacted by it."""
        return self.token

    @property
    def subject(self) -> str:
        """The token."""
        return self.token

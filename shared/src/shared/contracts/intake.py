"""The events of intake: every input, as a past fact."""

from typing import ClassVar, Literal

from shared.contracts import topics
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
    index: int
    action: Id
    task: Task

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
    head: PlanHead
    groups: tuple[Group, ...]
    units: tuple[Unit, ...]
    actions: tuple[ActionHead, ...]
    escalation: Escalation
    tasks: int
    digest: str
    activate_from: Id | None
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
    task: Id
    unit: Id
    period: Id
    received_at: Instant
    as_of: Day
    values: dict[Id, Value]
    milestones: dict[Id, Done] | None
    percent: Amount | None
    no_data: tuple[Id, ...]
    correction: Correction | None
    note: Note | None
    evidence: tuple[Evidence, ...]
    digest: str
    by: Line

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
    marks: Amount
    reason: Note | None
    by: Line

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
    reason: Note
    by: Line

    @property
    def subject(self) -> str:
        """The submission."""
        return f"{self.plan}/{self.submission}"


class CutoffMarked(Event):
    """A place in the plan's order: every event before it is in the run that asked for it."""

    TYPE: ClassVar[str] = "duban.intake.cutoff.marked.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: Id
    cutoff: Id
    marked_at: Instant
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
    close: Day

    @property
    def subject(self) -> str:
        """The obligation."""
        return f"{self.plan}/{self.task}/{self.unit}/{self.period}"


class CredentialChanged(Event):
    """A token was issued or revoked: its whole state, without the secret."""

    TYPE: ClassVar[str] = "duban.intake.credential.changed.v1"
    TOPIC: ClassVar[str] = topics.CREDENTIALS

    token: Id
    holder: Line
    unit: Id | None
    roles: tuple[AccessRole, ...]
    secret_sha256: str
    issued_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None

    @property
    def key(self) -> str:
        """The token's id: the topic is compacted by it."""
        return self.token

    @property
    def subject(self) -> str:
        """The token."""
        return self.token

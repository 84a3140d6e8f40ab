"""What intake's routes read and answer about reports, where it is not a contract."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from intake.service.known import VALUES
from intake.store.tables import SubmissionRow
from shared.contracts.intake import AccessRole, SubmissionAccepted
from shared.contracts.submission import Correction, Done, Evidence, Value
from shared.contracts.values import Amount, Contract, Day, Id, Instant, Line, Note
from shared.kit.refusals import ProblemDocument

State = Literal["submitted", "verified", "returned"]
"""Where the office is with a report."""

Moment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2022-05-06T02:00:00+00:00"]}
    ),
]
"""A point in time, written with its offset."""


class TokenRequest(Contract):
    """Whom a token is for. `unit` binds it to one unit; a reporter's token needs one."""

    holder: Line
    unit: Id | None = None
    roles: Annotated[tuple[AccessRole, ...], Field(min_length=1)]
    expires_at: Instant | None = None

    @model_validator(mode="after")
    def _a_reporter_has_a_unit(self) -> Self:
        if "submit" in self.roles and self.unit is None:
            raise ValueError("the role submit reports for one unit: name it under unit")
        return self


class Verification(Contract):
    """The office's confirmation; `marks` are points off the report's quality, and add up."""

    marks: Amount = Field(default="0", validate_default=True, ge=0, le=100)
    reason: Note | None = None
    rubric: Literal["A", "B", "C", "D"] | None = None
    """The grade of a task that is measured by one; of several verifications the newest counts."""
    values: dict[Id, Value] = Field(default_factory=dict, max_length=200)
    """By indicator the figure as verified, where it differs from the reported one."""


class ReturnOrder(Contract):
    """Why a report is sent back."""

    reason: Annotated[Note, Field(min_length=1)]


class SubmissionReceipt(Contract):
    """The department's proof (回执): what was received, when, what that means for the window."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "s-0123456789abcdef0123456789abcdef",
                    "received_at": "2022-05-06T10:00:00+08:00",
                    "digest": "7c2f2f0b…",
                    "period": "2022-B2",
                    "due": "2022-05-10",
                    "close": "2022-05-17",
                    "timeliness": "on_time",
                    "late_days": 0,
                    "as_of": "2022-04-30",
                    "plan_version": 1,
                }
            ]
        }
    )

    id: Id | None
    """The submission's; null where it was a dry run."""
    received_at: Moment
    """When it was received, in the plan's time zone (assessment 3.3)."""
    digest: str
    """SHA-256 in hexadecimal of what was reported."""
    period: Id
    due: Day
    """The last day on time."""
    close: Day
    """The last day on which a report is taken."""
    timeliness: Literal["on_time", "late", "missing"]
    """missing: it came after the close."""
    late_days: int
    """In working days."""
    as_of: Day
    """The day the values hold for."""
    plan_version: int
    """The version of the plan that was in force."""


class TakenItem(Contract):
    """An item of a batch that was taken, or in a dry run would be."""

    ref: str | None
    """The sender's own mark."""
    status: Literal[200, 202]
    """202: it is durable; 200: it was a dry run."""
    receipt: SubmissionReceipt


class RefusedItem(Contract):
    """An item of a batch that was refused; its neighbours do not suffer."""

    ref: str | None
    """The sender's own mark."""
    status: int
    """The status this item would have been answered with alone."""
    problem: ProblemDocument


class BatchOutcome(Contract):
    """What became of each item, in their order."""

    items: tuple[TakenItem | RefusedItem, ...]


class SubmissionSummary(Contract):
    """A submission as its sender and the office see it."""

    id: Id
    plan: Id
    task: Id
    unit: Id
    period: Id
    state: State
    received_at: Moment
    as_of: Day
    """The day the values hold for."""
    digest: str
    """SHA-256 in hexadecimal of what was reported, as on the receipt."""
    by: str
    """The holder of the token it came with."""
    verified_at: Moment | None
    marks: Annotated[str, Field(examples=["0"])]
    """Points the office took off its quality, a decimal in quotes."""
    returned_at: Moment | None
    returned_reason: str | None
    rubric: Annotated[str, Field(examples=["B"])] | None
    """The reviewer's grade, A to D, where the task is measured by one."""
    corrected: bool
    """Whether it is the office's correction of a published period."""

    @classmethod
    def of(cls, row: SubmissionRow, **content: Any) -> Self:  # noqa: ANN401  # the fields below
        """As it is stored; `content` is what was reported, where that is shown too."""
        return cls(
            id=row.id,
            plan=row.plan,
            task=row.task,
            unit=row.unit,
            period=row.period,
            state=_state_of(row),
            received_at=row.received_at,
            as_of=row.as_of,
            digest=row.digest,
            by=row.holder,
            verified_at=row.verified_at,
            marks=row.marks,
            rubric=row.rubric,
            corrected=row.corrected,
            returned_at=row.returned_at,
            returned_reason=row.returned_reason,
            **content,
        )


class SubmissionPage(Contract):
    """Submissions, newest first."""

    items: tuple[SubmissionSummary, ...]
    cursor: int | None
    """Where the next page begins; null where there is none."""


class WholeSubmission(SubmissionSummary):
    """A submission with what was reported."""

    values: dict[Id, Value]
    """By indicator."""
    milestones: dict[Id, Done] | None
    """By milestone."""
    percent: Amount | None
    """0 to 100."""
    no_data: tuple[Id, ...]
    """Indicators whose source has not published yet."""
    correction: Correction | None
    note: Note | None
    evidence: tuple[Evidence, ...]
    verified_values: dict[Id, Value]
    """By indicator the figure as the office verified it, where it differs."""

    @classmethod
    def reported(cls, row: SubmissionRow, content: SubmissionAccepted) -> Self:
        """As it is stored, with its event."""
        verified = VALUES.validate_json(row.verified_values or "{}")
        told = {name: getattr(content, name) for name in _CONTENT}
        return cls.of(row, verified_values=verified, **told)


_OWN: Final = {*SubmissionSummary.model_fields, "verified_values"}
_CONTENT: Final = WholeSubmission.model_fields.keys() - _OWN


def _state_of(row: SubmissionRow) -> State:
    if row.returned_at is not None:
        return "returned"
    return "submitted" if row.verified_at is None else "verified"

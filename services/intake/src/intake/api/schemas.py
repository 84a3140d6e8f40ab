"""What intake's routes read and answer, where it is not a contract."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from intake.service.duties import Owed
from intake.store.tables import SubmissionRow
from shared.contracts.intake import AccessRole, SubmissionAccepted
from shared.contracts.values import Amount, Contract, Id, Instant, Line, Note


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
    """The office's confirmation; `marks` are points off the report's quality."""

    marks: Amount = Field(default="0", validate_default=True, ge=0, le=100)
    reason: Note | None = None


class ReturnOrder(Contract):
    """Why a report is sent back."""

    reason: Annotated[Note, Field(min_length=1)]


def submission_json(row: SubmissionRow, content: SubmissionAccepted | None) -> dict[str, Any]:
    """A submission as its sender and the office see it; `content` in the single view."""
    body: dict[str, Any] = {
        "id": row.id,
        "plan": row.plan,
        "task": row.task,
        "unit": row.unit,
        "period": row.period,
        "state": state_of(row),
        "received_at": _iso(row.received_at),
        "as_of": row.as_of.isoformat(),
        "digest": row.digest,
        "by": row.holder,
        "verified_at": _iso(row.verified_at),
        "marks": row.marks,
        "returned_at": _iso(row.returned_at),
        "returned_reason": row.returned_reason,
    }
    if content is not None:
        fields = {"values", "milestones", "percent", "no_data", "correction", "note", "evidence"}
        body |= content.model_dump(mode="json", include=fields)
    return body


def state_of(row: SubmissionRow) -> str:
    """submitted, verified or returned."""
    if row.returned_at is not None:
        return "returned"
    return "submitted" if row.verified_at is None else "verified"


def owed_json(owed: Owed) -> dict[str, Any]:
    """An obligation, with a prefilled report to complete."""
    duty, task = owed.obligation, owed.obligation.task
    template: dict[str, Any] = {
        "plan": duty.plan,
        "task": task.id,
        "unit": duty.unit,
        "period": duty.period.id,
    }
    if duty.figures:
        template["values"] = dict.fromkeys(duty.figures, "")
    if task.measure in {"milestones", "both"}:
        template["milestones"] = {}
    if task.measure in {"percent", "yes_no"}:
        template["percent"] = ""
    return {
        "plan": duty.plan,
        "task": task.id,
        "title": task.title.model_dump(),
        "unit": duty.unit,
        "period": duty.period.id,
        "open": owed.window.open.isoformat(),
        "due": owed.window.due.isoformat(),
        "close": owed.window.close.isoformat(),
        "state": owed.state,
        "submission": owed.submission,
        "indicators": {
            one.id: {
                "title": one.title.model_dump(),
                "unit": one.unit.model_dump() if one.unit else None,
            }
            for one in task.indicators
        },
        "milestones": {
            one.id: {"title": one.title.model_dump(), "due": one.due.isoformat()}
            for one in task.milestones
        },
        "template": template,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None

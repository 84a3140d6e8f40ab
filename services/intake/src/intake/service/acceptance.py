"""A report that is accepted: its id, its event, its row."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table

from intake.domain.admission import as_of
from intake.service.caller import Caller
from intake.store.facts import Obligation
from intake.store.tables import SubmissionRow
from shared.calendar.periods import Period
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission

SUBMISSIONS: Final[Table] = SubmissionRow.__table__  # type: ignore[attr-defined]  # SQLModel's
_CONTENT: Final = tuple(name for name in Submission.model_fields if name != "as_of")
_OF_EVENT: Final = (
    *("plan", "plan_version", "task", "unit", "period", "received_at", "as_of", "digest"),
    "corrected",
)

KeyPlace = tuple[str, str, str]
"""Holder, route and idempotency key."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A report as it came: who sent it, and the key of the request if it has one."""

    submission: Submission
    digest: str
    caller: Caller
    key: str | None = None
    route: str = ""

    @property
    def obligation(self) -> Obligation:
        """What it answers."""
        one = self.submission
        return one.plan, one.task, one.unit, one.period

    @property
    def key_place(self) -> KeyPlace | None:
        """Where the answer to its key is kept."""
        return None if self.key is None else (self.caller.holder, self.route, self.key)


def submission_id(sent: Sent, now: datetime, *, after: str | None) -> str:
    """The id of a report received `now`: the same history of reports has the same ids.

    `after` is the id of the obligation's report before it, so that no two are called alike.
    """
    told = json.dumps([*sent.obligation, sent.digest, now.astimezone(UTC).isoformat(), after])
    return f"s-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def accepted_of(
    sent: Sent,
    number: str,
    period: Period,
    *,
    version: int,
    now: datetime,
    corrects: str | None = None,
    corrected: bool = False,
) -> SubmissionAccepted:
    """The event of a report that was received `now` under this version of its plan."""
    submission = sent.submission
    # The report was validated when it was read, and all else is ours: not once more.
    return SubmissionAccepted.model_construct(
        submission=number,
        plan_version=version,
        received_at=now,
        as_of=as_of(submission, period),
        digest=sent.digest,
        by=sent.caller.holder,
        corrects=corrects,
        corrected=corrected,
        **{name: getattr(submission, name) for name in _CONTENT},
    )


def row_of(accepted: SubmissionAccepted, correlation: str) -> dict[str, Any]:
    """The row of a report; what was reported stands in its event alone."""
    return {
        "id": accepted.submission,
        "holder": accepted.by,
        "correlation": correlation,
        "marks": "0",
        **{name: getattr(accepted, name) for name in _OF_EVENT},
    }

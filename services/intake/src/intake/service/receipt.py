"""What a department gets in its hands for a report, and what makes two reports the same."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from intake.domain.admission import as_of
from intake.service.in_force import PlanInForce
from shared.calendar.windows import Window
from shared.contracts.submission import Submission

_MEMBERS: Final = set(Submission.model_fields)
_CANONICAL: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The department's proof (回执): what was received, when, and what that means for the window.

    `timeliness` is on_time, late or missing (after the close); `late_days` counts working days.
    """

    id: str | None
    received_at: str
    digest: str
    period: str
    due: str
    close: str
    timeliness: str
    late_days: int
    as_of: str
    plan_version: int

    def members(self) -> dict[str, Any]:
        """The receipt as it is answered."""
        return dict(vars(self))


class Stored(NamedTuple):
    """What a receipt tells of the report as it was stored; no id where it was only rehearsed."""

    id: str | None
    at: datetime
    plan_version: int


def receipt_of(
    submission: Submission, digest: str, plan: PlanInForce, window: Window, stored: Stored
) -> Receipt:
    """The receipt of a report that was stored so."""
    timeliness = plan.calendar.timeliness(stored.at, window)
    return Receipt(
        id=stored.id,
        received_at=stored.at.astimezone(plan.calendar.tz).isoformat(),
        digest=digest,
        period=window.period.id,
        due=window.due.isoformat(),
        close=window.close.isoformat(),
        timeliness=timeliness.status,
        late_days=timeliness.late_days,
        as_of=as_of(submission, window.period).isoformat(),
        plan_version=stored.plan_version,
    )


def content_of(submission: Submission) -> str:
    """What was reported, as canonical JSON: sorted keys, no spaces; nothing of the transport."""
    return _CANONICAL.encode(submission.model_dump(mode="json", include=_MEMBERS, by_alias=True))


def digest_of(submission: Submission) -> str:
    """The SHA-256 of the content, in hexadecimal."""
    return hashlib.sha256(content_of(submission).encode()).hexdigest()

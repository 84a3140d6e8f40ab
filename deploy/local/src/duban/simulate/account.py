"""What came of a scenario, in the words of product.md ("Scenario files")."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from duban.simulate.house import House, Warned
from duban.simulate.play import Refusal
from notify.domain.kinds import (
    AppealOutcome,
    Details,
    LateMilestone,
    Reminder,
    Reviewed,
    Step,
    Summons,
    UnitResult,
)
from notify.store.tables import Alert
from scoring.domain.task_line import UNDER_REVIEW
from scoring.service.releases import YEAR, result_of, year_of
from scoring.store.tables import PublicationRow

_FIGURES: Final = ("a", "e", "r", "gap")
_DETAILS: Final[TypeAdapter[Details]] = TypeAdapter(Details)


@dataclass(frozen=True, kw_only=True)
class Account:
    """All that `duban simulate --json` prints, as JSON values.

    An alert is listed when it is raised and when it gets worse, in order of time, each with the
    state it has at the end.
    """

    publications: Sequence[Mapping[str, Any]]
    years: Sequence[Mapping[str, Any]]
    alerts: Sequence[Mapping[str, Any]]
    refused: Sequence[Mapping[str, Any]]

    def members(self) -> dict[str, Any]:
        """As one object."""
        return dict(vars(self))


async def account_of(house: House, refused: Sequence[Refusal], *, timezone: str) -> Account:
    """What the services have stored, once all is played."""
    rows = await house.scoring.publications.all(plan=None, drafts=False, kind=None)
    released = sorted(rows, key=lambda row: row.release_number or 0)
    return Account(
        publications=[await _publication(house, row) for row in released if row.kind != YEAR],
        years=[_year(row) for row in released if row.kind == YEAR],
        alerts=await _alerts(house, ZoneInfo(timezone)),
        refused=[asdict(one) for one in refused],
    )


async def _publication(house: House, row: PublicationRow) -> dict[str, Any]:
    head = {"period": row.period, "version": row.version, "digest": row.digest}
    told = {**head, **result_of(row).summary()}
    contested = {one.item for one in await house.scoring.appeals.under_review(row)}
    for line in told["tasks"]:
        if line["task"] in contested:
            line["flags"] = [*line["flags"], UNDER_REVIEW]
    return told


def _year(row: PublicationRow) -> dict[str, Any]:
    summary = year_of(row).summary()
    head = {"year": summary.pop("year"), "version": row.version, "digest": row.digest}
    return {**head, **summary}


async def _alerts(house: House, zone: ZoneInfo) -> list[dict[str, Any]]:
    """What people were told, in order of time."""
    async with house.notify.parts.db.read() as session:
        states = {
            one.alert.id: (await session.get_one(Alert, one.alert.id)).state
            for one in house.warnings
        }
    return [_alert(one, states[one.alert.id], zone) for one in house.warnings]


def _alert(warned: Warned, state: str, zone: ZoneInfo) -> dict[str, Any]:
    event = warned.event
    return {
        "at": _local(event.raised_at, zone),
        "kind": event.kind,
        "task": event.task,
        "unit": event.unit,
        "level": event.level,
        "to": list(event.to),
        "reason": _reason(warned.alert),
        "state": state,
    }


def _reason(alert: Alert) -> str:
    """A code with its operands, as `entered(period=2022-B2, a=0.3000, …)`."""
    operands = {"period": alert.period, **{name: getattr(alert, name) for name in _FIGURES}}
    operands |= _operands(_DETAILS.validate_json(alert.details) if alert.details else None)
    said = ", ".join(f"{name}={value}" for name, value in operands.items() if value is not None)
    return f"{alert.reason}({said})"


def _operands(  # noqa: PLR0911  # one return for each kind of details
    details: Details | None,
) -> dict[str, Any]:
    """What the reason refers to beside period and figures."""
    match details:
        case Reminder():
            days = details.working_days or None
            return {"due": details.due, "close": details.close, "working_days": days}
        case LateMilestone():
            return {"milestone": details.milestone, "due": details.due, "days": details.days}
        case Summons(milestone=LateMilestone() as late):
            return _operands(late)
        case Step():
            return {"working_days": details.working_days or None, "role": details.role}
        case UnitResult():
            names = ("version", "score", "rank", "grade", "was_score", "was_rank", "was_grade")
            return {name: getattr(details, name) for name in names}
        case Reviewed():
            return {"marks": details.marks}
        case AppealOutcome():
            return {"appeal": details.appeal, "item": details.item}
        case _:
            return {}


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()

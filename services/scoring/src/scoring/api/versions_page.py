"""The versions of a publication side by side: why each was made, and which lines it changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scoring.api.page_sight import shown
from scoring.domain.period_run import PeriodResult
from scoring.service.releases import result_of
from scoring.store.tables import PublicationRow
from shared.contracts.values import Contract
from shared.kit.auth import Principal

_PRINTED: Final[Mapping[str, tuple[str, ...]]] = {
    "task": ("light", "a", "e", "r", "score", "left_out"),
    "unit": ("score", "rank", "grade"),
    "action": ("score",),
}
"""What is compared of a line, in the order of a table."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One printed value of a line that differs from the version before; None is "none"."""

    kind: Literal["task", "unit", "action"]
    id: str
    field: str
    was: str | None
    now: str | None


@dataclass(frozen=True, kw_only=True)
class VersionView:
    """A version with its reason (None for the first) and what it changed."""

    row: PublicationRow
    reason: str | None
    changes: tuple[Changed, ...]


def versions(
    rows: Sequence[PublicationRow], *, reader: Principal | None
) -> tuple[VersionView, ...]:
    """The computed versions of one period, the first one first."""
    computed = sorted((row for row in rows if row.result), key=lambda row: row.version)
    told, before = [], None
    for row in computed:
        result = result_of(row)
        changes = () if before is None else changed(before, result, reader=reader)
        told.append(VersionView(row=row, reason=_reason(row), changes=changes))
        before = result
    return tuple(told)


def changed(
    was: PeriodResult, now: PeriodResult, *, reader: Principal | None
) -> tuple[Changed, ...]:
    """Every printed value that differs, of the lines this reader may see."""
    return (
        *_differences("task", shown(was.tasks, reader), shown(now.tasks, reader)),
        *_differences("unit", was.units, now.units),
        *_differences("action", was.actions, now.actions),
    )


def _differences(
    kind: Literal["task", "unit", "action"], was: Sequence[Contract], now: Sequence[Contract]
) -> list[Changed]:
    old, new = _by_id(kind, was), _by_id(kind, now)
    return [
        Changed(kind=kind, id=name, field=field, was=before, now=after)
        for name in sorted(old.keys() | new.keys())
        for field in _PRINTED[kind]
        if (before := old.get(name, {}).get(field)) != (after := new.get(name, {}).get(field))
    ]


def _by_id(kind: str, lines: Sequence[Contract]) -> dict[str, dict[str, str]]:
    """The values that are there, as texts."""
    found = {}
    for line in lines:
        row = line.model_dump(mode="json", include={kind, *_PRINTED[kind]}, exclude_none=True)
        found[str(row.pop(kind))] = {name: str(value) for name, value in row.items()}
    return found


def _reason(row: PublicationRow) -> str | None:
    """Why a correction was made, as its manifest says."""
    corrects = json.loads(row.manifest or "{}").get("corrects") or {}
    reason: str | None = corrects.get("reason")
    return reason

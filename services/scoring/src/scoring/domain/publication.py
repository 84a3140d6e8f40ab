"""A publication: one manifest, and one leaf for each unit whose SHA-256 the manifest holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from scoring.domain.period_run import PeriodResult
from scoring.domain.rollup import UnitResult
from scoring.domain.task_line import TaskLine
from shared.contracts.rulebook import Rulebook

FORMAT: Final = "duban.publication/1"
_FORMULAS: Final = (
    "action.mean/1",
    "grade.bands/1",
    "light.ratio/1",
    "plan.mean/1",
    "quality.complete/1",
    "quota.exclude_all/1",
    "rates.expected/1",
    "timeliness.per_day/1",
    "unit.mean/1",
)
"""Formulas that have no choice in them yet; the others are named by what was used."""


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """Where the run stopped reading: a place in the plan's order, and its instant (UTC)."""

    position: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Documents of JSON values; `digest` is the SHA-256 of the manifest's canonical bytes."""

    manifest: Mapping[str, Any]
    leaves: Mapping[str, Mapping[str, Any]]
    digest: str


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a document: UTF-8, keys in order, no spaces, no floats.

    Raises:
        TypeError: the document holds a float: write it as a decimal string.
    """
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    json.loads(text, parse_float=_refuse_float, parse_constant=_refuse_float)
    return text.encode()


def digest_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a document's canonical bytes, in hexadecimal."""
    return sha256(canonical(document)).hexdigest()


def build(
    result: PeriodResult,
    *,
    plan: str,
    plan_version: int,
    rulebook: Rulebook,
    period: str,
    version: int,
    cutoff: Cutoff,
    previous_digest: str | None,
) -> Publication:
    """The same result before the same cut-off gives the same bytes (assessment 4.16).

    `previous_digest` is that of the publication released before, None for the plan's first.
    """
    head = {"format": FORMAT, "plan": plan, "period": period, "version": version}
    leaves = {
        unit.unit: {
            **head,
            "result": unit.model_dump(mode="json"),
            "tasks": [_task(line) for line in result.tasks if _concerns(line, unit.unit)],
        }
        for unit in result.units
    }
    whole = result.model_dump(mode="json", include={"actions", "plan_score", "rates"})
    manifest = {
        **head,
        **whole,
        "plan_version": plan_version,
        "rulebook": {"id": rulebook.id, "version": rulebook.version},
        "formulas": _formulas(result, rulebook),
        "cutoff": {
            "position": cutoff.position,
            "at": cutoff.at.isoformat().replace("+00:00", "Z"),
        },
        "groups": _group_tables(result.units),
        "leaves": {unit: digest_of(leaf) for unit, leaf in leaves.items()},
        "previous": previous_digest,
    }
    return Publication(manifest=manifest, leaves=leaves, digest=digest_of(manifest))


def _concerns(line: TaskLine, unit: str) -> bool:
    return unit == line.unit or bool(line.shares.get(unit))


def _task(line: TaskLine) -> dict[str, Any]:
    return line.model_dump(mode="json")


def _formulas(result: PeriodResult, rulebook: Rulebook) -> list[str]:
    """Every formula that made a number of this publication, by id."""
    used = {*_FORMULAS, f"rank.{rulebook.ranking}/1", f"rounding.{rulebook.rounding.mode}/1"}
    for line in result.tasks:
        used.add(line.share_formula)
        used.update(part.formula for part in line.parts)
        used.update(part.curve for part in line.parts)
        if line.basis is not None:
            used.add(line.basis)
    return sorted(used)


def _group_tables(units: tuple[UnitResult, ...]) -> dict[str, list[dict[str, Any]]]:
    """The units of each group, the best first; those without a rank stand last."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for unit in sorted(units, key=lambda one: (one.rank is None, one.rank, one.unit)):
        row = unit.model_dump(mode="json", include={"unit", "score", "rank", "grade", "reasons"})
        tables.setdefault(unit.group, []).append(row)
    return tables


def _refuse_float(text: str) -> object:
    raise TypeError(f"a document holds the float {text}: write it as a decimal string")

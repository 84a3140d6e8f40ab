"""The publication of a period or an evaluation: its manifest, and the lines of each leaf."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scoring.domain.corrections import Amends
from scoring.domain.documents import Document, Kind, Leaf, Line, Publication, compose
from scoring.domain.period_run import PeriodResult
from scoring.domain.task_line import TaskLine
from shared.contracts.plan import ActionHead
from shared.contracts.rulebook import Rulebook
from shared.contracts.values import Contract, write_amount

_ALWAYS: Final = (
    "action.mean/1",
    "grade.bands/1",
    "plan.mean/1",
    "quality.complete/1",
    "rates.expected/1",
    "timeliness.per_day/1",
    "unit.mean/1",
)
"""Formulas without a choice in them, by which every period is worked out."""
_FORMULA_KEYS: Final = frozenset({"formula", "curve", "basis", "share_formula"})


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """Where the run stopped reading: a place in the plan's order, and its instant (UTC)."""

    position: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Why a version follows another: what it names, and the lines of the version before.

    Who wrote, approved and released a version is not among what is hashed (ADR 18).
    """

    amends: Amends
    before: Sequence[TaskLine]


def build(
    result: PeriodResult,
    *,
    kind: Kind = "period",
    plan: str,
    plan_version: int,
    rulebook: Rulebook,
    period: str,
    version: int,
    cutoff: Cutoff,
    previous_digest: str | None,
    actions: Iterable[ActionHead] = (),
    corrects: Correction | None = None,
    salt_key: bytes | None = None,
) -> Publication:
    """The same result before the same cut-off gives the same bytes (assessment 4.16).

    Args:
        result: of the run.
        kind: of the run.
        plan: its id.
        plan_version: the one in force at the cut-off.
        rulebook: whose settings the result rests on.
        period: its id.
        version: 1 for the first.
        cutoff: where the run stopped reading.
        previous_digest: that of the publication released before, None for the plan's first.
        actions: of the plan; without their weights nobody can recompute its score.
        corrects: what a correction names; None for version 1.
        salt_key: a secret of the office, see `compose`.

    Raises:
        ValueError: a line is hidden and there is no key to salt it with.
    """
    lines = [_line(line) for line in result.tasks]
    return compose(
        kind=kind,
        plan=plan,
        period=period,
        version=version,
        whole={
            **_whole(result, actions),
            **basis_of(plan_version=plan_version, rulebook=rulebook, cutoff=cutoff),
            "formulas": sorted({*_ALWAYS, *chosen(rulebook), *formulas_in(lines)}),
            "groups": group_tables(result.units),
            "corrects": None if corrects is None else _correction(corrects, result.tasks),
        },
        leaves={
            unit.unit: Leaf(
                result=_for_everybody(unit.model_dump(mode="json"), lines),
                lines=[
                    line
                    for line, of in zip(lines, result.tasks, strict=True)
                    if unit.unit == of.unit or of.shares.get(unit.unit)
                ],
            )
            for unit in result.units
        },
        previous_digest=previous_digest,
        salt_key=salt_key,
    )


def basis_of(*, plan_version: int, rulebook: Rulebook, cutoff: Cutoff) -> dict[str, Any]:
    """What a result rests on: the plan's version, every setting of the rulebook, the cut-off."""
    at = cutoff.at.isoformat().replace("+00:00", "Z")
    return {
        "plan_version": plan_version,
        "rulebook": rulebook.model_dump(mode="json"),
        "cutoff": {"position": cutoff.position, "at": at},
    }


def chosen(rulebook: Rulebook) -> set[str]:
    """The formulas that a rulebook chooses, by id."""
    return {
        f"light.{rulebook.lights.preset}/1",
        f"quota.{rulebook.quota.ties}/1",
        f"rank.{rulebook.ranking}/1",
        f"rounding.{rulebook.rounding.mode}/1",
    }


def formulas_in(lines: Iterable[Line]) -> set[str]:
    """Every formula that made a number of these lines, by id."""
    return {formula for line in lines for formula in _formulas(line.document)}


def group_tables(units: Iterable[Contract]) -> dict[str, list[dict[str, Any]]]:
    """The units of each group, the best first; those without a rank stand last.

    `units` are results with unit, group, score, rank, grade and reasons.
    """
    shown = {"unit", "group", "score", "rank", "grade", "reasons"}
    rows = [unit.model_dump(mode="json", include=shown) for unit in units]
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["rank"] is None, row["rank"], row["unit"])):
        tables.setdefault(row.pop("group"), []).append(row)
    return tables


def _whole(result: PeriodResult, actions: Iterable[ActionHead]) -> dict[str, Any]:
    """All of a result that is above its units, each action with its weight."""
    whole = result.model_dump(mode="json", exclude={"units", "tasks"})
    weights = {action.id: write_amount(action.weight) for action in actions}
    whole["actions"] = [
        {**action, "weight": weights.get(action["action"])} for action in whole["actions"]
    ]
    return whole


def _line(line: TaskLine) -> Line:
    return Line(id=line.task, document=line.model_dump(mode="json"), public=line.public)


def _for_everybody(result: dict[str, Any], lines: Iterable[Line]) -> Document:
    """What a unit's result says of a hidden task is left to the task's line."""
    hidden = {line.id for line in lines if not line.public}
    return {**result, "lines": [own for own in result["lines"] if own["task"] not in hidden]}


def _correction(correction: Correction, after: Sequence[TaskLine]) -> dict[str, Any]:
    """What a correction names; hidden tasks are counted, not named."""
    amends, before = correction.amends, {line.task: line for line in correction.before}
    changed = [line for line in after if before.get(line.task) != line]
    hidden = {line.task for line in after if not line.public}
    return {
        "reason": amends.reason,
        "submissions": sorted(amends.submissions),
        "exemptions": sorted(amends.exemptions),
        "zero": sorted(set(amends.zero) - hidden),
        "changed": sorted(line.task for line in changed if line.public),
        "hidden_changed": sum(not line.public for line in changed),
    }


def _formulas(value: object) -> Iterator[str]:
    """The ids of formulas anywhere in a document."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _FORMULA_KEYS and isinstance(inner, str) and "/" in inner:
                yield inner
            else:
                yield from _formulas(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _formulas(inner)

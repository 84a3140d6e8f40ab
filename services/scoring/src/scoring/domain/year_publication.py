"""The publication of a year: its manifest, and a leaf for each unit (assessment 4.14)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scoring.domain.corrections import Amends
from scoring.domain.documents import Document, Leaf, Line, Publication, compose
from scoring.domain.publication import Cutoff, basis_of, chosen, formulas_in, group_tables
from scoring.domain.year_result import YearResult, YearUnit
from shared.contracts.plan import ActionHead
from shared.contracts.rulebook import Rulebook
from shared.contracts.values import write_amount

_ALWAYS: Final = ("grade.bands/1", "plan.mean/1", "year.actions/1", "year.sum/1")


def build_year(
    result: YearResult,
    *,
    plan: str,
    plan_version: int,
    rulebook: Rulebook,
    version: int,
    cutoff: Cutoff,
    previous_digest: str | None,
    actions: Iterable[ActionHead],
    public: Mapping[str, bool],
    amends: Amends | None,
    salt_key: bytes,
) -> Publication:
    """The same result before the same cut-off gives the same bytes (assessment 4.16).

    `public` tells by task whether everybody may read of it, `amends` what a later version names;
    the other arguments are those of `publication.build`.
    """
    weights = {action.id: write_amount(action.weight) for action in actions}
    lines = {unit.unit: _lines(unit, public) for unit in result.units}
    whole = result.model_dump(mode="json", include={"year", "actions", "plan_score", "figures"})
    whole["actions"] = [
        {**action, "weight": weights.get(action["action"])} for action in whole["actions"]
    ]
    every = [line for mine in lines.values() for line in mine]
    return compose(
        kind="year",
        plan=plan,
        period=str(result.year),
        version=version,
        whole={
            **whole,
            **basis_of(plan_version=plan_version, rulebook=rulebook, cutoff=cutoff),
            "formulas": sorted({*_ALWAYS, *chosen(rulebook), *formulas_in(every)}),
            "groups": group_tables(result.units),
            "corrects": None if amends is None else _correction(amends, public),
        },
        leaves={
            unit.unit: Leaf(result=_result(unit, public), lines=lines[unit.unit])
            for unit in result.units
        },
        previous_digest=previous_digest,
        salt_key=salt_key,
    )


def _lines(unit: YearUnit, public: Mapping[str, bool]) -> list[Line]:
    """Each target's term is a line of its own, so that those of hidden tasks can be sealed."""
    return [
        Line(
            id=f"{term.task}/{term.indicator}",
            document=term.model_dump(mode="json"),
            public=public.get(term.task, True),
        )
        for term in unit.target_terms
    ]


def _result(unit: YearUnit, public: Mapping[str, bool]) -> Document:
    """What stands in both copies; a hidden task that caps the grade is not named."""
    told: dict[str, Any] = unit.model_dump(mode="json", exclude={"target_terms"})
    told["caps"] = [
        cap if public.get(cap["matter"], True) else {**cap, "matter": "hidden"}
        for cap in told["caps"]
    ]
    return told


def _correction(amends: Amends, public: Mapping[str, bool]) -> Document:
    return {
        "reason": amends.reason,
        "submissions": sorted(amends.submissions),
        "exemptions": sorted(amends.exemptions),
        "zero": sorted(task for task in amends.zero if public.get(task, True)),
    }

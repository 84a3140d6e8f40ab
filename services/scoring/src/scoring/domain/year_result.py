"""The result of a year as published: every number with what it was computed from (4.14)."""

import json
from collections.abc import Collection, Iterable
from typing import Any, Literal

from scoring.domain.events import EventShown
from scoring.domain.exact import Exact, Printed
from scoring.domain.ranking import Grade
from scoring.domain.rollup import ActionResult
from shared.contracts.scoring import Light
from shared.contracts.values import Contract

YearReason = Literal["no_counted_task", "few_periods", "no_year_target", "no_seat", "vetoed"]


class PeriodPart(Contract):
    """A published score that counts in a period of a successor, and the weight it counted with.

    It is that of a unit, or of its part in a task.
    """

    unit: str
    task: str | None
    score: Printed
    weight: Exact


class PeriodTerm(Contract):
    """A unit's, or a task's, published score of a period; None where it was not assessed.

    `weight` is that of the period in the year. Where the unit has inherited of others, `parts`
    are all that it has of the period, and the mean of these counts in the place of the score.
    """

    period: str
    score: Printed | None
    weight: Exact
    parts: tuple[PeriodPart, ...] = ()


class TaskTerm(Contract):
    """A task's published scores of the periods it counted in, and its weight for the unit.

    Only with `year.order: task_first`.
    """

    task: str
    weight: Exact
    scores: tuple[PeriodTerm, ...]


class Cap(Contract):
    """The best grade that is left to a unit: by a veto, or for false data of a task it leads."""

    matter: str
    grade: Grade


class TargetTerm(Contract):
    """One figure's part in B: what it attained of its target for the year.

    `a` is exact and None without data; `weight` is the figure's part of its task times the task's
    weight times the unit's share. `final` tells whether the value is of the year's end.
    """

    task: str
    indicator: str
    formula: str
    operands: dict[str, Exact]
    a: Exact | None
    weight: Exact
    overshoot: Exact
    final: bool
    submissions: tuple[str, ...]


class YearRow(Contract):
    """What a bulletin of the year prints of a unit: all to 2 places."""

    unit: str
    group: str
    periods: Printed | None
    attainment: Printed | None
    overshoot: Printed
    bonus: Printed
    deductions: Printed
    score: Printed | None
    rank: int | None
    grade: Grade | None
    reasons: tuple[YearReason, ...]


class YearUnit(YearRow):
    """A unit's year with all that explains it.

    `merged_into` is the unit that it became part of: its periods, targets and events are there.
    `public` is its public rating. `weights` are those of periods, attainment and public that are
    left where a term has no value. `task_terms` are what A is the mean of where tasks are averaged
    first. `coverage` is the share of B's weight that has a value.
    """

    merged_into: str | None = None
    period_terms: tuple[PeriodTerm, ...]
    task_terms: tuple[TaskTerm, ...]
    target_terms: tuple[TargetTerm, ...]
    public: Printed | None
    weights: dict[Literal["periods", "attainment", "public"], Exact]
    coverage: Exact | None
    events: tuple[EventShown, ...]
    caps: tuple[Cap, ...]


def shown_without(unit: YearUnit, sealed: Collection[str]) -> YearUnit:
    """A unit's year for a reader who may not see some tasks (`sealed`), whose terms are left out.

    That one of them caps the grade is told without its name.
    """
    return unit.model_copy(
        update={
            "target_terms": tuple(one for one in unit.target_terms if one.task not in sealed),
            "caps": tuple(
                Cap(matter="hidden", grade=cap.grade) if cap.matter in sealed else cap
                for cap in unit.caps
            ),
        }
    )


class FigureRow(Contract):
    """What is printed of a figure of the plan or an action; it is in no score.

    a, e and r to 4 places, None without data; the light without memory.
    """

    of: str
    indicator: str
    a: Printed | None
    e: Printed | None
    r: Printed | None
    light: Light


class Figure(FigureRow):
    """A figure with all that explains it; `unit` reports it."""

    unit: str
    formula: str
    operands: dict[str, Exact]
    curve: str
    curve_operands: dict[str, Exact]
    submissions: tuple[str, ...]


class YearResult(Contract):
    """A year: units, actions and figures by id."""

    year: int
    units: tuple[YearUnit, ...]
    actions: tuple[ActionResult, ...]
    plan_score: Printed | None
    figures: tuple[Figure, ...]

    def summary(self) -> dict[str, Any]:
        """The printed numbers as JSON values, without what explains them."""
        rows = [
            one.model_dump(mode="json", include=set(YearRow.model_fields)) for one in self.units
        ]
        figures = printed_figures(self.figures)
        whole = self.model_dump(mode="json", include={"year", "actions", "plan_score"})
        return {**whole, "units": rows, "figures": figures}


def stored_year(text: str) -> YearResult:
    """A year as it was stored; what an earlier release did not say yet is added.

    Release 0.3.0 averaged periods only, all with the same weight.
    """
    if '"task_terms"' in text:
        return YearResult.model_validate_json(text)
    stored = json.loads(text)
    for unit in stored["units"]:
        unit["task_terms"] = []
        unit["period_terms"] = [{"weight": "1", **term} for term in unit["period_terms"]]
    return YearResult.model_validate_json(json.dumps(stored))


def printed_figures(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """What is printed of figures, as JSON values."""
    shown = set(FigureRow.model_fields)
    return [one.model_dump(mode="json", include=shown) for one in figures]

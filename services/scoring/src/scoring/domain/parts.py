"""What a task is measured by on a day: its indicators, its milestones, its percentage."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from scoring.domain.attainment import (
    FORMULAS,
    Attained,
    attain,
    credit,
    is_done,
    is_held,
    milestones,
)
from scoring.domain.expectation import ALWAYS, NOT_YET, Expected, Nodes, expected
from scoring.domain.facts import MilestoneReport, Report
from scoring.domain.reading import Reading
from scoring.domain.task_line import Part
from shared.calendar.periods import is_slower
from shared.contracts.plan import Cadence, Expectation, Indicator, Task
from shared.contracts.rulebook import Rulebook

MILESTONES: Final = "milestones"
"""The id of the part that a task's milestones are."""

_ONE_STEP = Expectation(curve="steps")


def parts_of(
    task: Task, reading: Reading, day: date, *, rulebook: Rulebook, cadence: Cadence
) -> tuple[Part, ...]:
    """A task is measured by what its `measure` names, in an order that the file does not decide.

    What comes slower than the plan's periods, or weighs nothing, is no part of the period.
    """
    parts: list[Part] = []
    if task.measure in {"percent", "yes_no"}:
        parts.append(_percent_part(task, reading, day, rulebook))
    if task.measure in {"milestones", "both"}:
        parts.append(_milestone_part(task, reading, day, rulebook))
    if task.measure in {"indicators", "both"}:
        parts.extend(
            _indicator_part(task, indicator, reading, day, rulebook)
            for indicator in sorted(task.indicators, key=lambda indicator: indicator.id)
            if not is_slower(indicator.cadence or cadence, cadence)
        )
    return tuple(part for part in parts if part.weight > 0)


def all_done(
    task: Task, reading: Reading, day: date, *, rulebook: Rulebook, cadence: Cadence
) -> bool:
    """A task is finished when every part of it is done for good and verified.

    Its slower indicators must be reached too (assessment 4.4, 4.17).
    """
    strictly = rulebook.verification == "required"
    indicators = task.indicators
    if task.measure in {"percent", "yes_no"}:
        said = reading.percent()
        if said is None or said[0] < 100 or (strictly and not said[1].verified):  # noqa: PLR2004  # percent
            return False
    if task.measure not in {"indicators", "both"}:
        indicators = tuple(one for one in indicators if is_slower(one.cadence or cadence, cadence))
    if task.measure in {"milestones", "both"}:
        done = [
            credit(node, _said(reading, node.id, rulebook)[0], day) == 1 for node in task.milestones
        ]
        if not all(done):
            return False
    for indicator in indicators:
        value = reading.value(indicator.id)
        if value is None or not is_done(indicator, Fraction(value[0])):
            return False
        if strictly and not value[1].verified:
            return False
    return True


def overdue_milestones(task: Task, reading: Reading, day: date, *, after_days: int) -> list[str]:
    """The milestones unfinished more than `after_days` calendar days past their due day."""
    return sorted(
        node.id
        for node in task.milestones
        if (day - node.due).days > after_days
        and credit(node, (reading.milestone(node.id) or (None,))[0], day) < 1
    )


def _percent_part(task: Task, reading: Reading, day: date, rulebook: Rulebook) -> Part:
    said = reading.percent()
    form = "yes_no_percent" if task.measure == "yes_no" else "percent"
    attained = _percentage(f"attainment.{form}/1", said, rulebook)
    curve = _ONE_STEP if task.measure == "yes_no" else task.expectation
    nodes = () if task.measure == "yes_no" else _nodes(task)
    return _part(
        "percent",
        formula=attained.formula,
        operands=dict(attained.operands),
        a=attained.a,
        expectation=expected(curve, start=task.start, due=task.due, day=day, nodes=nodes),
        weight=Fraction(1),
        sources=(said[1],) if said else (),
    )


def _milestone_part(task: Task, reading: Reading, day: date, rulebook: Rulebook) -> Part:
    operands: dict[str, Fraction] = {}
    weighted = weights = Fraction(0)
    sources: list[Report] = []
    for node in sorted(task.milestones, key=lambda node: node.id):
        said, report = _said(reading, node.id, rulebook)
        share, weight = credit(node, said, day), Fraction(node.weight)
        operands |= {f"weight({node.id})": weight, f"done({node.id})": share}
        weighted += weight * share
        weights += weight
        if report is not None:
            sources.append(report)
    curve = task.expectation if task.expectation.curve else Expectation(curve="steps")
    return _part(
        MILESTONES,
        formula="attainment.milestones/1",
        operands=operands,
        a=milestones(weighted=weighted, weights=weights),
        expectation=expected(curve, start=task.start, due=task.due, day=day, nodes=_nodes(task)),
        weight=Fraction(task.milestone_weight) if task.measure == "both" else Fraction(1),
        sources=sources,
    )


def _indicator_part(
    task: Task, indicator: Indicator, reading: Reading, day: date, rulebook: Rulebook
) -> Part:
    start, due = indicator.start or task.start, indicator.due or task.due
    year = None
    if indicator.kind == "recurring":
        # Each year is a target of its own; past its last year the last one stands.
        year = max(start.year, min(day.year, due.year))
        start, due = max(start, date(year, 1, 1)), min(due, date(year, 12, 31))
    said = reading.value(indicator.id, year=year)
    if reading.own is not None and indicator.id in reading.own.no_data:
        said = None
    expectation = _expected_of(task, indicator, start, due, day)
    attained = _attained(indicator, said, rulebook)
    return _part(
        indicator.id,
        formula=attained.formula,
        operands=dict(attained.operands),
        a=attained.a if said or indicator.data_from == "unit" else None,
        expectation=expectation,
        weight=Fraction(indicator.weight),
        sources=(said[1],) if said else (),
    )


def _attained(
    indicator: Indicator, said: tuple[Decimal, Report] | None, rulebook: Rulebook
) -> Attained:
    if said is None:
        return Attained(formula="attainment.no_value/1", operands={}, a=Fraction(0))
    hold_tolerance = Fraction(rulebook.tolerances.hold)
    return attain(indicator, Fraction(said[0]), hold_tolerance=hold_tolerance)


def _percentage(formula: str, said: tuple[Decimal, Report] | None, rulebook: Rulebook) -> Attained:
    """A percentage counts up to the cap until it is verified ("Verified")."""
    operands = {"value": Fraction(said[0]) if said else Fraction(0)}
    if said and rulebook.verification == "required" and not said[1].verified:
        formula = "attainment.unverified/1"
        operands["cap"] = Fraction(rulebook.unverified_cap)
    return Attained(formula=formula, operands=operands, a=FORMULAS[formula](**operands))


def _expected_of(task: Task, indicator: Indicator, start: date, due: date, day: date) -> Expected:
    if is_held(indicator):
        return ALWAYS if day >= start else NOT_YET
    curve = indicator.expectation or task.expectation
    if indicator.kind == "yes_no":
        return expected(_ONE_STEP, start=start, due=due, day=day, nodes=())
    return expected(curve, start=start, due=due, day=day, nodes=_nodes(task))


def _part(
    name: str,
    *,
    formula: str,
    operands: dict[str, Fraction],
    a: Fraction | None,
    expectation: Expected,
    weight: Fraction,
    sources: Iterable[Report],
) -> Part:
    left_out: Literal["no_expectation", "no_data"] | None = "no_data" if a is None else None
    if expectation.e == 0:
        left_out = "no_expectation"
    return Part(
        id=name,
        formula=formula,
        operands=operands,
        a=a,
        curve=expectation.formula,
        curve_operands=dict(expectation.operands),
        e=expectation.e,
        weight=weight,
        left_out=left_out,
        submissions=tuple(sorted({report.submission for report in sources})),
    )


def _nodes(task: Task) -> Nodes:
    return tuple((node.due, Fraction(node.weight)) for node in task.milestones)


def _said(
    reading: Reading, milestone: str, rulebook: Rulebook
) -> tuple[MilestoneReport | None, Report | None]:
    strictly = rulebook.verification == "required"
    return reading.milestone(milestone, verified_only=strictly) or (None, None)

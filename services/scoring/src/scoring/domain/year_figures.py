"""Figures of the plan and of its actions at a day: shown with their light, in no score (4.14)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from scoring.domain.attainment import NOTHING, Listed, attain
from scoring.domain.exact import RATIO_PLACES, rounded
from scoring.domain.expectation import ALWAYS, NOT_YET, Expected, expected
from scoring.domain.facts import PlanFacts
from scoring.domain.figures import dated, reported
from scoring.domain.kinds import always_expected
from scoring.domain.lights import Course, raw_light
from scoring.domain.reading import Reading
from scoring.domain.year_result import Figure
from shared.contracts.plan import ActionHead, Expectation, PlanHead, ReportedIndicator, Task
from shared.contracts.rulebook import Rulebook
from shared.contracts.scoring import Light
from shared.contracts.values import Text


def figures_of(
    plan: PlanFacts, day: date, *, reading: Callable[[str], Reading], rulebook: Rulebook
) -> tuple[Figure, ...]:
    """Every figure that has begun by a day, the plan's first, then the actions' by id.

    `reading` tells what is known of the plan or an action by its id.
    """
    heads: list[PlanHead | ActionHead] = [plan.head, *sorted(plan.actions, key=lambda one: one.id)]
    return tuple(
        _figure(plan, head.id, figure, day, reading(head.id), rulebook)
        for head in heads
        for figure in sorted(head.indicators, key=lambda one: one.id)
        if (figure.start or plan.head.start) <= day
    )


def _figure(
    plan: PlanFacts,
    of: str,
    filed: ReportedIndicator,
    day: date,
    reading: Reading,
    rulebook: Rulebook,
) -> Figure:
    figure = dated(_holder(plan, of), filed, day)
    curve = _curve(filed, figure.start or plan.head.start, figure.due or plan.head.end, day)
    found = reported(figure, reading, day)
    if found and isinstance(found.figure, Listed) and found.figure.nothing_due:
        found = None
    attained = NOTHING
    if found is not None:
        allowed = curve.e if filed.kind == "ceiling" else Fraction(1)
        attained = attain(figure, found.figure, tolerances=rulebook.tolerances, allowed=allowed)
    e = Fraction(1) if filed.kind == "ceiling" else curve.e
    a = attained.a if found is not None else None
    r = a / e if a is not None and e > 0 else None
    light: Light = "grey"
    if r is not None:
        index = rounded(r, RATIO_PLACES, rulebook.rounding.mode)
        due = day >= (figure.due or plan.head.end)
        course = Course(r=index, e=e, gap=100 * (e - (a or 0)), due=due)
        light = raw_light(course, rulebook.lights).light

    def printed(value: Fraction | None) -> Decimal | None:
        return None if value is None else rounded(value, RATIO_PLACES, rulebook.rounding.mode)

    return Figure(
        of=of,
        indicator=filed.id,
        unit=filed.reporter,
        a=printed(a),
        e=printed(e),
        r=printed(r),
        light=light,
        formula=attained.formula,
        operands=dict(attained.operands),
        curve=curve.formula,
        curve_operands=dict(curve.operands),
        submissions=tuple(sorted(one.submission for one in found.reports)) if found else (),
    )


def _curve(figure: ReportedIndicator, start: date, due: date, day: date) -> Expected:
    """What is kept is expected in full; a yes or no when it is due; else by its curve (4.2)."""
    if always_expected(figure) and figure.kind != "ceiling":
        return ALWAYS if day >= start else NOT_YET
    named = figure.expectation or Expectation(curve="linear")
    if figure.kind == "yes_no":
        named = Expectation(curve="steps")
    return expected(named, start=start, due=due, day=day, nodes=())


def _holder(plan: PlanFacts, of: str) -> Task:
    """The plan or an action as what a figure takes its dates from."""
    head, title = plan.head, Text(zh=of, en=of)
    return Task(
        id=of, title=title, weight=Decimal(1), start=head.start, due=head.end, assignments=()
    )

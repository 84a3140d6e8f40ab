"""Attainment a: the share of the whole target that has been reached (assessment 4.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Final

from scoring.domain.facts import MilestoneReport
from scoring.domain.formulas import FORMULAS
from scoring.domain.kinds import form_of, given, goal_of
from shared.contracts.plan import Indicator, Milestone
from shared.contracts.rulebook import Tolerances


@dataclass(frozen=True, kw_only=True)
class Listed:
    """How a register stands: items closed, and items open though due."""

    closed: int
    overdue: int

    @property
    def nothing_due(self) -> bool:
        """Whether nothing is expected of it yet."""
        return self.closed + self.overdue == 0


Figure = Fraction | tuple[Fraction, Fraction] | Mapping[int, Fraction] | Listed
"""What is reported of an indicator: a value; of a relation the own rate and the other, of a
compound rate the rates by year, of a register how it stands."""

CREDITS: Final = {
    "A": Fraction(1),
    "B": Fraction(4, 5),
    "C": Fraction(3, 5),
    "D": Fraction(0),
}
"""What a reviewer's grade is worth (assessment 4.1)."""


@dataclass(frozen=True, kw_only=True)
class Attained:
    """An attainment with its formula's id and the operands put into it."""

    formula: str
    operands: Mapping[str, Fraction]
    a: Fraction


_SUCCEEDED: Final = {"growth": 2}
"""Formulas that another has succeeded: a fall once stood with its sign, now as nothing reached."""
NOTHING: Final = Attained(formula="attainment.no_value/1", operands={}, a=Fraction(0))
"""Where there was never a value a is 0."""


def attain(
    indicator: Indicator,
    figure: Figure,
    *,
    tolerances: Tolerances,
    allowed: Fraction = Fraction(1),
) -> Attained:
    """An indicator's kind names the formula; the plan and the report give the operands.

    Args:
        indicator: with dates of its own where it is a compound rate without `years`.
        figure: what was reported of it.
        tolerances: the rulebook's, for an indicator that names none of its own.
        allowed: of a ceiling, the share that may be used by now: its curve's E.

    Raises:
        ValueError: the plan lacks what the formula needs: mend the plan.
    """
    form, operands = form_of(indicator), _reported(figure)
    if form not in {"yes_no", "relation", "register"}:
        operands["target"] = goal_of(indicator)
    if form in {"level", "at_most", "about_level"}:
        operands["baseline"] = given(indicator, "baseline", indicator.baseline)
    if form in {"about", "about_level"}:
        operands["margin"] = _own_or(indicator, tolerances.about)
    if form == "compound":
        operands["years"] = _years(indicator)
    if form == "ceiling":
        operands["allowed"] = allowed
    if form in {"hold", "maintain", "about", "ceiling", "relation"}:
        tolerance = _tolerance(indicator, form, operands, tolerances)
        if tolerance:
            operands["tolerance"] = tolerance
        else:
            form = f"{form}_binary"
    return computed(f"attainment.{form}/{_SUCCEEDED.get(form, 1)}", operands)


def computed(formula: str, operands: Mapping[str, Fraction]) -> Attained:
    """What a formula makes of its operands."""
    return Attained(formula=formula, operands=operands, a=FORMULAS[formula](**operands))


def credit(milestone: Milestone, said: MilestoneReport | None, day: date) -> Fraction:
    """A milestone counts from the day it was done; a part of it, only where that is allowed."""
    if said is None:
        return Fraction(0)
    if said.completed_on is not None:
        return Fraction(1 if said.completed_on <= day else 0)
    return Fraction(said.share) if milestone.partial and said.share is not None else Fraction(0)


def _reported(figure: Figure) -> dict[str, Fraction]:
    """What a figure puts into its formula."""
    if isinstance(figure, Fraction):
        return {"value": figure}
    if isinstance(figure, Listed):
        return {"closed": Fraction(figure.closed), "overdue": Fraction(figure.overdue)}
    if isinstance(figure, tuple):
        own, other = figure
        return {"own": own, "other": other}
    rates = {f"rate({year})": rate for year, rate in sorted(figure.items())}
    return {**rates, "index": prod((1 + rate / 100 for rate in rates.values()), start=Fraction(1))}


def _tolerance(
    indicator: Indicator, form: str, operands: Mapping[str, Fraction], tolerances: Tolerances
) -> Fraction:
    """How far it may miss before nothing counts (assessment 4.1).

    An amount; of a ceiling a share of what is allowed, of a relation points.
    """
    if form == "about":
        kept = operands["target"] * (1 - operands["margin"])
        return Fraction(tolerances.hold) * abs(kept)
    if form == "relation":
        return _own_or(indicator, tolerances.relation)
    if form == "ceiling":
        nothing = operands["target"] * operands["allowed"] == 0
        return Fraction(0) if nothing else _own_or(indicator, tolerances.hold)
    if indicator.tolerance is not None:
        return Fraction(indicator.tolerance)
    return Fraction(tolerances.hold) * abs(operands["target"])


def _own_or(indicator: Indicator, rulebooks: Decimal) -> Fraction:
    return Fraction(rulebooks if indicator.tolerance is None else indicator.tolerance)


def _years(indicator: Indicator) -> Fraction:
    """A compound rate runs over the years it names, else the calendar years it touches (4.1)."""
    if indicator.years is not None:
        return Fraction(indicator.years)
    if indicator.start is None or indicator.due is None:
        raise ValueError(f"indicator {indicator.id} has no dates: write out those of its task")
    return Fraction(indicator.due.year - indicator.start.year + 1)

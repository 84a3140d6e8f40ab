"""Attainment a: the share of the whole target that has been reached (assessment 4.1).

One function per formula; its id is written into every line and a formula is only ever succeeded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from scoring.domain.facts import MilestoneReport
from shared.contracts.plan import Indicator, Milestone

FINISHABLE: Final = frozenset({"cumulative", "level", "at_most", "yes_no"})
"""Kinds that can be done for good; an `at_most` only where it starts above its target."""
SUPPORTED: Final = FINISHABLE | {"hold", "maintain", "recurring"}


@dataclass(frozen=True, kw_only=True)
class Attained:
    """An attainment with its formula's id and the operands put into it."""

    formula: str
    operands: Mapping[str, Fraction]
    a: Fraction


def percent(*, value: Fraction) -> Fraction:
    """A percentage reached is that share of the whole (assessment 4.1)."""
    return value / 100


def yes_no(*, value: Fraction) -> Fraction:
    """What is either done or not has reached all or nothing (assessment 4.1)."""
    return Fraction(1 if value >= 1 else 0)


def yes_no_percent(*, value: Fraction) -> Fraction:
    """A task that is either done or not is reported in percent: 0 or 100 (assessment 4.1)."""
    return yes_no(value=value / 100)


def unverified(*, value: Fraction, cap: Fraction) -> Fraction:
    """A percentage nobody has verified counts up to the cap ("Verified")."""
    return min(value / 100, cap)


def cumulative(*, value: Fraction, target: Fraction) -> Fraction:
    """A running total has reached its share of the target (assessment 4.1)."""
    return _over(value, target)


def level(*, value: Fraction, baseline: Fraction, target: Fraction) -> Fraction:
    """A level has come its share of the way from baseline to target (assessment 4.1)."""
    return _over(value - baseline, target - baseline)


def at_most(*, value: Fraction, baseline: Fraction, target: Fraction) -> Fraction:
    """A level to be brought down has come its share of the way down (assessment 4.1)."""
    return _over(baseline - value, baseline - target)


def hold(*, value: Fraction, target: Fraction, tolerance: Fraction) -> Fraction:
    """A limit kept counts whole; beyond it, credit ends at the tolerance (assessment 4.1)."""
    return _within(value - target, tolerance)


def hold_binary(*, value: Fraction, target: Fraction) -> Fraction:
    """A limit without tolerance counts whole or not at all (assessment 4.1)."""
    return Fraction(1 if value <= target else 0)


def maintain(*, value: Fraction, target: Fraction, tolerance: Fraction) -> Fraction:
    """A level kept counts whole; below it, credit ends at the tolerance (assessment 4.1)."""
    return _within(target - value, tolerance)


def maintain_binary(*, value: Fraction, target: Fraction) -> Fraction:
    """A level without tolerance counts whole or not at all (assessment 4.1)."""
    return Fraction(1 if value >= target else 0)


def milestones(*, weighted: Fraction, weights: Fraction) -> Fraction:
    """Milestones reached weigh their share of all milestones (assessment 4.1)."""
    return _over(weighted, weights)


FORMULAS: Final[Mapping[str, Callable[..., Fraction]]] = {
    "attainment.percent/1": percent,
    "attainment.yes_no/1": yes_no,
    "attainment.yes_no_percent/1": yes_no_percent,
    "attainment.unverified/1": unverified,
    "attainment.cumulative/1": cumulative,
    "attainment.recurring/1": cumulative,
    "attainment.level/1": level,
    "attainment.level_ratio/1": cumulative,
    "attainment.at_most/1": at_most,
    "attainment.hold/1": hold,
    "attainment.hold_binary/1": hold_binary,
    "attainment.maintain/1": maintain,
    "attainment.maintain_binary/1": maintain_binary,
}


def attain(indicator: Indicator, value: Fraction, *, hold_tolerance: Fraction) -> Attained:
    """An indicator's kind names the formula; the plan and the report give the operands.

    `hold_tolerance` is a share of |T|, for an indicator that names no tolerance of its own.

    Raises:
        ValueError: the plan lacks what the formula needs: mend the plan.
    """
    form, operands = _form(indicator), {"value": value}
    if form != "yes_no":
        operands["target"] = _goal(indicator)
    if form in {"level", "at_most"}:
        operands["baseline"] = _given(indicator, "baseline", indicator.baseline)
    if form in {"hold", "maintain"}:
        tolerance = _tolerance(indicator, hold_tolerance)
        if tolerance:
            operands["tolerance"] = tolerance
        else:
            form = f"{form}_binary"
    formula = f"attainment.{form}/1"
    return Attained(formula=formula, operands=operands, a=FORMULAS[formula](**operands))


def is_held(indicator: Indicator) -> bool:
    """A limit or level that is to be kept is expected in full at any time (assessment 4.2)."""
    return _form(indicator) in {"hold", "maintain"}


def is_done(indicator: Indicator, value: Fraction) -> bool:
    """A target is done when it is reached; a strict one, when it is passed (assessment 4.1)."""
    if indicator.kind not in FINISHABLE or is_held(indicator):
        return False
    if indicator.kind == "yes_no":
        return yes_no(value=value) == 1
    ahead = _goal(indicator) - value if indicator.kind == "at_most" else value - _goal(indicator)
    return ahead > 0 if indicator.strict and not indicator.integer else ahead >= 0


def credit(milestone: Milestone, said: MilestoneReport | None, day: date) -> Fraction:
    """A milestone counts from the day it was done; a part of it, only where that is allowed."""
    if said is None:
        return Fraction(0)
    if said.completed_on is not None:
        return Fraction(1 if said.completed_on <= day else 0)
    return Fraction(said.share) if milestone.partial and said.share is not None else Fraction(0)


def _form(indicator: Indicator) -> str:
    if indicator.kind == "level" and indicator.baseline is None and indicator.ratio:
        return "level_ratio"
    if indicator.kind == "at_most":
        above = indicator.baseline is not None and Fraction(indicator.baseline) > _goal(indicator)
        return "at_most" if above else "hold"
    return indicator.kind


def _goal(indicator: Indicator) -> Fraction:
    """Strictly more in whole numbers is one more; strictly less, one less (assessment 4.1)."""
    target = _given(indicator, "target", indicator.target)
    if not (indicator.strict and indicator.integer):
        return target
    return target - 1 if indicator.kind in {"at_most", "hold"} else target + 1


def _tolerance(indicator: Indicator, share: Fraction) -> Fraction:
    if indicator.tolerance is not None:
        return Fraction(indicator.tolerance)
    return share * abs(_goal(indicator))


def _given(indicator: Indicator, name: str, amount: object) -> Fraction:
    if amount is None:
        raise ValueError(f"indicator {indicator.id} has no {name}: give it one in the plan")
    return Fraction(str(amount))


def _over(part: Fraction, whole: Fraction) -> Fraction:
    if whole == 0:
        raise ValueError("a target that leaves no way to go cannot be scored: mend the plan")
    return part / whole


def _within(excess: Fraction, tolerance: Fraction) -> Fraction:
    return max(Fraction(0), 1 - max(Fraction(0), excess) / tolerance)

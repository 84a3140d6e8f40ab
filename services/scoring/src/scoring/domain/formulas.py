"""The formulas of attainment (assessment 4.1), one function each.

A formula's id is written into every line; a formula is only ever succeeded.
"""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

_LOGARITHMS: Final = Context(prec=60)
_KEPT: Final = Context(prec=34)


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


def rubric(*, credit: Fraction) -> Fraction:
    """What a reviewer grades has reached what the grade is worth (assessment 4.1)."""
    return credit


def cumulative(*, value: Fraction, target: Fraction) -> Fraction:
    """A running total has reached its share of the target (assessment 4.1)."""
    return _over(value, target)


def growth(*, value: Fraction, target: Fraction) -> Fraction:
    """A year's growth has reached its share of the target; a fall, nothing (assessment 4.1)."""
    return _over(max(Fraction(0), value), target)


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


def about(*, value: Fraction, target: Fraction, margin: Fraction, tolerance: Fraction) -> Fraction:
    """About a target is maintained from a share below it on (assessment 4.1)."""
    return maintain(value=value, target=target * (1 - margin), tolerance=tolerance)


def about_binary(*, value: Fraction, target: Fraction, margin: Fraction) -> Fraction:
    """About a target is met from a share below it on, or not at all (assessment 4.1)."""
    return maintain_binary(value=value, target=target * (1 - margin))


def about_level(
    *, value: Fraction, baseline: Fraction, target: Fraction, margin: Fraction
) -> Fraction:
    """About a target is a level to a share below it (assessment 4.1)."""
    return level(value=value, baseline=baseline, target=target * (1 - margin))


def ceiling(
    *, value: Fraction, target: Fraction, allowed: Fraction, tolerance: Fraction
) -> Fraction:
    """A running total is allowed the expected share of its ceiling so far (assessment 4.1)."""
    allowance = allowed * target
    return hold(value=value, target=allowance, tolerance=tolerance * allowance)


def ceiling_binary(*, value: Fraction, target: Fraction, allowed: Fraction) -> Fraction:
    """Where nothing is allowed yet, or no tolerance, a ceiling is kept or not (4.1)."""
    return hold_binary(value=value, target=allowed * target)


def rank(*, value: Fraction, target: Fraction) -> Fraction:
    """A rank among the first N counts whole; beyond, credit ends at twice N (4.1)."""
    return _within(value - target, target)


def relation(*, own: Fraction, other: Fraction, tolerance: Fraction) -> Fraction:
    """A rate in step with another counts whole; further behind, credit ends (4.1)."""
    return _within(other - tolerance - own, tolerance)


def register(*, closed: Fraction, overdue: Fraction) -> Fraction:
    """Of the items that are due or closed, those that are closed (assessment 4.1)."""
    return _over(closed, closed + overdue)


def compound(*, index: Fraction, target: Fraction, years: Fraction, **_rates: Fraction) -> Fraction:
    """A rate kept up over years has come its share of the way in logarithms (assessment 4.1).

    It is computed with 60 digits and kept to 34, so that half the way is exactly half. `index` is
    the product of the years' growth, by which the rates themselves have entered.
    """
    whole = _LOGARITHMS.multiply(_decimal(years), _logarithm(1 + target / 100))
    if whole == 0:
        raise ValueError("a target that leaves no way to go cannot be scored: mend the plan")
    return Fraction(_KEPT.plus(_LOGARITHMS.divide(_logarithm(index), whole)))


def milestones(*, weighted: Fraction, weights: Fraction) -> Fraction:
    """Milestones reached weigh their share of all milestones (assessment 4.1)."""
    return _over(weighted, weights)


def _over(part: Fraction, whole: Fraction) -> Fraction:
    if whole == 0:
        raise ValueError("a target that leaves no way to go cannot be scored: mend the plan")
    return part / whole


def _within(excess: Fraction, tolerance: Fraction) -> Fraction:
    return max(Fraction(0), 1 - max(Fraction(0), excess) / tolerance)


def _logarithm(growth: Fraction) -> Decimal:
    if growth <= 0:
        raise ValueError("a rate of -100 % or less has no logarithm: have it corrected")
    return _LOGARITHMS.ln(_decimal(growth))


def _decimal(number: Fraction) -> Decimal:
    return _LOGARITHMS.divide(Decimal(number.numerator), Decimal(number.denominator))


FORMULAS: Final[Mapping[str, Callable[..., Fraction]]] = {
    "attainment.percent/1": percent,
    "attainment.yes_no/1": yes_no,
    "attainment.yes_no_percent/1": yes_no_percent,
    "attainment.unverified/1": unverified,
    "attainment.rubric/1": rubric,
    "attainment.cumulative/1": cumulative,
    "attainment.recurring/1": cumulative,
    "attainment.growth/1": cumulative,
    "attainment.growth/2": growth,
    "attainment.level/1": level,
    "attainment.level_ratio/1": cumulative,
    "attainment.at_most/1": at_most,
    "attainment.hold/1": hold,
    "attainment.hold_binary/1": hold_binary,
    "attainment.maintain/1": maintain,
    "attainment.maintain_binary/1": maintain_binary,
    "attainment.about/1": about,
    "attainment.about_binary/1": about_binary,
    "attainment.about_level/1": about_level,
    "attainment.ceiling/1": ceiling,
    "attainment.ceiling_binary/1": ceiling_binary,
    "attainment.rank/1": rank,
    "attainment.relation/1": relation,
    "attainment.compound/1": compound,
    "attainment.register/1": register,
}

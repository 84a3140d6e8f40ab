"""What an indicator's kind means: its form, its goal, when it is expected, when it is done."""

from fractions import Fraction
from typing import Final

from shared.calendar.periods import is_slower
from shared.contracts.plan import Cadence, Indicator

_FINISHABLE: Final = frozenset(
    {"cumulative", "level", "level_ratio", "at_most", "about_level", "yes_no"}
)
"""Forms that can be done for good; an `at_most` only where it starts above its target."""
_KEPT: Final = frozenset({"hold", "maintain", "about"})
_ALWAYS: Final = _KEPT | {"growth", "rank", "relation", "ceiling", "register"}
_DOWNWARDS: Final = frozenset({"at_most", "hold", "ceiling", "rank"})


def form_of(indicator: Indicator) -> str:
    """The form in which a kind is computed; a baseline decides between two (assessment 4.1).

    A range is a level where it has a baseline, else to be maintained; what is about a target
    likewise; what is at most a target it has met already is to be held.
    """
    kind, baseline = indicator.kind, indicator.baseline
    if kind == "at_most":
        above = baseline is not None and Fraction(baseline) > goal_of(indicator)
        return "at_most" if above else "hold"
    if kind == "level":
        return "level_ratio" if baseline is None and indicator.ratio else "level"
    if kind == "range":
        return "maintain" if baseline is None else "level"
    if kind == "about":
        return "about" if baseline is None else "about_level"
    return kind


def goal_of(indicator: Indicator) -> Fraction:
    """Strictly more in whole numbers is one more; strictly less, one less (assessment 4.1).

    Raises:
        ValueError: the indicator has no target: mend the plan.
    """
    target = given(indicator, "target", indicator.target)
    if not (indicator.strict and indicator.integer):
        return target
    return target - 1 if indicator.kind in _DOWNWARDS else target + 1


def always_expected(indicator: Indicator) -> bool:
    """What is kept, ranked, related or renewed each year is expected in full at any time (4.2)."""
    return form_of(indicator) in _ALWAYS


def is_done(indicator: Indicator, a: Fraction) -> bool:
    """A target is done when it is reached; a strict one, when it is passed (assessment 4.1).

    `a` is what the indicator has attained of it.
    """
    form = form_of(indicator)
    passed = indicator.strict and not indicator.integer and form != "yes_no"
    return form in _FINISHABLE and (a > 1 if passed else a >= 1)


def in_year_only(indicator: Indicator, cadence: Cadence) -> bool:
    """A rank, and what comes slower than the plan's periods, is no part of them (4.1, 4.5)."""
    return indicator.kind == "rank" or is_slower(indicator.cadence or cadence, cadence)


def given(indicator: Indicator, name: str, amount: object) -> Fraction:
    """What the plan has to say of an indicator, exact.

    Raises:
        ValueError: it does not say it: mend the plan.
    """
    if amount is None:
        raise ValueError(f"indicator {indicator.id} has no {name}: give it one in the plan")
    return Fraction(str(amount))

"""The progress light (assessment 4.3): made in a fixed order, each step leaving its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.contracts.rulebook import Lights
from shared.contracts.scoring import Light

_WORST_FIRST: tuple[Light, ...] = ("red", "yellow", "green")


@dataclass(frozen=True, kw_only=True)
class LightDecision:
    """A light with the reason codes of the steps that made it, in their order."""

    light: Light
    steps: tuple[str, ...]

    def then(self, light: Light, step: str) -> "LightDecision":
        """The decision after a step that set `light`."""
        return LightDecision(light=light, steps=(*self.steps, step))


def by_ratio(r: Decimal, settings: Lights) -> Light:
    """Green from the green threshold of R on, yellow from the yellow one on, else red."""
    if r >= settings.green:
        return "green"
    return "yellow" if r >= settings.yellow else "red"


def steadied(light: Light, previous: Light | None, r: Decimal, settings: Lights) -> Light:
    """Getting worse is immediate; getting better needs a margin and takes it step by step.

    A previous light that is blue, grey or absent binds nothing (assessment 4.3).
    """
    if previous not in _WORST_FIRST:
        return light
    before = _WORST_FIRST.index(previous)
    if _WORST_FIRST.index(light) <= before:
        return light
    surely = _WORST_FIRST.index(by_ratio(r - settings.hysteresis, settings))
    return _WORST_FIRST[max(before, min(before + settings.max_step, surely))]


def live_light(
    *, r: Decimal, e: Fraction, overdue: Sequence[str], settings: Lights
) -> LightDecision:
    """The board shows the light of R, without memory and without the missing rule.

    `overdue` names the milestones overdue for longer than the settings allow.
    """
    raw = by_ratio(r, settings)
    decision = LightDecision(light=raw, steps=(f"ratio_{raw}",))
    return _for_overdue(_not_red_early(decision, e, settings), overdue)


def published_light(
    *,
    r: Decimal,
    e: Fraction,
    overdue: Sequence[str],
    settings: Lights,
    previous: Light | None,
    silent_periods: int,
) -> LightDecision:
    """The light of a publication: ratio, memory, early floor, silence, overdue milestones.

    `silent_periods` counts the missing reports in a row within the year, this one included.
    """
    raw = by_ratio(r, settings)
    decision = LightDecision(light=raw, steps=(f"ratio_{raw}",))
    steady = steadied(raw, previous, r, settings)
    if steady != raw:
        decision = decision.then(steady, f"held_{steady}")
    decision = _not_red_early(decision, e, settings)
    if silent_periods > 1:
        decision = decision.then("red", "missing_again")
    elif silent_periods == 1:
        decision = decision.then("red" if decision.light == "red" else "yellow", "missing")
    return _for_overdue(decision, overdue)


def _not_red_early(decision: LightDecision, e: Fraction, settings: Lights) -> LightDecision:
    if decision.light == "red" and e < Fraction(settings.early_floor):
        return decision.then("yellow", "early")
    return decision


def _for_overdue(decision: LightDecision, overdue: Sequence[str]) -> LightDecision:
    for milestone in overdue:
        decision = decision.then("red", f"milestone_overdue:{milestone}")
    return decision

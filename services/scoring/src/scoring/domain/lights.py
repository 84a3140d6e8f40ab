"""The progress light (assessment 4.3): made in a fixed order, each step leaving its reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

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


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a light is read from: R to 4 places, E and the gap (percentage points) exact.

    `due` tells whether the task's day has come; `late` names the unfinished milestones whose day
    has passed, `overdue` those of them that did so longer ago than the settings allow.
    """

    r: Decimal
    e: Fraction
    gap: Fraction
    due: bool = False
    late: Sequence[str] = ()
    overdue: Sequence[str] = ()


def by_ratio(course: Course, settings: Lights) -> Light:
    """Green from the green threshold of R on, yellow from the yellow one on, else red."""
    return _of(course.r, settings)


def by_gap(course: Course, settings: Lights) -> Light:
    """Green below the lesser gap, yellow up to the greater one, red above it."""
    if course.gap < settings.gap_green:
        return "green"
    return "yellow" if course.gap <= settings.gap_red else "red"


def by_overdue(course: Course, settings: Lights) -> Light:
    """Red is what is behind when its day has come, or has a milestone past its own."""
    del settings
    if course.late or (course.r < 1 and course.due):
        return "red"
    return "green" if course.r >= 1 else "yellow"


PRESETS: Final[Mapping[str, Callable[[Course, Lights], Light]]] = {
    "ratio": by_ratio,
    "gap_pp": by_gap,
    "overdue_only": by_overdue,
}


def raw_light(course: Course, settings: Lights) -> LightDecision:
    """The light of the preset alone, the first step of assessment 4.3."""
    light = PRESETS[settings.preset](course, settings)
    return LightDecision(light=light, steps=(f"{settings.preset}_{light}",))


def live_light(course: Course, settings: Lights) -> LightDecision:
    """The board shows the light without memory and without the missing rule."""
    decision = _not_red_early(raw_light(course, settings), course, settings)
    return _for_overdue(decision, course)


def published_light(
    course: Course, settings: Lights, *, previous: Light | None, silent_periods: int
) -> LightDecision:
    """The light of a publication: preset, memory, early floor, silence, overdue milestones.

    `silent_periods` counts the missing reports in a row within the year, this one included.
    """
    decision = _steadied(raw_light(course, settings), course, settings, previous)
    decision = _not_red_early(decision, course, settings)
    if silent_periods > 1:
        decision = decision.then("red", "missing_again")
    elif silent_periods == 1:
        decision = decision.then("red" if decision.light == "red" else "yellow", "missing")
    return _for_overdue(decision, course)


def _of(r: Decimal, settings: Lights) -> Light:
    if r >= settings.green:
        return "green"
    return "yellow" if r >= settings.yellow else "red"


def _steadied(
    decision: LightDecision, course: Course, settings: Lights, previous: Light | None
) -> LightDecision:
    """Getting worse is immediate; getting better needs a margin and takes it step by step.

    Only the ratio has a memory. A previous light that is blue, grey or absent binds nothing.
    """
    if settings.preset != "ratio" or previous not in _WORST_FIRST:
        return decision
    before = _WORST_FIRST.index(previous)
    if _WORST_FIRST.index(decision.light) <= before:
        return decision
    surely = _WORST_FIRST.index(_of(course.r - settings.hysteresis, settings))
    steady = _WORST_FIRST[max(before, min(before + settings.max_step, surely))]
    return decision if steady == decision.light else decision.then(steady, f"held_{steady}")


def _not_red_early(decision: LightDecision, course: Course, settings: Lights) -> LightDecision:
    """While little is expected the ratio alone makes nothing red."""
    early = settings.preset == "ratio" and course.e < Fraction(settings.early_floor)
    return decision.then("yellow", "early") if early and decision.light == "red" else decision


def _for_overdue(decision: LightDecision, course: Course) -> LightDecision:
    for milestone in course.overdue:
        decision = decision.then("red", f"milestone_overdue:{milestone}")
    return decision

"""How a rest and a new beginning bend expected progress (assessment 4.7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, partial
from typing import Final

from scoring.domain.amended import days_of
from scoring.domain.expectation import Expected
from scoring.domain.task_line import Bend
from shared.contracts.decisions import Rest

Curve = Callable[[date], Expected]
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Rebase:
    """From `first` on the curve begins anew at `reached`: a of the day before, within 0 and 1."""

    first: date
    reached: Fraction


@dataclass(frozen=True, kw_only=True)
class Bent:
    """What is expected on a day: by the curve, and then by each bend of it."""

    curve: Expected
    bends: tuple[Bend, ...] = ()

    @property
    def e(self) -> Fraction:
        """E after the last bend."""
        return self.bends[-1].e if self.bends else self.curve.e


Course = Callable[[date], Bent]


def frozen(*, expected: Fraction) -> Fraction:
    """While a task rests it is expected to be where it was on the eve (assessment 4.7)."""
    return expected


def resumed(*, expected: Fraction, eve: Fraction, rested: Fraction) -> Fraction:
    """After a rest without more time, what was not expected before it is caught up (4.7)."""
    return eve + (1 - eve) * (expected - rested) / (1 - rested)


def rebased(*, expected: Fraction, reached: Fraction, eve: Fraction) -> Fraction:
    """From what was reached on the eve, the curve's rest leads to the whole (assessment 4.7)."""
    return reached + (1 - reached) * (expected - eve) / (1 - eve)


def extended(*, expected: Fraction, days: Fraction) -> Fraction:  # noqa: ARG001  # told, not used
    """After a rest with more time, what was expected its days ago is expected now (4.7)."""
    return expected


def run_out(*, expected: Fraction) -> Fraction:
    """Where all was expected already, all is expected still (assessment 4.7)."""
    return expected


def allowed(*, expected: Fraction) -> Fraction:  # noqa: ARG001  # told, not used
    """A ceiling's curve says what may be used; that it is kept is expected in full (4.1)."""
    return Fraction(1)


FORMULAS: Final[Mapping[str, Callable[..., Fraction]]] = {
    "expectation.frozen/1": frozen,
    "expectation.resumed/1": resumed,
    "expectation.rebased/1": rebased,
    "expectation.extended/1": extended,
    "expectation.run_out/1": run_out,
    "expectation.allowed/1": allowed,
}


def bent(curve: Curve, decided: Iterable[Rest | Rebase], day: date) -> Bent:
    """What is expected on a day after all that was decided by then, one after the other (4.7).

    The curve runs by dates that know of no rest that gave more time.
    """
    course: Course = partial(_plain, curve)
    for one in sorted(decided, key=lambda one: (one.first, isinstance(one, Rebase))):
        if isinstance(one, Rest):
            course = cache(partial(_after_rest, one, course))
        else:
            course = cache(partial(_after_rebase, one, course))
    return course(day)


def step(before: Bent, form: str, **operands: Fraction) -> Bent:
    """One more bend, from the E there is."""
    formula = f"expectation.{form}/1"
    fed = {"expected": before.e, **operands}
    bend = Bend(formula=formula, operands=fed, e=FORMULAS[formula](**fed))
    return Bent(curve=before.curve, bends=(*before.bends, bend))


def _plain(curve: Curve, day: date) -> Bent:
    return Bent(curve=curve(day))


def _after_rest(rest: Rest, before: Course, day: date) -> Bent:
    if day < rest.first:
        return before(day)
    eve = before(rest.first - _ONE_DAY)
    if day <= rest.last:
        return step(eve, "frozen")
    if rest.extend:
        days = days_of(rest)
        return step(before(day - days), "extended", days=Fraction(days.days))
    rested = before(rest.last).e
    return _anew(before(day), rested, "resumed", eve=eve.e, rested=rested)


def _after_rebase(rebase: Rebase, before: Course, day: date) -> Bent:
    if day < rebase.first:
        return before(day)
    eve = before(rebase.first - _ONE_DAY).e
    return _anew(before(day), eve, "rebased", reached=rebase.reached, eve=eve)


def _anew(now: Bent, passed: Fraction, form: str, **operands: Fraction) -> Bent:
    return step(now, "run_out") if passed == 1 else step(now, form, **operands)

"""How much of a part of a task is expected on a day, with all that decisions bent (4.2, 4.7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Final

from scoring.domain.amended import follows, task_on, working_time
from scoring.domain.bending import Bent, Curve, Rebase, bent, step
from scoring.domain.expectation import ALWAYS, NOT_YET, Expected, expected
from scoring.domain.figures import dated
from scoring.domain.kinds import always_expected
from scoring.domain.reached import MILESTONES, PERCENT, RUBRIC, indicator_of, reached_of
from scoring.domain.reading import Reading
from shared.contracts.decisions import Amended, Change, Rest
from shared.contracts.plan import Expectation, Indicator, Task
from shared.contracts.rulebook import Rulebook

_ONE_STEP: Final = Expectation(curve="steps")
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class View:
    """A task on a day, by what was filed, decided and reported of it."""

    filed: Task
    amended: Amended
    reading: Reading
    day: date
    rulebook: Rulebook

    @cached_property
    def task(self) -> Task:
        """The task as in force on the day."""
        return task_on(self.filed, self.amended, self.day)

    def indicator(self, name: str) -> Indicator | None:
        """The indicator that a part is, in its dates; None for what is no indicator."""
        if name in {PERCENT, MILESTONES, RUBRIC}:
            return None
        return dated(self.task, indicator_of(self.task, name), self.day)


def expectation_of(view: View, name: str) -> Bent:
    """A part is expected by its curve, bent by its task's rests and new beginnings (4.2, 4.7).

    Of a ceiling it is the share that may be used by now.
    """
    indicator = view.indicator(name)
    constant = indicator is not None and always_expected(indicator) and not _is_ceiling(indicator)
    if name == RUBRIC or constant:
        return Bent(curve=ALWAYS if view.day >= _start(view, indicator) else NOT_YET)
    rests = _rests(view, indicator)
    return bent(
        _curve(view, name, indicator, rests), [*rests, *_rebases(view, name, indicator)], view.day
    )


def in_the_score(view: View, name: str, course: Bent) -> Bent:
    """That a ceiling is kept is expected in full while it is active (assessment 4.1, 4.2)."""
    indicator = view.indicator(name)
    if indicator is None or not _is_ceiling(indicator):
        return course
    return step(course, "allowed") if view.day >= _start(view, indicator) else Bent(curve=NOT_YET)


def _curve(view: View, name: str, indicator: Indicator | None, rests: Sequence[Rest]) -> Curve:
    """The curve a part names, by dates that know of no rest that gave more time."""
    task, start = view.task, _start(view, indicator)
    due = task.due if indicator is None else indicator.due or task.due
    nodes = tuple(
        (working_time(node.due, rests), Fraction(node.weight)) for node in task.milestones
    )
    named = task.expectation if indicator is None else indicator.expectation or task.expectation
    if name == MILESTONES and named.curve is None:
        named = _ONE_STEP
    if (name == PERCENT and task.measure == "yes_no") or (indicator and indicator.kind == "yes_no"):
        named, nodes = _ONE_STEP, ()
    until = max(start, working_time(due, rests))

    def curve(day: date) -> Expected:
        return expected(named, start=start, due=until, day=day, nodes=nodes)

    return curve


def _rests(view: View, indicator: Indicator | None) -> tuple[Rest, ...]:
    """The rests that bend a part: those begun by now that did not end before its start.

    What recurs has its year, which no rest makes longer.
    """
    recurs = indicator is not None and indicator.kind == "recurring"
    start = _start(view, indicator)
    return tuple(
        rest.model_copy(update={"extend": rest.extend and not recurs})
        for rest in view.amended.rests
        if rest.first <= view.day and rest.last >= start
    )


def _rebases(view: View, name: str, indicator: Indicator | None) -> Iterator[Rebase]:
    """The new beginnings of a part, each at what had been reached on its eve (4.7, 4.17).

    It is read under the new target, from values that are true by then.
    """
    if indicator is not None and _is_ceiling(indicator):
        return
    for change in view.amended.changes:
        then = task_on(view.filed, view.amended, change.first)
        if change.mode != "rebase" or change.first > view.day or not _touched(then, name, change):
            continue
        eve = change.first - _ONE_DAY
        found = reached_of(
            then, name, view.reading.until(eve), eve, view.rulebook, year_of=view.day
        )
        a = max(Fraction(0), min(found.a or Fraction(0), Fraction(1)))
        yield Rebase(first=change.first, reached=a)


def _touched(task: Task, name: str, change: Change) -> bool:
    if change.indicator is None and name in {PERCENT, MILESTONES}:
        return True
    return follows(task, name, change)


def _start(view: View, indicator: Indicator | None) -> date:
    return view.task.start if indicator is None else indicator.start or view.task.start


def _is_ceiling(indicator: Indicator) -> bool:
    return indicator.kind == "ceiling"

"""What a unit inherits of those that were merged into it or gave it tasks (assessment 4.14)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.domain.period_run import PeriodResult
from scoring.domain.task_line import TaskLine
from scoring.domain.year_result import PeriodPart


@dataclass(frozen=True, kw_only=True)
class Passing:
    """From a day on a unit answers for what another held: for all, or for the tasks named."""

    first: date
    of: str
    into: str
    tasks: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Ancestry:
    """Whose results of a period a unit has: of the `units` all, of the others a task each."""

    units: tuple[str, ...]
    tasks: tuple[tuple[str, str], ...]

    def parts(self, result: PeriodResult) -> tuple[PeriodPart, ...]:
        """The published scores that it has of a period, each with its counted weight."""
        whole = [
            PeriodPart(unit=one.unit, task=None, score=one.score, weight=one.counted_weight)
            for one in result.units
            if one.unit in self.units and one.score is not None
        ]
        lines = {line.task: line for line in result.tasks}
        single = [
            part
            for unit, task in self.tasks
            if task in lines
            for part in of_line(lines[task], (unit,))
        ]
        return (*whole, *single)

    def holders(self, task: str) -> tuple[str, ...]:
        """The units whose part in a task it has."""
        return (*self.units, *(unit for unit, of in self.tasks if of == task))


def of_line(line: TaskLine, units: Sequence[str]) -> Iterator[PeriodPart]:
    """The published scores of a task that units have, where it counted."""
    for unit in sorted(units):
        share, own = line.shares.get(unit), line.of(unit)
        if share and own.left_out is None and own.score is not None:
            weight = line.weight * share
            yield PeriodPart(unit=unit, task=line.task, score=own.score, weight=weight)


def ancestry(unit: str, last: date, passings: Sequence[Passing]) -> Ancestry:
    """Whose results a unit has of a period that ended on a day.

    `passings` are in the order in which they took effect; only later ones pass a period on.
    """
    later = [one for one in passings if one.first > last]
    found = list(dict.fromkeys(_held(unit, later)))
    units = [of for of, task in found if task is None]
    tasks = [(of, task) for of, task in found if task is not None and of not in units]
    return Ancestry(units=tuple(units), tasks=tuple(tasks))


def merged_into(unit: str, passings: Sequence[Passing]) -> str | None:
    """The unit that another became part of, through all that followed; None where it stands."""
    into = None
    for one in passings:
        if one.tasks is None and one.of == (into or unit):
            into = one.into
    return into


def weighed(parts: Sequence[PeriodPart]) -> Fraction | None:
    """Σω·U / Σω of published scores, not rounded again; None without any."""
    whole = sum((one.weight for one in parts), Fraction(0))
    if not whole:
        return None
    return sum((one.weight * Fraction(one.score) for one in parts), Fraction(0)) / whole


def _held(unit: str, passings: Sequence[Passing]) -> Iterator[tuple[str, str | None]]:
    """The unit itself, and who passed it what: all, or a task. What passed before passes on."""
    yield unit, None
    for place, one in enumerate(passings):
        if one.into != unit:
            continue
        if one.tasks is None:
            yield from _held(one.of, passings[:place])
        else:
            for task in sorted(one.tasks):
                yield from _held_task(one.of, task, passings[:place])


def _held_task(unit: str, task: str, passings: Sequence[Passing]) -> Iterator[tuple[str, str]]:
    yield unit, task
    for place, one in enumerate(passings):
        if one.into == unit and (one.tasks is None or task in one.tasks):
            yield from _held_task(one.of, task, passings[:place])

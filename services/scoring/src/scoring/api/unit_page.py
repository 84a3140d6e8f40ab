"""A unit's page: how its score is made, how it went before, and what it must do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from scoring.api.page_sight import Issue, sees, severity
from scoring.domain.exact import write_exact, write_weight
from scoring.domain.parts import MILESTONES
from scoring.domain.period_run import PeriodResult
from scoring.domain.rollup import UnitResult
from scoring.domain.task_line import TaskLine
from shared.contracts.plan import Task
from shared.kit.auth import Principal


@dataclass(frozen=True, kw_only=True)
class Term:
    """A line's part in the unit's score: ω = weight × share, times the published score.

    `score` and `left_out` are the unit's own where they differ from the line's; then `own` is set.
    """

    line: TaskLine
    share: Fraction
    score: Decimal | None
    left_out: str | None
    own: bool

    @property
    def weight(self) -> Fraction:
        """ω of the unit in the task."""
        return self.line.weight * self.share

    @property
    def weighed(self) -> Fraction | None:
        """ω·S; None where the line does not count."""
        return None if self.score is None else self.weight * Fraction(self.score)


@dataclass(frozen=True, kw_only=True)
class Sum:
    """The unit's score written out: Σ ω·S ÷ Σ ω, as texts; hidden lines are one term each side."""

    earned: str
    weights: str
    total: str
    weight: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """The unit in a published period, among so many that were ranked."""

    period: str
    score: Decimal | None
    rank: int | None
    of: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is to be done about a line that is behind: nodes due and not done, and the gap."""

    line: TaskLine
    nodes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class UnitView:
    """All that the page shows; `hidden` counts the lines this reader may not see."""

    unit: UnitResult
    ranked: int
    terms: tuple[Term, ...]
    sum: Sum | None
    hidden: int
    trend: tuple[Place, ...]
    steps: tuple[Step, ...]
    silent: tuple[TaskLine, ...]


def unit_view(
    result: PeriodResult,
    unit: str,
    *,
    day: date,
    issues: Sequence[Issue],
    tasks: Mapping[str, Task],
    reader: Principal | None,
) -> UnitView:
    """A unit's result at the end of a period (`day`).

    `issues` are the published periods up to this one, oldest first.
    """
    mine = next(one for one in result.units if one.unit == unit)
    every = terms_of(result, mine)
    seen = tuple(term for term in every if sees(reader, term.line))
    led = tuple(term.line for term in seen if term.line.unit == unit)
    return UnitView(
        unit=mine,
        ranked=_ranked(result, mine.group),
        terms=tuple(sorted(seen, key=lambda term: severity(term.line))),
        sum=_sum(every, seen),
        hidden=len(every) - len(seen),
        trend=tuple(place for issue in issues if (place := _place(issue, unit))),
        steps=tuple(
            Step(line=line, nodes=_nodes_due(line, tasks.get(line.task), day))
            for line in sorted(led, key=severity)
            if line.light in {"red", "yellow"} and not line.missing
        ),
        silent=tuple(line for line in led if line.missing),
    )


def terms_of(result: PeriodResult, unit: UnitResult) -> tuple[Term, ...]:
    """The lines a unit has a share in, each with the score that counts for this unit."""
    own = {line.task: line for line in unit.lines}
    return tuple(
        Term(
            line=line,
            share=line.shares[unit.unit],
            score=own[line.task].score if line.task in own else line.score,
            left_out=own[line.task].left_out if line.task in own else line.left_out,
            own=line.task in own,
        )
        for line in result.tasks
        if line.shares.get(unit.unit)
    )


def _sum(every: Sequence[Term], seen: Sequence[Term]) -> Sum | None:
    counted = [term for term in every if term.score is not None]
    weight = sum((term.weight for term in counted), Fraction(0))
    if not weight:
        return None
    shown = [term for term in seen if term.score is not None]
    earned = [f"{_factor(term.weight)} × {term.score}" for term in shown]
    weights = [_factor(term.weight) for term in shown]
    rest = [term for term in counted if term not in shown]
    if rest:
        earned.append(_factor(_total(rest)))
        weights.append(_factor(sum((term.weight for term in rest), Fraction(0))))
    return Sum(
        earned=" + ".join(earned),
        weights=" + ".join(weights),
        total=write_weight(_total(counted)),
        weight=write_weight(weight),
    )


def _total(terms: Sequence[Term]) -> Fraction:
    return sum((term.weighed or Fraction(0) for term in terms), Fraction(0))


def _factor(number: Fraction) -> str:
    """A number inside a sum, in full; a fraction keeps its brackets."""
    text = write_exact(number)
    return f"({text})" if "/" in text else text


def _place(issue: Issue, unit: str) -> Place | None:
    mine = next((one for one in issue.result.units if one.unit == unit), None)
    if mine is None:
        return None
    ranked = _ranked(issue.result, mine.group)
    return Place(period=issue.period.id, score=mine.score, rank=mine.rank, of=ranked)


def _ranked(result: PeriodResult, group: str) -> int:
    return sum(one.group == group and one.rank is not None for one in result.units)


def _nodes_due(line: TaskLine, task: Task | None, day: date) -> tuple[str, ...]:
    """The milestones whose day had come and that were not done."""
    nodes = next((part for part in line.parts if part.id == MILESTONES), None)
    if nodes is None or task is None:
        return ()
    return tuple(
        node.id
        for node in task.milestones
        if node.due <= day and nodes.operands.get(f"done({node.id})", 1) < 1
    )

"""The bulletin (通报) as its page shows it: who moved, who is silent, what was left out and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from scoring.api.page_sight import LIGHTS, Issue, shown
from scoring.domain.period_run import PeriodResult
from scoring.domain.rollup import ActionResult, UnitLine, UnitResult
from scoring.domain.task_line import TaskLine
from shared.contracts.plan import ActionHead, Group
from shared.contracts.scoring import Light
from shared.kit.auth import Principal

_MOST_MOVERS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Place:
    """A unit's result beside that of the period before; `risen` counts places, down is negative."""

    now: UnitResult
    before: UnitResult | None

    @property
    def risen(self) -> int | None:
        """None where it was not ranked both times."""
        if self.before is None or self.before.rank is None or self.now.rank is None:
            return None
        return self.before.rank - self.now.rank


@dataclass(frozen=True, kw_only=True)
class Table:
    """The ranking of a group, the best first; those without a rank stand last."""

    group: str
    places: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """An action and, unit by unit, the lines that the unit leads in it."""

    action: ActionResult
    cells: tuple[tuple[TaskLine, ...], ...]


@dataclass(frozen=True, kw_only=True)
class LightMove:
    """A task whose light changed since the period before; `steps` up is better."""

    line: TaskLine
    was: Light
    steps: int


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A task whose lead did not report, and the first period since when it has not."""

    line: TaskLine
    since: str
    periods: int


@dataclass(frozen=True, kw_only=True)
class Bulletin:
    """All that the page shows beside the head of the publication."""

    result: PeriodResult
    before: Issue | None
    lines: tuple[TaskLine, ...]
    lights: Mapping[Light, int]
    tables: tuple[Table, ...]
    columns: tuple[str, ...]
    matrix: tuple[MatrixRow, ...]
    moves: tuple[LightMove, ...]
    risers: tuple[Place, ...]
    fallers: tuple[Place, ...]
    silent: tuple[Silence, ...]
    left_out: Mapping[str, tuple[TaskLine, ...]]
    pending: tuple[TaskLine, ...]
    own: tuple[tuple[str, UnitLine], ...]
    events: tuple[Any, ...]

    @property
    def risen(self) -> Decimal | None:
        """By how much the plan's score changed; None where one of the two is missing."""
        was = self.before.result.plan_score if self.before else None
        now = self.result.plan_score
        return None if was is None or now is None else now - was

    @property
    def behind(self) -> tuple[TaskLine, ...]:
        """The lines in red and yellow."""
        return tuple(line for line in self.lines if line.light in {"red", "yellow"})


def bulletin(
    result: PeriodResult,
    *,
    history: Sequence[Issue],
    groups: Iterable[Group],
    actions: Iterable[ActionHead],
    reader: Principal | None,
) -> Bulletin:
    """A period's result beside what was published before it (`history`, oldest first)."""
    before = history[-1] if history else None
    lines = shown(result.tasks, reader)
    tables = _tables(result.units, before, groups)
    places = [place for table in tables for place in table.places if place.risen]
    columns, matrix = _matrix(result, lines, actions)
    seen = {line.task for line in lines}
    return Bulletin(
        result=result,
        before=before,
        lines=lines,
        lights=Counter(line.light for line in lines),
        tables=tables,
        columns=columns,
        matrix=matrix,
        moves=_moves(lines, before),
        risers=_most(place for place in places if (place.risen or 0) > 0),
        fallers=_most(place for place in places if (place.risen or 0) < 0),
        silent=tuple(_silence(line, history) for line in lines if line.missing),
        left_out=_by_reason(lines),
        pending=tuple(line for line in lines if "source_pending" in line.flags),
        own=tuple((u.unit, own) for u in result.units for own in u.lines if own.task in seen),
        events=tuple(getattr(result, "events", ())),  # results of earlier releases have none
    )


def _tables(
    units: Sequence[UnitResult], before: Issue | None, groups: Iterable[Group]
) -> tuple[Table, ...]:
    was = {one.unit: one for one in before.result.units} if before else {}
    best = sorted(units, key=lambda one: (one.rank is None, one.rank or 0, one.unit))
    every = [
        Table(
            group=group.id,
            places=tuple(
                Place(now=one, before=was.get(one.unit)) for one in best if one.group == group.id
            ),
        )
        for group in groups
    ]
    return tuple(table for table in every if table.places)


def _matrix(
    result: PeriodResult, lines: Sequence[TaskLine], actions: Iterable[ActionHead]
) -> tuple[tuple[str, ...], tuple[MatrixRow, ...]]:
    """Actions in the order of the plan, and the units that lead in them, the busiest first."""
    led = Counter(line.unit for line in lines)
    columns = tuple(sorted(led, key=lambda unit: (-led[unit], unit)))
    scores = {one.action: one for one in result.actions}
    rows = [
        MatrixRow(
            action=scores[action.id],
            cells=tuple(
                tuple(line for line in lines if (line.action, line.unit) == (action.id, unit))
                for unit in columns
            ),
        )
        for action in actions
        if action.id in scores
    ]
    return columns, tuple(rows)


def _moves(lines: Sequence[TaskLine], before: Issue | None) -> tuple[LightMove, ...]:
    """What got worse comes first, the largest change before the smaller."""
    was = {line.task: line.light for line in before.result.tasks} if before else {}
    moves = [
        LightMove(
            line=line,
            was=was[line.task],
            steps=LIGHTS.index(line.light) - LIGHTS.index(was[line.task]),
        )
        for line in lines
        if was.get(line.task, "grey") not in {"grey", line.light} and line.light != "grey"
    ]
    return tuple(sorted(moves, key=lambda move: (move.steps > 0, -abs(move.steps))))


def _most(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(sorted(places, key=lambda one: -abs(one.risen or 0))[:_MOST_MOVERS])


def _silence(line: TaskLine, history: Sequence[Issue]) -> Silence:
    """Back through the periods for as long as the same unit was silent about the task."""
    since, periods = line.period, 1
    for issue in reversed(history):
        was = next((one for one in issue.result.tasks if one.task == line.task), None)
        if was is None or not was.missing or was.unit != line.unit:
            break
        since, periods = issue.period.id, periods + 1
    return Silence(line=line, since=since, periods=periods)


def _by_reason(lines: Sequence[TaskLine]) -> dict[str, tuple[TaskLine, ...]]:
    reasons = sorted({line.left_out for line in lines if line.left_out is not None})
    return {
        reason: tuple(sorted((one for one in lines if one.left_out == reason), key=_by_task))
        for reason in reasons
    }


def _by_task(line: TaskLine) -> str:
    return line.task

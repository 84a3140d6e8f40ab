"""A task's page: expected against actual, its nodes and targets, and its published lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from scoring.api.charts import CHART, Line, Point, Span, Tick, years_on
from scoring.api.page_sight import Issue, Title
from scoring.domain.facts import PlanFacts
from scoring.domain.parts import MILESTONES, parts_of
from scoring.domain.reading import Reading
from scoring.domain.task_line import TaskLine
from shared.calendar.periods import Period
from shared.contracts.decisions import UNAMENDED, Change
from shared.contracts.plan import Indicator, Milestone, Task
from shared.contracts.rulebook import DEFAULT_RULEBOOK

_ONE_DAY = timedelta(days=1)
_UNREPORTED = Reading(own=None, history=())


@dataclass(frozen=True, kw_only=True)
class Published:
    """The task's line in a period, as its latest version tells it."""

    period: Period
    version: int
    line: TaskLine


@dataclass(frozen=True, kw_only=True)
class Node:
    """A milestone; `done` is its share as last published, None where nothing was published."""

    milestone: Milestone
    done: Fraction | None


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """A change of a target or a day, with the target before it."""

    change: Change
    was: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Target:
    """An indicator as it was filed, its target now, and what changed it, oldest first."""

    indicator: Indicator
    now: Decimal | None
    adjusted: tuple[Adjusted, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """E(t) as a line, published attainments as points, milestones as marks on the time axis."""

    expected: Line
    actual: Line
    nodes: tuple[Point, ...]
    years: tuple[Tick, ...]
    shares: tuple[Tick, ...]


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """All that the page shows, the newest period last."""

    task: Task
    action: str
    published: tuple[Published, ...]
    nodes: tuple[Node, ...]
    targets: tuple[Target, ...]
    moved: tuple[Change, ...]
    chart: Chart

    @property
    def newest(self) -> Published | None:
        """The line that was published last."""
        return self.published[-1] if self.published else None


def task_view(
    plan: PlanFacts,
    task: str,
    *,
    issues: Sequence[Issue],
    periods: Sequence[Period],
    title: Title,
) -> TaskView:
    """A task of the plan in force, with its line in each issue; `periods` are the plan's."""
    action, found = next(pair for pair in plan.tasks if pair[1].id == task)
    published = tuple(
        Published(period=issue.period, version=issue.version, line=line)
        for issue in issues
        for line in issue.result.tasks
        if line.task == task
    )
    changes = plan.amended.get(task, UNAMENDED).changes
    return TaskView(
        task=found,
        action=action,
        published=published,
        nodes=_nodes(found, published),
        targets=tuple(_target(one, changes) for one in found.indicators),
        moved=tuple(change for change in changes if change.indicator is None),
        chart=_chart(found, published, expected_path(plan, found, periods), title),
    )


def expected_path(
    plan: PlanFacts, task: Task, periods: Sequence[Period]
) -> tuple[tuple[date, Fraction], ...]:
    """E at the start, at the end of each period the task runs through, and around each node.

    Empty where the curve cannot be told.
    """
    ends = {one.last for one in periods if task.start <= one.last <= task.due}
    nodes = {one.due for one in task.milestones}  # a step is drawn upright
    days = sorted({task.start, task.due, *ends, *nodes, *(day - _ONE_DAY for day in nodes)})
    try:
        return tuple((day, _expected(plan, task, day)) for day in days)
    except ValueError:  # a run refuses it too, and says why
        return ()


def _expected(plan: PlanFacts, task: Task, day: date) -> Fraction:
    """Expectations of the parts, weighed as a published line weighs them; no report bears on E."""
    cadence = plan.head.calendar.cadence
    amended = plan.amended.get(task.id, UNAMENDED)
    parts = parts_of(
        task, _UNREPORTED, day, rulebook=DEFAULT_RULEBOOK, cadence=cadence, amended=amended
    )
    active = [part for part in parts if part.e > 0]
    weight = sum((part.weight for part in active), Fraction(0))
    return sum((part.weight * part.e for part in active), Fraction(0)) / (weight or 1)


def _target(indicator: Indicator, changes: Sequence[Change]) -> Target:
    now, adjusted = indicator.target, []
    for change in changes:
        if change.indicator == indicator.id:
            adjusted.append(Adjusted(change=change, was=now))
            now = now if change.target is None else change.target
    return Target(indicator=indicator, now=now, adjusted=tuple(adjusted))


def _nodes(task: Task, published: Sequence[Published]) -> tuple[Node, ...]:
    parts = [part for one in published for part in one.line.parts if part.id == MILESTONES]
    said = parts[-1].operands if parts else {}
    return tuple(
        Node(milestone=node, done=said.get(f"done({node.id})"))
        for node in sorted(task.milestones, key=lambda node: (node.due, node.id))
    )


def _chart(
    task: Task,
    published: Sequence[Published],
    path: Sequence[tuple[date, Fraction]],
    title: Title,
) -> Chart:
    ends = [one.period.last for one in published]
    span = Span(first=task.start, last=max([task.due, *ends]))
    told = {one.period.last: one.line.e for one in published if one.line.e is not None}
    curve: dict[date, Fraction | Decimal] = {**dict(path), **told}
    return Chart(
        expected=Line(points=tuple(_point(span, day, curve[day], "E") for day in sorted(curve))),
        actual=Line(
            points=tuple(
                _point(span, one.period.last, one.line.a, one.period.id)
                for one in published
                if one.line.a is not None
            )
        ),
        nodes=tuple(
            Point(
                x=CHART.x(span.share(node.due)),
                y=CHART.bottom,
                label=f"{node.due} {title(node.id)}",
            )
            for node in task.milestones
        ),
        years=years_on(span, CHART),
        shares=tuple(
            Tick(at=CHART.y(Fraction(part, 4)), label=f"{25 * part}%") for part in range(5)
        ),
    )


def _point(span: Span, day: date, share: Fraction | Decimal, label: str) -> Point:
    percent = round(100 * Fraction(share), 2)
    return Point(
        x=CHART.x(span.share(day)),
        y=CHART.y(share),
        label=f"{label} {day}: {Decimal(percent.numerator) / Decimal(percent.denominator)}%",
    )

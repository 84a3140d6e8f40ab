"""The objects of a plan that carry an id, with where they stand in its file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.contracts.plan import (
    Action,
    Group,
    Indicator,
    Milestone,
    PlanDocument,
    PlanHead,
    Task,
    Unit,
)
from shared.contracts.problem import Path
from shared.contracts.values import Text

PartModel = PlanHead | Group | Unit | Action | Task | Milestone | Indicator


@dataclass(frozen=True, kw_only=True)
class Part:
    """One object; `what` is the word for it, `within` the id of what it belongs to."""

    what: str
    within: str
    path: Path
    one: PartModel

    @property
    def id(self) -> str:
        """Its id."""
        return self.one.id

    @property
    def title(self) -> Text:
        """Its title."""
        return self.one.title

    @property
    def space(self) -> str:
        """The space in which its id means one thing."""
        return "task" if self.what in {"milestone", "indicator"} else self.what


def parts_of(plan: PlanDocument) -> Iterator[Part]:
    """Every object of a plan, in the order of its file."""
    head = Part(what="plan", within="", path=("plan",), one=plan.plan)
    yield head
    yield from _listed("indicator", plan.plan.indicators, head)
    yield from _listed("group", plan.groups, head, ("groups",))
    yield from _listed("unit", plan.units, head, ("units",))
    for action in _listed("action", plan.actions, head, ("actions",)):
        yield action
        yield from _inside(action)


def _inside(part: Part) -> Iterator[Part]:
    if isinstance(part.one, Action):
        yield from _listed("indicator", part.one.indicators, part)
        divided: set[str] = set()
        for task in _listed("task", part.one.tasks, part):
            yield task
            whole = task.one.part_of if isinstance(task.one, Task) else None
            if whole is None or whole not in divided:  # the parts of a split share their figure
                yield from _inside(task)
            divided |= {whole} if whole else set()
    elif isinstance(part.one, Task):
        yield from _listed("milestone", part.one.milestones, part)
        yield from _listed("indicator", part.one.indicators, part)


def _listed(
    what: str, ones: tuple[PartModel, ...], owner: Part, path: Path | None = None
) -> Iterator[Part]:
    base = path or (*owner.path, f"{what}s")
    for index, one in enumerate(ones):
        yield Part(what=what, within=owner.id, path=(*base, index), one=one)


def shown_to(plan: PlanDocument, unit: str | None) -> PlanDocument:
    """A task that is not published is shown to the units that answer for it, and to the office.

    `unit` is the reader's; None stands for a reader of no unit who is not the office.
    """
    actions = tuple(
        action.model_copy(
            update={
                "tasks": tuple(
                    task
                    for task in action.tasks
                    if task.publish or any(one.unit == unit for one in task.assignments)
                )
            }
        )
        for action in plan.actions
    )
    return plan.model_copy(update={"actions": actions})


def with_each_task(plan: PlanDocument, change: Callable[[Task], Task]) -> PlanDocument:
    """The plan with a change made to each of its tasks."""
    actions = tuple(
        action.model_copy(update={"tasks": tuple(map(change, action.tasks))})
        for action in plan.actions
    )
    return plan.model_copy(update={"actions": actions})

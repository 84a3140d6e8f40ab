"""What a report is about: the figures and nodes it may carry, and who may report them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from intake.domain.amended import closing_day
from intake.domain.obligations import AS_FILED, lead_of
from shared.calendar.periods import Period
from shared.contracts.decisions import UNAMENDED, Amended
from shared.contracts.plan import Action, Indicator, Milestone, PlanDocument, PlanHead, Task
from shared.contracts.submission import Submission


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a report may not enter: a stable code, the field, and the mend."""

    code: str
    path: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Reported:
    """Which figures a report may carry: a task's, or those of the plan or an action.

    `closes` is the task's last day, after which nothing of it is done.
    """

    indicators: tuple[Indicator, ...]
    task: Task | None
    closes: date | None = None

    @cached_property
    def figures(self) -> Mapping[str, Indicator]:
        """The indicators by id."""
        return {indicator.id: indicator for indicator in self.indicators}

    @cached_property
    def nodes(self) -> Mapping[str, Milestone]:
        """The task's milestones by id."""
        milestones = self.task.milestones if self.task else ()
        return {milestone.id: milestone for milestone in milestones}


def what_is_reported(
    plan: PlanDocument,
    submission: Submission,
    period: Period,
    amended: Mapping[str, Amended] = AS_FILED,
) -> Reported | Refusal:
    """The task, or the plan's or an action's figures, that this unit may report on."""
    wrong = Refusal(
        code="wrong_unit",
        path="unit",
        message=f"{submission.unit} does not answer for {submission.task} in {period.id}: "
        "its lead reports it",
    )
    for action in plan.actions:
        for task in action.tasks:
            if task.id == submission.task:
                if lead_of(task, plan.units, period.last) != submission.unit:
                    return wrong
                closes = closing_day(task, amended.get(task.id, UNAMENDED), period.last)
                return Reported(indicators=task.indicators, task=task, closes=closes)
    heads: tuple[PlanHead | Action, ...] = (plan.plan, *plan.actions)
    for head in heads:
        if head.id == submission.task:
            mine = tuple(one for one in head.indicators if one.reporter == submission.unit)
            return Reported(indicators=mine, task=None) if mine else wrong
    return Refusal(
        code="unknown_task",
        path="task",
        message=f"the plan {plan.plan.id} has no task {submission.task}",
    )


def unknown_item(path: str, name: str, known: Mapping[str, object]) -> Refusal:
    """A report speaks of the items of its own task only."""
    names = ", ".join(sorted(known)) or "none"
    return Refusal(
        code="unknown_item",
        path=path,
        message=f"{name} is not of this task; it has: {names}",
    )

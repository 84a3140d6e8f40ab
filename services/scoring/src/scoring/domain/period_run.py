"""The run of one period: the same facts give the same result."""

from collections import defaultdict
from typing import Any

from scoring.domain.evaluation import evaluate
from scoring.domain.events import (
    EventShown,
    Tally,
    bonus_and_deductions,
    decided_in,
    events_of,
)
from scoring.domain.exact import Printed
from scoring.domain.facts import Report, RunFacts
from scoring.domain.rollup import (
    ActionResult,
    Rates,
    UnitResult,
    actions,
    plan_score,
    rates,
    units,
)
from scoring.domain.task_line import TaskLine, TaskRow
from shared.contracts.values import Contract


class PeriodResult(Contract):
    """All lines of a period and what is computed from them; units, tasks and actions by id.

    `events` are those decided in the period; whether they are in its scores the rulebook says.
    """

    units: tuple[UnitResult, ...]
    tasks: tuple[TaskLine, ...]
    actions: tuple[ActionResult, ...]
    plan_score: Printed | None
    rates: Rates
    events: tuple[EventShown, ...] = ()

    def summary(self) -> dict[str, Any]:
        """The printed numbers as JSON values, without what explains them."""
        inside: Any = {"units": {"__all__": {"bonus", "deductions"}}, "tasks": True, "events": True}
        whole = self.model_dump(mode="json", exclude=inside)
        tasks = [
            line.model_dump(mode="json", include=set(TaskRow.model_fields)) for line in self.tasks
        ]
        return {"units": whole.pop("units"), "tasks": tasks, **whole}


def run_period(facts: RunFacts) -> PeriodResult:
    """A period is scored task by task; all above is computed from the published lines.

    Raises:
        ValueError: the plan or the rulebook lacks what a formula needs: mend it and run again.
        YearNotLoaded: a late report's working days need a year whose holidays are unknown.
    """
    plan, rounding = facts.plan, facts.rulebook.rounding
    by_task: dict[str, list[Report]] = defaultdict(list)
    for report in facts.reports:
        by_task[report.task].append(report)
    known_units = {unit.id: unit for unit in plan.units}
    heads = {action.id: action for action in plan.actions}
    lines = tuple(
        evaluate(task, action=heads[action], units=known_units, reports=by_task[task.id], run=facts)
        for action, task in sorted(plan.tasks, key=lambda pair: pair[1].id)
    )
    by_action = actions(plan.actions, lines, rounding)
    return PeriodResult(
        units=units(
            plan.units,
            lines,
            facts.rulebook,
            last=facts.previous.scores if facts.previous else None,
            tallies=_tallies(facts),
        ),
        tasks=lines,
        actions=by_action,
        plan_score=plan_score(plan.actions, by_action, rounding),
        rates=rates(lines, rounding),
        events=events_of(facts.entries, facts.exemptions, facts.period, facts.rulebook.events),
    )


def _tallies(facts: RunFacts) -> dict[str, Tally] | None:
    """The events of the period by unit, where they are in its scores (assessment 4.8)."""
    if facts.rulebook.events.level == "year":
        return None
    decided = decided_in(facts.period, facts.entries)
    return {
        unit.id: bonus_and_deductions(
            [one for one in decided if one.entry.unit == unit.id],
            facts.exemptions,
            facts.rulebook.events,
        )
        for unit in facts.plan.units
    }

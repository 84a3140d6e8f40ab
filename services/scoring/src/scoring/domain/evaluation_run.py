"""Evaluations: a dated look at the whole plan beside its periods (assessment 4.14, 4.17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from scoring.domain.amended import task_on
from scoring.domain.conditions import inactive_reason
from scoring.domain.evaluation import lead_of
from scoring.domain.exact import PRINTED_PLACES, RATIO_PLACES, rounded
from scoring.domain.facts import PlanFacts, Report, assigned_on
from scoring.domain.lights import Course, LightDecision, live_light
from scoring.domain.parts import overdue_milestones, whole_parts_of
from scoring.domain.period_run import PeriodResult
from scoring.domain.progress import Progress, measured, overall, progress_score
from scoring.domain.reading import Reading, read
from scoring.domain.rollup import actions, plan_score, rates, units
from scoring.domain.shares import shares
from scoring.domain.task_line import LeftOut, Part, TaskLine
from scoring.domain.year_figures import figures_of
from scoring.domain.year_result import Figure, printed_figures
from shared.calendar.periods import PeriodScheme
from shared.contracts.decisions import UNAMENDED
from shared.contracts.plan import ActionHead, Task, Unit
from shared.contracts.rulebook import Rulebook
from shared.contracts.values import Day


@dataclass(frozen=True, kw_only=True)
class EvaluationFacts:
    """All that an evaluation reads; every report lies before the cut-off."""

    plan: PlanFacts
    rulebook: Rulebook
    id: str
    day: date
    reports: tuple[Report, ...]

    @property
    def scheme(self) -> PeriodScheme:
        """How the plan cuts time into periods."""
        calendar = self.plan.head.calendar
        return PeriodScheme(cadence=calendar.cadence, anchor_month=calendar.anchor_month)

    def reading(self, of: str, unit: str | None = None) -> Reading:
        """What is true by the day of a task, or of the plan's or an action's figures.

        `unit` is who reports; by default who did so last.
        """
        mine = [one for one in self.reports if one.task == of]
        period = replace(self.scheme.containing(self.day), last=self.day)
        unit = unit or next((one.unit for one in reversed(mine) if one.period == period.id), "")
        found = read(mine, unit=unit, period=period, scheme=self.scheme, close_end=None)
        return replace(found, own=None)


class EvaluationResult(PeriodResult):
    """An evaluation: as of a period, with the figures of the plan and the actions.

    No report was owed for it, so that its rates are empty.
    """

    as_of: Day
    figures: tuple[Figure, ...]

    def summary(self) -> dict[str, Any]:
        """As of a period, with the figures as printed."""
        return {**super().summary(), "figures": printed_figures(self.figures)}


def run_evaluation(facts: EvaluationFacts) -> EvaluationResult:
    """Every task scores its progress alone against what is expected by the day (4.14).

    Raises:
        ValueError: the plan lacks what a formula needs.
    """
    plan, rounding = facts.plan, facts.rulebook.rounding
    known_units = {unit.id: unit for unit in plan.units}
    heads = {action.id: action for action in plan.actions}
    lines = tuple(
        _line(task, heads[action], known_units, facts)
        for action, task in sorted(plan.tasks, key=lambda pair: pair[1].id)
    )
    by_action = actions(plan.actions, lines, rounding)
    return EvaluationResult(
        as_of=facts.day,
        units=units(plan.units, lines, facts.rulebook),
        tasks=lines,
        actions=by_action,
        plan_score=plan_score(plan.actions, by_action, rounding),
        rates=rates((), rounding),
        figures=figures_of(plan, facts.day, reading=facts.reading, rulebook=facts.rulebook),
    )


def _line(
    task: Task, action: ActionHead, units: Mapping[str, Unit], facts: EvaluationFacts
) -> TaskLine:
    """What a task has attained by the day; closed, done and suspended do not apply (4.17)."""
    day, amended = facts.day, facts.plan.amended.get(task.id, UNAMENDED)
    assigned = assigned_on(task, units, day)
    unit = lead_of(task, assigned)
    in_force = task_on(task, amended, day)
    reason = inactive_reason(in_force, action, assigned, day, cancelled_on=amended.cancelled_on)
    reading, parts = facts.reading(task.id, unit), tuple[Part, ...]()
    if reason in {None, "closed"}:
        parts = whole_parts_of(task, reading, day, rulebook=facts.rulebook, amended=amended)
        reason = _reason(parts)
    rulebook = facts.rulebook
    bare = TaskLine(
        task=task.id,
        unit=unit,
        a=None,
        e=None,
        r=None,
        light="grey",
        p=None,
        t=None,
        q=None,
        score=None,
        left_out=reason,
        flags=("source_pending",) if any(one.left_out == "no_data" for one in parts) else (),
        action=action.id,
        period=facts.id,
        public=task.publish,
        gap=None,
        light_steps=(reason,) if reason else (),
        basis=None,
        charges=None,
        parts=parts,
        timeliness=None,
        completeness=None,
        submission=None,
        expected=False,
        finished=False,
        weight=task.own_weight,
        shares=dict(shares(assigned, rulebook.shares)),
        share_formula=f"share.{rulebook.shares.mode}/1",
        rulebook=rulebook.id,
        rulebook_version=rulebook.version,
    )
    if reason is not None:
        return bare

    def late(days: int) -> list[str]:
        return overdue_milestones(task, reading, day, after_days=days, amended=amended)

    progress = overall(measured(parts))
    course = Course(
        r=progress.index(rulebook.rounding.mode),
        e=progress.e,
        gap=progress.gap,
        due=day >= in_force.due,
        late=late(0),
        overdue=late(rulebook.lights.overdue_red_days),
    )
    return _scored(bare, progress, live_light(course, rulebook.lights), rulebook)


def _scored(bare: TaskLine, now: Progress, light: LightDecision, rulebook: Rulebook) -> TaskLine:
    """S is P alone: nothing was owed, so nothing was late (assessment 4.14)."""
    mode, p = rulebook.rounding.mode, progress_score(measured(bare.parts))
    return bare.model_copy(
        update={
            "a": rounded(now.a, RATIO_PLACES, mode),
            "e": rounded(now.e, RATIO_PLACES, mode),
            "r": now.index(mode),
            "gap": rounded(now.gap, RATIO_PLACES, mode),
            "light": light.light,
            "light_steps": light.steps,
            "p": rounded(p, PRINTED_PLACES, mode),
            "score": rounded(p, rulebook.rounding.places, mode),
            "basis": "score.progress/1",
        }
    )


def _reason(parts: Sequence[Part]) -> LeftOut | None:
    if all(part.e == 0 for part in parts):
        return "no_expectation"
    return None if measured(parts) else "no_data"

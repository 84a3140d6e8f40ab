"""Whether a plan can be changed so: the change comes in time, and the checks of a file hold."""

from collections.abc import Iterator

from intake.domain.amended import as_changed, changed, is_cancelled
from intake.domain.amending import Basis, as_filed, change_of
from intake.domain.plan_check import check_plan
from intake.domain.plan_parts import with_each_task
from intake.domain.reported import Refusal
from shared.calendar.periods import Period
from shared.contracts.decisions import Addition, Adjustment
from shared.contracts.plan import PlanDocument, Task
from shared.contracts.problem import Problem


def adjustment_refusals(decision: Adjustment, basis: Basis) -> Iterator[Refusal]:
    """A target or a date changes from a period on that is not published (assessment 4.7)."""
    effective, task = basis.calendar.period(decision.effective), basis.tasks[decision.task]
    yield from published_refusals(effective, "effective", basis)
    yield from cancelled_refusals(task.id, effective, "effective", basis)
    figures = {figure.id for figure in task.indicators}
    new = {name: getattr(decision, name) for name in ("target", "due", "year_targets")}
    if decision.indicator is not None and decision.indicator not in figures:
        names = ", ".join(sorted(figures)) or "none"
        message = f"{decision.indicator} is no indicator of {task.id}; it has: {names}"
        yield refusal("unknown_indicator", "indicator", message)
        return
    if all(value is None for value in new.values()):
        yield refusal("no_change", "target", "nothing changes: name a target, due or year_targets")
    if decision.indicator is None:
        for name in ("target", "year_targets"):
            if new[name] is not None:
                message = "a task has no target of its own: name the indicator"
                yield refusal("indicator_required", "indicator", message)
                return
    before = as_changed(task, basis.of(task.id), effective.first)
    after = changed(before, [change_of(decision, basis)])
    kept = "year_targets" if decision.year_targets is None else None
    for problem in news(_with(basis.document, before), _with(basis.document, after)):
        field = _field(problem.path)
        # Yearly targets that the decision leaves as they are may add up to the old target.
        if field != kept:
            yield of_problem(problem, field)


def addition_refusals(decision: Addition, basis: Basis) -> Iterator[Refusal]:
    """A task that joins is held to the checks of a plan file, and not scored back (4.7)."""
    new, document = decision.task, basis.document
    homes = enumerate(document.actions)
    place, action = next((at, one) for at, one in homes if one.id == decision.action)
    own = f"actions[{place}].tasks[{len(action.tasks)}]"
    for problem in news(document, as_filed(document, decision.action, new)):
        yield of_problem(problem, problem.path.replace(own, "task", 1))
    published = [name for name, last in basis.published.items() if new.start <= last]
    if published:
        newest = max(published, key=lambda name: basis.published[name])
        message = f"{newest} is published, and ended after {new.start}: let it start later"
        yield refusal("period_published", "task.start", message)


def published_refusals(period: Period, path: str, basis: Basis) -> Iterator[Refusal]:
    """What is published stays as it is published (assessment 4.7, 4.13)."""
    if any(period.last <= last for last in basis.published.values()):
        message = f"{period.id} is published: name a later period"
        yield refusal("period_published", path, message)


def cancelled_refusals(task: str, period: Period, path: str, basis: Basis) -> Iterator[Refusal]:
    """Of a cancelled task nothing is decided for the periods it is left out of (4.7)."""
    if is_cancelled(basis.of(task), period):
        yield already_cancelled(task, path)


def already_cancelled(task: str, path: str) -> Refusal:
    """A cancelled task does not come back: its history stays published (assessment 4.7)."""
    return refusal("already_cancelled", path, f"{task} is cancelled: add a new task")


def refusal(code: str, path: str, message: str) -> Refusal:
    """Why a decision cannot be."""
    return Refusal(code=code, path=path, message=message)


def _with(document: PlanDocument, task: Task) -> PlanDocument:
    """The plan with this task in the place of the one of its id."""
    return with_each_task(document, lambda one: task if one.id == task.id else one)


def news(before: PlanDocument, after: PlanDocument) -> list[Problem]:
    """What the checks of a plan file have against a change, and had not before."""
    known = set(check_plan(before, lambda _path: None).errors)
    return [one for one in check_plan(after, lambda _path: None).errors if one not in known]


def _field(path: str) -> str:
    """The field of an adjustment that a place in the plan belongs to."""
    names = [part.partition("[")[0] for part in path.split(".")]
    return next((name for name in ("year_targets", "due") if name in names), "target")


def of_problem(problem: Problem, path: str) -> Refusal:
    """What the checks of a plan file found, as the reason against a decision."""
    return refusal(problem.code, path, f"{problem.message}: {problem.mend}")

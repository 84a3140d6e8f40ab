"""Whether a decision of the office can be: everything it names is there, and it comes in time.

Every refusal has a stable code, the field it is about, and what to do.
"""

from collections.abc import Iterator
from itertools import pairwise

from intake.domain.admission import Refusal
from intake.domain.amended import as_changed, changed, is_cancelled, window_of
from intake.domain.amending import Basis, amend, as_filed, change_of
from intake.domain.obligations import lead_of
from intake.domain.plan_check import check_plan
from intake.domain.plan_normal import lacks_baseline
from shared.calendar.periods import Period
from shared.calendar.workdays import YearNotLoaded
from shared.contracts.decisions import (
    Addition,
    Adjustment,
    Award,
    Cancellation,
    Confirmation,
    CorrectedReport,
    Decision,
    Exemption,
    Extension,
    Rating,
    Suspension,
)
from shared.contracts.plan import PlanDocument, Task
from shared.contracts.problem import Problem

_OF_PERIODS = frozenset({"E1", "E4", "E5"})


def refusals_of(decision: Decision, basis: Basis) -> list[Refusal]:
    """Every reason why a decision cannot be; none means that it holds.

    A corrected report is held to the rules of a report besides.
    """
    return list(_unknown(decision, basis)) or list(_amiss(decision, basis))


def _unknown(decision: Decision, basis: Basis) -> Iterator[Refusal]:
    """What a decision names is of the plan in force."""
    document = basis.document
    known = {
        "unit": {unit.id for unit in document.units},
        "action": {action.id for action in document.actions},
        "task": {task.id for action in document.actions for task in action.tasks},
    }
    for what, names in known.items():
        name = getattr(decision, what, None)
        if isinstance(name, str) and name not in names:
            yield _refusal(f"unknown_{what}", what, f"the plan has no {what} {name}")
    named = {
        **{field: getattr(decision, field, None) for field in ("period", "effective")},
        **{f"periods[{at}]": one for at, one in enumerate(getattr(decision, "periods", ()))},
    }
    for path, period in named.items():
        if period is not None and basis.calendar.find(period) is None:
            message = f"no such period of this plan; this one reads {basis.calendar.example()}"
            yield _refusal("unknown_period", path, message)


def _amiss(decision: Decision, basis: Basis) -> Iterator[Refusal]:  # noqa: C901  # one case a kind
    match decision:
        case Extension():
            yield from _extension(decision, basis)
        case Adjustment():
            yield from _adjustment(decision, basis)
        case Confirmation():
            yield from _confirmation(decision, basis)
        case Suspension():
            yield from _suspension(decision, basis)
        case Cancellation():
            if basis.of(decision.task).cancelled_on is not None:
                yield _already_cancelled(decision.task, "task")
        case Addition():
            yield from _addition(decision, basis)
        case Exemption():
            yield from _exemption(decision, basis)
        case Award() if decision.level is None and decision.points is None:
            yield _refusal("points_required", "points", "name a level, or the points")
        case Rating():
            yield from _rating(decision, basis)
        case CorrectedReport():
            yield from _correction(decision, basis)
        case _:
            pass


def _extension(decision: Extension, basis: Basis) -> Iterator[Refusal]:
    """A report may come later only if that is granted before it is due (assessment 3.2)."""
    period, task = basis.calendar.period(decision.period), _task(decision.task, basis)
    if lead_of(task, basis.document.units, period.last) != decision.unit:
        message = f"{decision.unit} does not owe the report of {task.id} for {period.id}"
        yield _refusal("wrong_unit", "unit", f"{message}: name the lead on its last day")
    yield from _ended(decision.task, period, "period", basis)
    yield from _published(period, "period", basis)
    _, after = amend(decision, basis)
    until_now, then = (
        amended.working_days_more(decision.unit, period.id)
        for amended in (basis.of(task.id), after[task.id])
    )
    try:
        window = window_of(basis.calendar, period, later=until_now)
        window_of(basis.calendar, period, later=then)
    except YearNotLoaded as missing:
        message = f"{missing}; a version of the plan adds it to calendar.holidays"
        yield _refusal("year_not_loaded", "working_days", message)
        return
    if basis.now >= window.due_end(basis.calendar.tz):
        message = f"it was due on {window.due}: a report is extended before that"
        yield _refusal("extension_late", "period", message)


def _adjustment(decision: Adjustment, basis: Basis) -> Iterator[Refusal]:
    """A target or a date changes from a period on that is not published (assessment 4.7)."""
    effective, task = basis.calendar.period(decision.effective), _task(decision.task, basis)
    yield from _published(effective, "effective", basis)
    yield from _ended(task.id, effective, "effective", basis)
    figures = {figure.id for figure in task.indicators}
    new = {name: getattr(decision, name) for name in ("target", "due", "year_targets")}
    if decision.indicator is not None and decision.indicator not in figures:
        names = ", ".join(sorted(figures)) or "none"
        message = f"{decision.indicator} is no indicator of {task.id}; it has: {names}"
        yield _refusal("unknown_indicator", "indicator", message)
        return
    if all(value is None for value in new.values()):
        yield _refusal("no_change", "target", "nothing changes: name a target, due or year_targets")
    if decision.indicator is None:
        for name in ("target", "year_targets"):
            if new[name] is not None:
                message = "a task has no target of its own: name the indicator"
                yield _refusal("indicator_required", "indicator", message)
                return
    before = as_changed(task, basis.of(task.id), effective.first)
    after = changed(before, [change_of(decision, basis)])
    kept = "year_targets" if decision.year_targets is None else None
    for problem in _news(_with(basis.document, before), _with(basis.document, after)):
        field = _field(problem.path)
        # Yearly targets that the decision leaves as they are may add up to the old target.
        if field != kept:
            yield _of_problem(problem, field)


def _confirmation(decision: Confirmation, basis: Basis) -> Iterator[Refusal]:
    """A level cannot be confirmed without the figure it counts from (assessment 4.1)."""
    for figure in _task(decision.task, basis).indicators:
        if lacks_baseline(figure):
            message = f"{figure.id} is a level without baseline: a version of the plan writes the "
            message += "baseline, or ratio: true"
            yield _refusal("baseline_required", "task", message)


def _suspension(decision: Suspension, basis: Basis) -> Iterator[Refusal]:
    """A task rests in periods that follow one another and are not published (assessment 4.7)."""
    calendar = basis.calendar
    periods = sorted(map(calendar.period, decision.periods), key=lambda period: period.first)
    for before, after in pairwise(periods):
        if calendar.before(after) != before:
            message = f"{after.id} does not follow {before.id}: suspend each stretch by itself"
            yield _refusal("not_consecutive", "periods", message)
    resting = {name for rest in basis.of(decision.task).rests for name in rest.periods}
    for period in periods:
        yield from _published(period, "periods", basis)
        yield from _ended(decision.task, period, "periods", basis)
        if period.id in resting:
            message = f"the task rests in {period.id} already: leave it out"
            yield _refusal("already_suspended", "periods", message)


def _addition(decision: Addition, basis: Basis) -> Iterator[Refusal]:
    """A task that joins is held to the checks of a plan file, and not scored back (4.7)."""
    new, document = decision.task, basis.document
    homes = enumerate(document.actions)
    place, action = next((at, one) for at, one in homes if one.id == decision.action)
    own = f"actions[{place}].tasks[{len(action.tasks)}]"
    for problem in _news(document, as_filed(document, decision.action, new)):
        yield _of_problem(problem, problem.path.replace(own, "task", 1))
    published = [name for name, last in basis.published.items() if new.start <= last]
    if published:
        newest = max(published, key=lambda name: basis.published[name])
        message = f"{newest} is published, and ended after {new.start}: let it start later"
        yield _refusal("period_published", "task.start", message)


def _exemption(decision: Exemption, basis: Basis) -> Iterator[Refusal]:
    """Only a unit with a share in the task can be excused for it (assessment 4.9)."""
    task = _task(decision.task, basis)
    sharing = {one.unit for one in task.assignments if one.role != "supervising" and one.share != 0}
    if decision.unit not in sharing:
        message = f"{decision.unit} has no share in {task.id}: name a unit that has one"
        yield _refusal("no_share", "unit", message)
    if decision.kind in _OF_PERIODS and not decision.periods:
        message = f"{decision.kind} holds for named periods: name them"
        yield _refusal("periods_required", "periods", message)
    if decision.kind == "E3" and decision.matter is None:
        message = "E3 waives the penalty of a matter: name it as the penalty does"
        yield _refusal("matter_required", "matter", message)


def _rating(decision: Rating, basis: Basis) -> Iterator[Refusal]:
    """The public rates a unit in a year of the plan (assessment 4.14)."""
    head = basis.document.plan
    if not head.start.year <= decision.year <= head.end.year:
        message = f"the plan runs from {head.start} to {head.end}: name a year of it"
        yield _refusal("year_outside", "year", message)


def _correction(decision: CorrectedReport, basis: Basis) -> Iterator[Refusal]:
    """What is not published is not corrected: it is reported again (assessment 4.13)."""
    report, calendar = decision.submission, basis.calendar
    if report.plan != basis.document.plan.id:
        message = f"the address names {basis.document.plan.id}, the report another plan"
        yield _refusal("other_plan", "submission.plan", message)
    elif calendar.find(report.period) is None:
        message = f"no such period of this plan; this one reads {calendar.example()}"
        yield _refusal("unknown_period", "submission.period", message)
    elif report.period not in basis.published:
        message = f"{report.period} is not published: send the report itself"
        yield _refusal("period_unpublished", "submission.period", message)


def _published(period: Period, path: str, basis: Basis) -> Iterator[Refusal]:
    """What is published stays as it is published (assessment 4.7, 4.13)."""
    if any(period.last <= last for last in basis.published.values()):
        message = f"{period.id} is published: name a later period"
        yield _refusal("period_published", path, message)


def _ended(task: str, period: Period, path: str, basis: Basis) -> Iterator[Refusal]:
    """Of a cancelled task nothing is decided for the periods it is left out of (4.7)."""
    if is_cancelled(basis.of(task), period):
        yield _already_cancelled(task, path)


def _already_cancelled(task: str, path: str) -> Refusal:
    return _refusal("already_cancelled", path, f"{task} is cancelled: add a new task")


def _task(name: str, basis: Basis) -> Task:
    task = basis.task(name)
    assert task is not None  # noqa: S101  # `_unknown` has looked
    return task


def _with(document: PlanDocument, task: Task) -> PlanDocument:
    """The plan with this task in the place of the one of its id."""
    actions = tuple(
        action.model_copy(
            update={"tasks": tuple(task if one.id == task.id else one for one in action.tasks)}
        )
        for action in document.actions
    )
    return document.model_copy(update={"actions": actions})


def _news(before: PlanDocument, after: PlanDocument) -> list[Problem]:
    """What the checks of a plan file have against a change, and had not before."""
    known = set(check_plan(before, lambda _path: None).errors)
    return [one for one in check_plan(after, lambda _path: None).errors if one not in known]


def _field(path: str) -> str:
    """The field of an adjustment that a place in the plan belongs to."""
    names = [part.partition("[")[0] for part in path.split(".")]
    return next((name for name in ("year_targets", "due") if name in names), "target")


def _of_problem(problem: Problem, path: str) -> Refusal:
    return _refusal(problem.code, path, f"{problem.message}: {problem.mend}")


def _refusal(code: str, path: str, message: str) -> Refusal:
    return Refusal(code=code, path=path, message=message)

"""Whether a decision of the office can be: everything it names is there, and it comes in time.

Every refusal has a stable code, the field it is about, and what to do.
"""

from collections.abc import Iterator
from itertools import pairwise

from intake.domain.amended import window_of
from intake.domain.amending import Basis, amend
from intake.domain.change_check import (
    addition_refusals,
    adjustment_refusals,
    already_cancelled,
    cancelled_refusals,
    published_refusals,
    refusal,
)
from intake.domain.obligations import lead_of
from intake.domain.plan_normal import lacks_baseline
from intake.domain.reported import Refusal
from intake.domain.succession_check import succession_refusals, unknown_in_succession
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
    Merger,
    Rating,
    Suspension,
    UnitSplit,
)

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
        "task": basis.tasks.keys(),
    }
    for what, names in known.items():
        name = getattr(decision, what, None)
        if isinstance(name, str) and name not in names:
            yield refusal(f"unknown_{what}", what, f"the plan has no {what} {name}")
    if isinstance(decision, Merger | UnitSplit):
        yield from unknown_in_succession(decision, basis)
    named = {
        **{field: getattr(decision, field, None) for field in ("period", "effective")},
        **{f"periods[{at}]": one for at, one in enumerate(getattr(decision, "periods", ()))},
    }
    for path, period in named.items():
        if period is not None and basis.calendar.find(period) is None:
            message = f"no such period of this plan; this one reads {basis.calendar.example()}"
            yield refusal("unknown_period", path, message)


def _amiss(decision: Decision, basis: Basis) -> Iterator[Refusal]:  # noqa: C901, PLR0912  # one case a kind
    match decision:
        case Extension():
            yield from _extension(decision, basis)
        case Adjustment():
            yield from adjustment_refusals(decision, basis)
        case Confirmation():
            yield from _confirmation(decision, basis)
        case Suspension():
            yield from _suspension(decision, basis)
        case Cancellation():
            if basis.of(decision.task).cancelled_on is not None:
                yield already_cancelled(decision.task, "task")
        case Addition():
            yield from addition_refusals(decision, basis)
        case Exemption():
            yield from _exemption(decision, basis)
        case Award() if decision.level is None and decision.points is None:
            yield refusal("points_required", "points", "name a level, or the points")
        case Rating():
            yield from _rating(decision, basis)
        case Merger() | UnitSplit():
            yield from succession_refusals(decision, basis)
        case CorrectedReport():
            yield from _correction(decision, basis)
        case _:
            pass


def _extension(decision: Extension, basis: Basis) -> Iterator[Refusal]:
    """A report may come later only if that is granted before it is due (assessment 3.2)."""
    period, task = basis.calendar.period(decision.period), basis.tasks[decision.task]
    if lead_of(task, basis.document.units, period.last) != decision.unit:
        message = f"{decision.unit} does not owe the report of {task.id} for {period.id}"
        yield refusal("wrong_unit", "unit", f"{message}: name the lead on its last day")
    yield from cancelled_refusals(decision.task, period, "period", basis)
    yield from published_refusals(period, "period", basis)
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
        yield refusal("year_not_loaded", "working_days", message)
        return
    if basis.now >= window.due_end(basis.calendar.tz):
        message = f"it was due on {window.due}: a report is extended before that"
        yield refusal("extension_late", "period", message)


def _confirmation(decision: Confirmation, basis: Basis) -> Iterator[Refusal]:
    """A level cannot be confirmed without the figure it counts from (assessment 4.1)."""
    for figure in basis.tasks[decision.task].indicators:
        if lacks_baseline(figure):
            message = f"{figure.id} is a level without baseline: a version of the plan writes the "
            message += "baseline, or ratio: true"
            yield refusal("baseline_required", "task", message)


def _suspension(decision: Suspension, basis: Basis) -> Iterator[Refusal]:
    """A task rests in periods that follow one another and are not published (assessment 4.7)."""
    calendar = basis.calendar
    periods = sorted(map(calendar.period, decision.periods), key=lambda period: period.first)
    for before, after in pairwise(periods):
        if calendar.before(after) != before:
            message = f"{after.id} does not follow {before.id}: suspend each stretch by itself"
            yield refusal("not_consecutive", "periods", message)
    resting = {name for rest in basis.of(decision.task).rests for name in rest.periods}
    for period in periods:
        yield from published_refusals(period, "periods", basis)
        yield from cancelled_refusals(decision.task, period, "periods", basis)
        if period.id in resting:
            message = f"the task rests in {period.id} already: leave it out"
            yield refusal("already_suspended", "periods", message)


def _exemption(decision: Exemption, basis: Basis) -> Iterator[Refusal]:
    """Only a unit with a share in the task can be excused for it (assessment 4.9)."""
    task = basis.tasks[decision.task]
    sharing = {one.unit for one in task.assignments if one.role != "supervising" and one.share != 0}
    if decision.unit not in sharing:
        message = f"{decision.unit} has no share in {task.id}: name a unit that has one"
        yield refusal("no_share", "unit", message)
    if decision.kind in _OF_PERIODS and not decision.periods:
        message = f"{decision.kind} holds for named periods: name them"
        yield refusal("periods_required", "periods", message)
    if decision.kind == "E3" and decision.matter is None:
        message = "E3 waives the penalty of a matter: name it as the penalty does"
        yield refusal("matter_required", "matter", message)


def _rating(decision: Rating, basis: Basis) -> Iterator[Refusal]:
    """The public rates a unit in a year of the plan (assessment 4.14)."""
    head = basis.document.plan
    if not head.start.year <= decision.year <= head.end.year:
        message = f"the plan runs from {head.start} to {head.end}: name a year of it"
        yield refusal("year_outside", "year", message)


def _correction(decision: CorrectedReport, basis: Basis) -> Iterator[Refusal]:
    """What is not published is not corrected: it is reported again (assessment 4.13)."""
    report, calendar = decision.submission, basis.calendar
    if report.plan != basis.document.plan.id:
        message = f"the address names {basis.document.plan.id}, the report another plan"
        yield refusal("other_plan", "submission.plan", message)
    elif calendar.find(report.period) is None:
        message = f"no such period of this plan; this one reads {calendar.example()}"
        yield refusal("unknown_period", "submission.period", message)
    elif report.period not in basis.published:
        message = f"{report.period} is not published: send the report itself"
        yield refusal("period_unpublished", "submission.period", message)

"""Mergers and splits of units: what a unit answers for passes to another (assessment 4.14).

What was valid before the day of the change stays as it was.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest

from intake.domain.assignment_check import holds, in_largest_role, parts_of
from intake.domain.plan_parts import with_each_task
from shared.contracts.decisions import Amended, Later, Merger, UnitSplit
from shared.contracts.plan import (
    Assignment,
    PlanDocument,
    ReportedIndicator,
    Task,
    Unit,
    Validity,
)

_ONE_DAY = timedelta(days=1)
_SHARE_PLACES = 6


def succeeded(document: PlanDocument, change: Merger | UnitSplit, first: date) -> PlanDocument:
    """The plan in which a unit's successors answer from a day on.

    Args:
        document: the plan in force, in its normal form.
        change: what passes to whom.
        first: the first day of the period in which the successors answer.
    """
    if isinstance(change, UnitSplit):

        def taken(task: Task) -> Task:
            into = change.tasks.get(task.id)
            return task if into is None else _passed(task, {change.unit}, into, first)

        return with_each_task(document, taken)
    ended = frozenset(change.units)

    def reporting(figure: ReportedIndicator) -> ReportedIndicator:
        mine = figure.reporter in ended
        return figure.model_copy(update={"reporter": change.into}) if mine else figure

    new = with_each_task(document, lambda task: _passed(task, ended, change.into, first))
    head = new.plan.model_copy(update={"indicators": tuple(map(reporting, new.plan.indicators))})
    actions = tuple(
        action.model_copy(update={"indicators": tuple(map(reporting, action.indicators))})
        for action in new.actions
    )
    units = tuple(_ending(unit, first) if unit.id in ended else unit for unit in new.units)
    return new.model_copy(update={"plan": head, "actions": actions, "units": units})


def granted(
    amended: Mapping[str, Amended], change: Merger | UnitSplit, later_than: Collection[str]
) -> dict[str, Amended]:
    """Extensions of reports that pass to a successor pass with them.

    `later_than` are the ids of the periods from the change on.
    """

    def passing(task: str, one: Later) -> Later:
        into = successor(change, one.unit, task)
        passes = into is not None and one.period in later_than
        return one.model_copy(update={"unit": into}) if passes else one

    return {
        task: one.model_copy(update={"later": tuple(passing(task, each) for each in one.later)})
        for task, one in amended.items()
    }


def successor(change: Merger | UnitSplit, unit: str, task: str) -> str | None:
    """Who takes a unit's part in a task; None where it keeps it."""
    if isinstance(change, Merger):
        return change.into if unit in change.units else None
    return change.tasks.get(task) if unit == change.unit else None


def held_from(task: Task, units: Collection[str], first: date) -> bool:
    """Whether one of the units answers for a task on a day or later."""
    return any(one.unit in units and _lasts(one.valid, first) for one in task.assignments)


def _passed(task: Task, ended: Collection[str], into: str, first: date) -> Task:
    """A task in which one unit stands in the place of others from a day on."""
    if not held_from(task, ended, first):
        return task
    merging = {*ended, into}
    before = [
        _until(one, first)
        for one in task.assignments
        if one.unit in merging and (one.valid.from_ is None or one.valid.from_ < first)
    ]
    others = [one for one in task.assignments if one.unit not in merging]
    after = list(_joined(_after(task, merging, into, first)))
    milestones = tuple(
        one.model_copy(update={"unit": into}) if one.unit in ended and one.due >= first else one
        for one in task.milestones
    )
    return task.model_copy(
        update={"assignments": (*before, *others, *after), "milestones": milestones}
    )


def _after(
    task: Task, merging: Collection[str], into: str, first: date
) -> Iterator[tuple[date, date | None, Assignment]]:
    """Stretch by stretch from a day on: the role and share of the unit that takes over."""
    lasting = [one for one in task.assignments if _lasts(one.valid, first)]
    begun = {one.valid.from_ for one in lasting if one.valid.from_ and one.valid.from_ > first}
    ended = {one.valid.to + _ONE_DAY for one in lasting if one.valid.to is not None}
    begins = sorted({first} | begun | ended)
    for begin, following in zip_longest(begins, begins[1:]):
        valid = [one for one in lasting if holds(one.valid, begin)]
        mine = in_largest_role(one for one in valid if one.unit in merging)
        if mine:
            role = mine[0].role
            share = None if role == "supervising" else _share(valid, merging)
            last = None if following is None else following - _ONE_DAY
            taken = Assignment(unit=into, role=role, share=share)
            yield begin, last, taken


def _share(valid: Sequence[Assignment], merging: Collection[str]) -> Decimal | None:
    """Where a share is written the unit keeps the sum, elsewhere the rulebook divides (4.17)."""
    parts = parts_of(valid)
    if all(one.share is None for one, _ in parts):
        return None
    kept = sum((part for one, part in parts if one.unit in merging), Fraction(0))
    scaled = kept * 10**_SHARE_PLACES
    # A share that no decimal can say leaves the sum wrong, and the plan's checks tell it.
    return Decimal(scaled.numerator).scaleb(-_SHARE_PLACES) if scaled.denominator == 1 else None


def _joined(
    stretches: Iterable[tuple[date, date | None, Assignment]],
) -> Iterator[Assignment]:
    """Stretches that follow one another with one role and share are one assignment."""
    held: tuple[date, date | None, Assignment] | None = None
    for begin, last, one in stretches:
        if held is not None:
            start, end, same = held
            if end is not None and end + _ONE_DAY == begin and _alike(same, one):
                held = (start, last, same)
                continue
            yield _from_to(same, start, end)
        held = (begin, last, one)
    if held is not None:
        start, end, same = held
        yield _from_to(same, start, end)


def _alike(one: Assignment, other: Assignment) -> bool:
    return (one.role, one.share) == (other.role, other.share)


def _from_to(one: Assignment, first: date, last: date | None) -> Assignment:
    return one.model_copy(update={"valid": Validity(**{"from": first, "to": last})})


def _until(one: Assignment, first: date) -> Assignment:
    last = first - _ONE_DAY if _lasts(one.valid, first) else one.valid.to
    return one.model_copy(update={"valid": one.valid.model_copy(update={"to": last})})


def _ending(unit: Unit, first: date) -> Unit:
    if not _lasts(unit.valid, first):
        return unit
    last = first - _ONE_DAY
    return unit.model_copy(update={"valid": unit.valid.model_copy(update={"to": last})})


def _lasts(validity: Validity, day: date) -> bool:
    return validity.to is None or validity.to >= day

"""Who answers for a task: one lead on every day, and shares that make a whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from intake.domain.findings import Finding, Found, within
from shared.contracts.plan import Assignment, Role, Task, Unit, Validity
from shared.contracts.problem import Path
from shared.contracts.rulebook import Shares

_LARGEST_FIRST: tuple[Role, ...] = ("lead", "joint_lead", "cooperating", "supervising")
_SPLIT_LEAD, _SPLIT_COOPERATING = Decimal("0.70"), Decimal("0.30")
_BY_DEFAULT = Shares()
_ONE_DAY = timedelta(days=1)


def check_assignments(task: Task, path: Path, units: Mapping[str, Unit], shares: Shares) -> Found:
    """All that is wrong with who answers for a task, on each day from its start to its due day."""
    at = (*path, "assignments")
    for index, one in enumerate(task.assignments):
        yield from _by_itself(one, (*at, index), units)
        if one.unit in units:
            yield from _within_unit(one, task, units[one.unit], (*at, index))
    if not any(one.role == "lead" for one in task.assignments):
        yield Finding(
            path=at, code="no_lead", message="nobody leads the task", mend="give it one lead"
        )
        return
    for first, last, valid in spans(task):
        yield from _one_lead(first, last, valid, task, at)
        yield from _one_role(first, valid, task, at)
        if shares.mode == "split":
            yield from _whole_share(first, last, valid, shares, at)


def holds(validity: Validity, day: date) -> bool:
    """Whether a day lies in a validity, both ends included."""
    begun = validity.from_ is None or validity.from_ <= day
    return begun and (validity.to is None or day <= validity.to)


def spans(task: Task) -> Iterator[tuple[date, date, Sequence[Assignment]]]:
    """The task's days cut where its holders change: first day, last day, who is assigned."""
    cuts = {task.start}
    for one in task.assignments:
        begin, end = one.valid.from_, one.valid.to
        cuts |= {begin} if begin else set()
        cuts |= {end + _ONE_DAY} if end else set()
    begins = sorted(cut for cut in cuts if task.start <= cut <= task.due)
    for first, following in pairwise([*begins, task.due + _ONE_DAY]):
        valid = [one for one in task.assignments if holds(one.valid, first)]
        yield first, following - _ONE_DAY, valid


def check_validity(validity: Validity, path: Path) -> Found:
    """What is valid begins before it ends."""
    if validity.from_ and validity.to and validity.from_ > validity.to:
        yield Finding(
            path=(*path, "valid"),
            code="dates_reversed",
            message=f"it begins on {validity.from_}, after it ends on {validity.to}",
            mend="let it begin on or before its last day",
        )


def _by_itself(one: Assignment, path: Path, units: Mapping[str, Unit]) -> Found:
    if one.unit not in units:
        yield Finding(
            path=(*path, "unit"),
            code="unknown_unit",
            message=f"there is no unit {one.unit}",
            mend="declare it under units, or name one that is there",
        )
    yield from check_validity(one.valid, path)
    yield from within(one.share, 0, 1, (*path, "share"))
    if one.role == "supervising" and one.share:
        yield Finding(
            path=(*path, "share"),
            code="no_share",
            message="to supervise is no share",
            mend="remove the share, or change the role",
        )


def _within_unit(one: Assignment, task: Task, unit: Unit, path: Path) -> Found:
    """A unit that opens or closes owes only its own periods (assessment 3.3)."""
    first = max(task.start, one.valid.from_ or task.start)
    last = min(task.due, one.valid.to or task.due)
    if first <= last and not (holds(unit.valid, first) and holds(unit.valid, last)):
        yield Finding(
            path=(*path, "unit"),
            code="unit_not_valid",
            message=f"{unit.id} does not exist on every day from {first} to {last}",
            mend="see that another unit follows it",
            notice=True,
        )


def _one_lead(first: date, last: date, valid: Sequence[Assignment], task: Task, at: Path) -> Found:
    """On every day of a task exactly one unit leads it: it owes the report (assessment 4.6)."""
    leads = [one for one in valid if one.role == "lead"]
    if not leads:
        yield Finding(
            path=at,
            code="lead_gap",
            message=f"nobody leads the task from {first} to {last}",
            mend="let one lead follow the other without a gap",
        )
    for one in leads[1:]:
        yield Finding(
            path=(*at, _place(one, task)),
            code="two_leads",
            message=f"{one.unit} leads besides {leads[0].unit} from {first} to {last}",
            mend="make one of them joint_lead, or end one before the other begins",
        )


def _one_role(first: date, valid: Sequence[Assignment], task: Task, at: Path) -> Found:
    """A unit stands once in a role; with two roles it keeps the larger (assessment 4.6)."""
    seen: set[tuple[str, str]] = set()
    for one in valid:
        if (one.unit, one.role) in seen and one.role != "lead":
            yield Finding(
                path=(*at, _place(one, task)),
                code="repeated",
                message=f"{one.unit} is {one.role} twice on {first}",
                mend="remove one of the two",
            )
        seen.add((one.unit, one.role))


def _whole_share(
    first: date, last: date, valid: Sequence[Assignment], settings: Shares, at: Path
) -> Found:
    """An explicit share replaces its part; the shares still sum to 1 (assessment 4.6)."""
    parts = parts_of(valid, settings)
    if all(one.share is None for one, _ in parts):
        return
    total = sum((part for _, part in parts), Fraction(0))
    if total != 1:
        yield Finding(
            path=at,
            code="shares_sum",
            message=f"the shares sum to {total} from {first} to {last}",
            mend="let them sum to 1; a share that is not written is the rulebook's",
        )


def parts_of(
    valid: Iterable[Assignment], settings: Shares = _BY_DEFAULT
) -> list[tuple[Assignment, Fraction]]:
    """Who shares in a task on one day, each in its largest role, and its part of the whole.

    `settings` divide by role (`split`); a share that is written replaces its part (4.6).
    """
    sharing = [one for one in in_largest_role(valid) if one.role != "supervising"]
    helpers = sum(one.role == "cooperating" for one in sharing)
    lead = Fraction(_SPLIT_LEAD if settings.lead is None else settings.lead)
    rest = Fraction(_SPLIT_COOPERATING if settings.cooperating is None else settings.cooperating)
    lead_part = (lead if helpers else Fraction(1)) / max(1, len(sharing) - helpers)
    found = []
    for one in sharing:
        part = rest / helpers if one.role == "cooperating" else lead_part
        found.append((one, part if one.share is None else Fraction(one.share)))
    return found


def in_largest_role(assignments: Iterable[Assignment]) -> list[Assignment]:
    """A unit with two roles on one task keeps the larger (assessment 4.6)."""
    kept: dict[str, Assignment] = {}
    for one in sorted(assignments, key=lambda one: _LARGEST_FIRST.index(one.role)):
        kept.setdefault(one.unit, one)
    return list(kept.values())


def _place(one: Assignment, task: Task) -> int:
    return next(index for index, other in enumerate(task.assignments) if other is one)

"""A target split over units: one task for each, so that each reports its own part (4.1)."""

from collections.abc import Mapping
from decimal import Decimal

from intake.domain.findings import Finding, Found
from shared.contracts.plan import Assignment, Divided, Indicator, Task, Unit
from shared.contracts.problem import Path

_DIVISIBLE = frozenset({"cumulative", "recurring"})
_LONGEST_ID = 64


def check_split(task: Task, path: Path, units: Mapping[str, Unit]) -> Found:
    """Only a task of one figure and no milestone is split, over units that are there (4.1)."""
    for index, indicator in enumerate(task.indicators):
        if indicator.split is None:
            continue
        at = (*path, "indicators", index, "split")
        if len(task.indicators) > 1 or task.milestones:
            mend = "give the figure a task of its own"
            yield _wrong(at, "not_alone", "a task with more than this figure is not split", mend)
        names = tuple(indicator.split)
        if not names or len(set(names)) < len(names):
            yield _wrong(at, "repeated", "a unit is missing or stands twice", "name each unit once")
        for unit in names:
            if len(f"{task.id}.{unit}") > _LONGEST_ID:
                mend = "give the task a shorter id"
                yield _wrong(at, "too_long", f"{task.id}.{unit} is too long for an id", mend)
            if unit not in units:
                mend = "declare the unit, or name one that is there"
                yield _wrong(at, "unknown_unit", f"there is no unit {unit}", mend)
        yield from _amounts(indicator, at)


def split(task: Task) -> tuple[Task, ...]:
    """The tasks that a task is loaded as: itself, or one for each unit of its split (4.1).

    The whole file was checked before.
    """
    divided = next((one for one in task.indicators if one.split is not None), None)
    if divided is None or divided.split is None:
        return (task,)
    return tuple(_part(task, divided, unit, len(divided.split)) for unit in divided.split)


def _part(task: Task, indicator: Indicator, unit: str, parts: int) -> Task:
    own: dict[str, object] = {"split": None}
    if isinstance(indicator.split, dict) and indicator.target is not None:
        amount = indicator.split[unit]
        ratio = Divided(part=amount, whole=indicator.target) if indicator.year_targets else None
        own |= {"target": amount, "divided": ratio}
    return task.model_copy(
        update={
            "id": f"{task.id}.{unit}",
            "assignments": (Assignment(unit=unit, role="lead"),),
            "indicators": (indicator.model_copy(update=own),),
            "part_of": task.id,
            "parts": parts,
        }
    )


def _amounts(indicator: Indicator, path: Path) -> Found:
    """Parts of a target are of a total, above 0, and sum to it (assessment 4.1)."""
    if not isinstance(indicator.split, dict):
        return
    if indicator.kind not in _DIVISIBLE:
        mend = "list the units, so that each must reach the whole"
        yield _wrong(path, "not_divisible", f"a {indicator.kind} has no parts that add up", mend)
    for unit, amount in indicator.split.items():
        if amount <= 0:
            message = f"the part {amount} is not above 0"
            yield _wrong((*path, unit), "not_positive", message, "write an amount above 0")
        if indicator.integer and amount != int(amount):
            message = f"{amount} is no whole number"
            yield _wrong((*path, unit), "not_whole", message, "round it, or remove integer")
    total = sum(indicator.split.values(), Decimal(0))
    if indicator.target not in {None, total}:
        message = f"the parts sum to {total}, the target is {indicator.target}"
        yield _wrong(path, "split_sum", message, "let the parts sum to the target")


def _wrong(path: Path, code: str, message: str, mend: str) -> Finding:
    return Finding(path=path, code=code, message=message, mend=mend)

"""What a new version of a plan changes, and which changes come too late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from intake.domain.findings import Finding, Found, placed
from intake.domain.plan_parts import Part, parts_of
from intake.domain.task_check import scores_in_a_period
from shared.contracts.plan import PlanDocument, PlanHead, Task
from shared.contracts.problem import Locate, Path, Problem

_INSIDE = {"indicators", "milestones", "tasks"}
_UNSCORED = {
    *("title", "source", "note", "labels", "assumed", "confirmed_by", "publish", "funnel"),
    *("derived_from", "commitment", "deadline_basis", "year_targets"),
}
"""Fields of a task or an indicator that no score of a period was made from."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: of an object by its id, and where it was changed, of one field."""

    kind: Literal["added", "removed", "changed"]
    what: str
    id: str
    field: str | None = None
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        """The change in one readable line."""
        if self.field is None:
            return f"{self.what} {self.id} {self.kind}"
        return f"{self.what} {self.id}: {self.field} {_told(self.old)} -> {_told(self.new)}"


def changes(old: PlanDocument | None, new: PlanDocument) -> list[Change]:
    """Everything a new version adds, removes or changes; both are in their normal form."""
    before = {(part.what, part.id): _fields(part) for part in parts_of(old)} if old else {}
    after = {(part.what, part.id): _fields(part) for part in parts_of(new)}
    found = [
        Change(kind="removed", what=what, id=id_)
        for what, id_ in before
        if (what, id_) not in after
    ]
    for (what, id_), fields in after.items():
        if (what, id_) not in before:
            found.append(Change(kind="added", what=what, id=id_))
            continue
        was = before[what, id_]
        found += [
            Change(kind="changed", what=what, id=id_, field=name, old=was[name], new=value)
            for name, value in fields.items()
            if was[name] != value
        ]
    return found + _rest(old, new)


def refusals(
    old: PlanDocument | None,
    new: PlanDocument,
    published: Mapping[str, date],
    locate: Locate = lambda _path: None,
) -> list[Problem]:
    """What a new version must not do, because it was published otherwise (product, plan 3).

    Args:
        old: the version in force, in its normal form.
        new: the version that would follow it, likewise.
        published: the ids of the plan's published periods, with their last days.
        locate: the lines of the new version's document.
    """
    if old is None or not published:
        return []
    period, through = max(published.items(), key=lambda item: item[1])
    return placed(_too_late(old, new, period, through), locate).errors


def _too_late(old: PlanDocument, new: PlanDocument, period: str, through: date) -> Found:
    if _reckoning(old.plan) != _reckoning(new.plan):
        yield _refused(("plan", "calendar"), "the plan's dates or calendar", period)
    now = {
        task.id: (action.id, task, ("actions", place, "tasks", index))
        for place, action in enumerate(new.actions)
        for index, task in enumerate(action.tasks)
    }
    for action in old.actions:
        for task in action.tasks:
            if task.start > through:
                continue
            if task.id not in now:
                yield Finding(
                    path=("actions",),
                    code="task_dropped",
                    message=f"the task {task.id} was published up to {period}",
                    mend="keep it in the file; a task is cancelled by a decision",
                )
                continue
            home, later, path = now[task.id]
            was = {"action": action.id, **_scored(task, old.plan, through)}
            is_ = {"action": home, **_scored(later, new.plan, through)}
            touched = sorted(name for name in was if was[name] != is_[name])
            if touched:
                yield _refused(path, f"{', '.join(touched)} of the task {task.id}", period)


def _refused(path: Path, what: str, period: str) -> Finding:
    return Finding(
        path=path,
        code="period_published",
        message=f"{what} cannot change: {period} is published",
        mend="keep what was published, or begin a new task after that period",
    )


def _scored(task: Task, head: PlanHead, through: date) -> dict[str, Any]:
    """What the scores of a task were made from, up to and including a day."""
    fields: dict[str, Any] = task.model_dump(exclude={*_UNSCORED, *_INSIDE, "assignments"})
    fields["assignments"] = sorted(_answering(task, through))
    fields["milestones"] = {one.id: (one.due, one.weight, one.partial) for one in task.milestones}
    fields["indicators"] = {
        one.id: one.model_dump(exclude={*_UNSCORED, "unit"})
        for one in task.indicators
        if scores_in_a_period(one, task, head)
    }
    return fields


def _answering(task: Task, through: date) -> Iterator[tuple[date, date, str, str, str]]:
    for one in task.assignments:
        first = max(one.valid.from_ or task.start, task.start)
        last = min(one.valid.to or through, through)
        if first <= last:
            yield first, last, one.unit, one.role, str(one.share)


def _reckoning(head: PlanHead) -> tuple[Any, ...]:
    calendar = head.calendar.model_dump(exclude={"holidays"})
    return head.start, head.timezone, head.activate_from, calendar


def _told(value: Any) -> str:  # noqa: ANN401  # any field
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        return " / ".join(repr(text) for text in dict.fromkeys(value.values()))
    return repr(value)


def _fields(part: Part) -> dict[str, Any]:
    fields = part.one.model_dump(mode="json", by_alias=True, exclude=_INSIDE)
    return {"belongs to": part.within, **fields}


def _rest(old: PlanDocument | None, new: PlanDocument) -> list[Change]:
    if old is None or old.escalation == new.escalation:
        return []
    was, is_ = (one.escalation.model_dump(mode="json") for one in (old, new))
    place = {"what": "plan", "id": new.plan.id, "field": "escalation"}
    return [Change(kind="changed", old=was, new=is_, **place)]

"""What a correction changes, and what it leaves (assessment 4.13)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scoring.domain.period_run import PeriodResult
from shared.contracts.values import Contract

_TASK: Final = ("a", "e", "r", "light", "p", "t", "q", "score", "left_out")
_UNIT: Final = ("score", "rank", "grade")


class Amends(Contract):
    """What a correction names: by these inputs and decisions its period is run again.

    Of several corrections of a period each later one stands on those before it.
    """

    reason: str
    submissions: tuple[str, ...] = ()
    exemptions: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    """The tasks of which the data were found false."""

    def after(self, earlier: "Amends") -> "Amends":
        """Both together, with the reason of this one."""
        return Amends(
            reason=self.reason,
            submissions=_together(earlier.submissions, self.submissions),
            exemptions=_together(earlier.exemptions, self.exemptions),
            zero=_together(earlier.zero, self.zero),
        )


NOTHING: Final = Amends(reason="")


class Changed(Contract):
    """One printed value that a version changes: of a task, a unit, an action or the plan."""

    what: str
    id: str
    field: str
    was: str | None
    now: str | None


def changed(old: PeriodResult, new: PeriodResult) -> tuple[Changed, ...]:
    """Every line that a new version prints otherwise, by task, unit, action and plan."""
    before, after = old.summary(), new.summary()
    found = [
        *_differ("task", "task", _TASK, before["tasks"], after["tasks"]),
        *_differ("unit", "unit", _UNIT, before["units"], after["units"]),
        *_differ("action", "action", ("score",), before["actions"], after["actions"]),
    ]
    if before["plan_score"] != after["plan_score"]:
        found.append(_changed("plan", "plan", "score", before["plan_score"], after["plan_score"]))
    return tuple(found)


def relit(published: PeriodResult, again: PeriodResult) -> PeriodResult:
    """Of a later period only the lights are made anew; its scores stay (assessment 4.3, 4.13).

    `again` is the same period run after the corrected one.
    """
    lights = {line.task: (line.light, line.light_steps) for line in again.tasks}
    lines = []
    for line in published.tasks:
        light, steps = lights.get(line.task, (line.light, line.light_steps))
        if light == line.light:  # the same light by another way is no change that is published
            lines.append(line)
        else:
            lines.append(line.model_copy(update={"light": light, "light_steps": steps}))
    return published.model_copy(update={"tasks": tuple(lines)})


def _together(earlier: Sequence[str], later: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*earlier, *later)))


def _differ(
    what: str,
    name: str,
    fields: Sequence[str],
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
) -> list[Changed]:
    old = {one[name]: one for one in before}
    return [
        _changed(what, one[name], field, old.get(one[name], {}).get(field), one[field])
        for one in after
        for field in fields
        if old.get(one[name], {}).get(field) != one[field]
    ]


def _changed(what: str, id_: str, field: str, was: object, now: object) -> Changed:
    return Changed(
        what=what,
        id=id_,
        field=field,
        was=None if was is None else str(was),
        now=None if now is None else str(now),
    )

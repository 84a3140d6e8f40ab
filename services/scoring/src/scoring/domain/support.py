"""What this version does not score: refused by name, never half done."""

from dataclasses import dataclass

from scoring.domain.attainment import SUPPORTED
from shared.calendar.periods import is_slower
from shared.contracts.plan import Cadence, Task
from shared.contracts.rulebook import Rulebook


@dataclass(frozen=True, kw_only=True)
class NotSupported:
    """A setting that this version does not score, by its path and value."""

    what: str
    code: str = "not_supported"


def unsupported(task: Task, plan_cadence: Cadence) -> list[NotSupported]:
    """A task whose period score would need what is not offered is refused, with every reason.

    An indicator slower than the plan's periods is no part of them, whatever its kind.
    """
    found = [f"{task.id}.measure: rubric"] if task.measure == "rubric" else []
    curves = []
    if task.measure in {"percent", "milestones", "both"}:
        curves.append((task.id, task.expectation))
    if task.measure in {"indicators", "both"}:
        scored = [
            one
            for one in task.indicators
            if not is_slower(one.cadence or plan_cadence, plan_cadence)
        ]
        found += [f"{one.id}.kind: {one.kind}" for one in scored if one.kind not in SUPPORTED]
        found += [f"{one.id}.split" for one in scored if one.split is not None]
        curves += [(one.id, one.expectation or task.expectation) for one in scored]
    found += [
        f"{owner}.expectation.curve: {expectation.curve}"
        for owner, expectation in curves
        if expectation.curve not in {None, "linear", "steps"}
    ]
    return [NotSupported(what=what) for what in found]


def unsupported_settings(rulebook: Rulebook) -> list[NotSupported]:
    """A rulebook that asks for what is not offered is refused, with every reason."""
    offered = {
        "missing": (rulebook.missing, {"zero"}),
        "lights.preset": (rulebook.lights.preset, {"ratio"}),
        "ranking": (rulebook.ranking, {"competition", "dense", "modified"}),
        "quota.ties": (rulebook.quota.ties, {"exclude_all"}),
        "quota.small_groups": (rulebook.quota.small_groups, {"floor"}),
    }
    return [
        NotSupported(what=f"{setting}: {chosen}")
        for setting, (chosen, allowed) in offered.items()
        if chosen not in allowed
    ]

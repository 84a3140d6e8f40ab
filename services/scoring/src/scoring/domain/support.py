"""What this version does not score: refused by name, never half done."""

from dataclasses import dataclass

from shared.contracts.plan import Task
from shared.contracts.rulebook import Rulebook


@dataclass(frozen=True, kw_only=True)
class NotSupported:
    """A setting that this version does not score, by its path and value."""

    what: str
    code: str = "not_supported"


def unsupported(task: Task) -> list[NotSupported]:
    """A task that would need what is not offered is refused, with every reason."""
    found = [f"{one.id}.kind: {one.kind}" for one in task.indicators if one.kind == "register"]
    found += [f"{one.id}.split" for one in task.indicators if one.split is not None]
    return [NotSupported(what=what) for what in found]


def unsupported_settings(rulebook: Rulebook) -> list[NotSupported]:
    """A rulebook that asks for what is not offered is refused, with every reason."""
    offered = {
        "missing": (rulebook.missing, {"zero"}),
        "lights.preset": (rulebook.lights.preset, {"ratio"}),
        "ranking": (rulebook.ranking, {"competition", "dense", "modified"}),
        "quota.ties": (rulebook.quota.ties, {"exclude_all"}),
        "quota.small_groups": (rulebook.quota.small_groups, {"floor"}),
        "events.level": (rulebook.events.level, {"year"}),
        "year.order": (rulebook.year.order, {"period_first"}),
        "year.period_weights": (rulebook.year.period_weights, {"equal"}),
    }
    return [
        NotSupported(what=f"{setting}: {chosen}")
        for setting, (chosen, allowed) in offered.items()
        if chosen not in allowed
    ]

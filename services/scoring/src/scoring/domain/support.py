"""What this version does not score: refused by name, never half done."""

from dataclasses import dataclass

from shared.contracts.plan import Task


@dataclass(frozen=True, kw_only=True)
class NotSupported:
    """A setting that this version does not score, by its path and value."""

    what: str
    code: str = "not_supported"


def unsupported(task: Task) -> list[NotSupported]:
    """A task that would need what is not offered is refused, with every reason."""
    found = [f"{one.id}.split" for one in task.indicators if one.split is not None]
    return [NotSupported(what=what) for what in found]

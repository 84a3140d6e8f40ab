"""One story in which every type of event is said: in full, and with little where that may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from contracts.cast import at
from contracts.decisions_of_story import ADJUSTMENT
from contracts.story_in_full import in_full
from contracts.story_with_little import with_little

from shared.contracts.envelope import Event
from shared.contracts.intake import DecisionMade, SubmissionAccepted


@dataclass(frozen=True, kw_only=True)
class Said:
    """An event, who said it when, and the name of its golden file."""

    name: str
    source: str
    event: Event
    at: datetime
    id: str
    correlation: str


def told() -> Iterator[Said]:
    """The story; of each source and key in the order of its numbers."""
    for suffix, events in (("", in_full()), (".sparse", with_little())):
        for when, event in events:
            name = f"{event.TYPE}{suffix}{_kind_of(event)}"
            said_by = event.TYPE.split(".")[1].replace("kit", "scoring")
            yield Said(
                name=name,
                source=f"duban/{said_by}",
                event=event,
                at=at(when),
                id=_id_of(event, name),
                correlation=str(uuid5(NAMESPACE_URL, f"{when}/{event.key}")),
            )


def _id_of(event: Event, name: str) -> str:
    """A report's event has the report's own id."""
    if isinstance(event, SubmissionAccepted):
        return event.submission
    return str(uuid5(NAMESPACE_URL, name))


def _kind_of(event: Event) -> str:
    """Of the office's decisions there is a record of each kind."""
    if isinstance(event, DecisionMade) and event.decided != ADJUSTMENT:
        return f".{event.decided.type}"
    return ""

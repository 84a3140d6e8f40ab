"""What goes to the topic of dead records: a record no consumer may retry, with the reason."""

from typing import ClassVar

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.values import Id, Note


class RecordRejected(Event):
    """A consumer has set a record aside; `value` is the record's value in base64."""

    TYPE: ClassVar[str] = "duban.kit.record.rejected.v1"
    TOPIC: ClassVar[str] = topics.DEAD

    consumer: Id
    """The service that set it aside."""
    topic: Id
    """The topic the record stands in."""
    partition: int
    """Its partition there."""
    offset: int
    """Its offset there."""
    record_key: str
    """Its key; empty where it has none."""
    code: Id
    """Why, as a stable code."""
    reason: Note
    """Why, in words."""
    headers: dict[str, str]
    """Its headers, as text."""
    value: str
    """Its value in base64; empty above 512 KiB: it still stands in its topic."""

    @property
    def key(self) -> str:
        """The rejected record's key."""
        return self.record_key

    @property
    def subject(self) -> str:
        """Where the record stands."""
        return f"{self.topic}/{self.partition}/{self.offset}/{self.consumer}"

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
    topic: Id
    partition: int
    offset: int
    record_key: str
    code: Id
    reason: Note
    headers: dict[str, str]
    value: str

    @property
    def key(self) -> str:
        """The rejected record's key."""
        return self.record_key

    @property
    def subject(self) -> str:
        """Where the record stands."""
        return f"{self.topic}/{self.partition}/{self.offset}/{self.consumer}"

"""The envelope of every event: CloudEvents 1.0, written in binary mode (`ce_` headers)."""

from collections.abc import Mapping
from typing import ClassVar, Final

from shared.contracts.values import Contract, Instant, parse_instant

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json"


class Event(Contract):
    """The data of an event: a past fact.

    `TYPE` is its CloudEvents type with the major version; `TOPIC` the topic of its producer.
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]

    @property
    def key(self) -> str:
        """What is in one order with this event: the plan's id unless a model says otherwise."""
        return str(getattr(self, "plan"))  # noqa: B009  # each model has it; the base does not

    @property
    def subject(self) -> str:
        """What the event is about, below its key."""
        raise NotImplementedError


class Envelope(Contract):
    """One event as it travels: attributes beside the data's JSON.

    `sequence` counts the events of one source and key, 1, 2, 3 …
    """

    id: str
    source: str
    type: str
    subject: str
    time: Instant
    key: str
    sequence: int
    correlation: str
    data: bytes

    def headers(self) -> dict[str, str]:
        """The attributes in binary mode."""
        return {
            "ce_specversion": SPEC_VERSION,
            "ce_id": self.id,
            "ce_source": self.source,
            "ce_type": self.type,
            "ce_subject": self.subject,
            "ce_time": self.time.isoformat().replace("+00:00", "Z"),
            "ce_partitionkey": self.key,
            "ce_sequence": str(self.sequence),
            "ce_correlationid": self.correlation,
            "content-type": CONTENT_TYPE,
        }

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], data: bytes) -> "Envelope":
        """Read what `headers` writes.

        Raises:
            ValueError: a required attribute is missing or malformed; the message names it.
        """
        missing = [
            name
            for name in ("id", "source", "type", "subject", "time", "partitionkey", "sequence")
            if not headers.get(f"ce_{name}")
        ]
        if missing:
            raise ValueError(f"CloudEvents attributes missing: {', '.join(missing)}")
        if headers.get("ce_specversion") != SPEC_VERSION:
            raise ValueError(f"specversion is not {SPEC_VERSION}")
        sequence = headers["ce_sequence"]
        if not (sequence.isascii() and sequence.isdigit()) or int(sequence) < 1:
            raise ValueError("sequence is not a positive number")
        return cls(
            id=headers["ce_id"],
            source=headers["ce_source"],
            type=headers["ce_type"],
            subject=headers["ce_subject"],
            time=parse_instant(headers["ce_time"]),
            key=headers["ce_partitionkey"],
            sequence=int(sequence),
            correlation=headers.get("ce_correlationid") or headers["ce_id"],
            data=data,
        )

"""What a record carries, or why nobody may take it: anybody may have written anything there."""

from typing import Final, TypeVar

from pydantic import ValidationError

from shared.contracts.envelope import Envelope, Event
from shared.kit.bus.base import Record
from shared.kit.dead_letters import Rejected

_LONGEST_KEY: Final = 64
_LAST_NUMBER: Final = 2**31 - 1
_UNSET_CLOCK: Final = 1970


def key_of(record: Record) -> str:
    """The record's key as text, in which no database finds a character to refuse."""
    return (record.key or b"").decode(errors="replace").replace("\0", "\ufffd")


def envelope_of(record: Record) -> Envelope:
    """The event a record carries.

    Raises:
        Rejected: it carries none that could be read, named by code and reason.
    """
    headers: dict[str, str] = {}
    for name, value in record.headers:
        if value is not None and name not in headers:  # of duplicate headers the first wins
            headers[name] = value.decode(errors="replace")
    if not record.value:
        raise Rejected("empty_record", "the record has no value")
    try:
        envelope = Envelope.from_headers(headers, record.value)
    except ValueError as error:
        raise Rejected("not_cloudevents", str(error)) from error
    if record.key is None or key_of(record) != envelope.key:
        raise Rejected("wrong_key", "the record's key is not the one its envelope names")
    if len(envelope.key) > _LONGEST_KEY:
        raise Rejected("wrong_key", f"no key has more than {_LONGEST_KEY} characters")
    if envelope.sequence > _LAST_NUMBER:
        raise Rejected("wrong_number", f"no key has more than {_LAST_NUMBER:,} events")
    if envelope.time.year == _UNSET_CLOCK:
        raise Rejected("wrong_time", "its time is that of a clock that was never set")
    return envelope


E = TypeVar("E", bound=Event)


def event_of(model: type[E], envelope: Envelope) -> E:
    """The data of an event, which names the same key and subject as its envelope.

    Raises:
        Rejected: it does not, or it is not what its type says.
    """
    try:
        event = model.model_validate_json(envelope.data)
    except ValidationError as error:
        raise Rejected("malformed", str(error)) from error
    if event.key != envelope.key or event.subject != envelope.subject:
        raise Rejected("wrong_subject", "key or subject do not name what the data names")
    return event

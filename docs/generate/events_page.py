"""docs/events.md: the events for an engineer who has this page and a Kafka client."""

import json
from collections.abc import Iterable, Iterator
from inspect import getdoc
from pathlib import Path
from string import Template
from typing import Any, Final

from docs.generate.catalogue import SERVICES, Entry, entries, meaning, objects, schemas
from docs.generate.examples import Example, example
from docs.generate.words import type_of
from pydantic import BaseModel

from shared.contracts import topics
from shared.kit.bus.base import MAX_MESSAGE_BYTES
from shared.kit.foundation import TOPICS

_TEMPLATE: Final = Path(__file__).with_name("events.md")
_SHOWN: Final = "duban.intake.submission.accepted.v1"
_KEYS: Final = {topics.CREDENTIALS: "the token's id", topics.DEAD: "that of the rejected record"}

HEADERS: Final = {
    "ce_specversion": "The version of CloudEvents.",
    "ce_id": "The event's id; the same when the record comes again.",
    "ce_source": "Who says it: `duban/intake`, `duban/scoring` or `duban/notify`.",
    "ce_type": "What it is, with its version.",
    "ce_subject": "What it is about, below its key.",
    "ce_time": "When it happened, in UTC; what was due at an hour happened at that hour.",
    "ce_partitionkey": "The record's key once more.",
    "ce_sequence": "Its number under its source and key, in decimal digits.",
    "ce_correlationid": "The same in everything that followed from one request.",
    "content-type": "How the value is written.",
}
"""What each header says, in the order they are written."""


def page() -> str:
    """The whole page."""
    said = entries()
    shown = example(_SHOWN)
    text = Template(_TEMPLATE.read_text(encoding="utf-8"))
    return text.substitute(
        largest=f"{MAX_MESSAGE_BYTES:,}",
        partitions=topics.PARTITIONS,
        topics=_topics(said),
        headers=_table(
            ("Header", "Meaning", "Example"),
            ((f"`{name}`", told, f"`{shown.headers[name]}`") for name, told in HEADERS.items()),
        ),
        record=_raw(shown),
        events="\n\n".join(_event(entry) for entry in said),
        objects="\n\n".join(_object(model) for model in objects().values()),
    )


def _topics(said: Iterable[Entry]) -> str:
    rows = []
    for topic in TOPICS:
        here = {service for entry in said if entry.topic == topic for service in entry.producers}
        producers = ", ".join(service for service in SERVICES if service in here)
        kept = "the newest of each key" if topic.compacted else "everything"
        rows.append((f"`{topic.name}`", producers, _KEYS.get(topic.name, "the plan's id"), kept))
    return _table(("Topic", "Written by", "Key", "Kept"), rows)


def _event(entry: Entry) -> str:
    kept = example(entry.type)
    heard = ", ".join(entry.consumers) or "nobody in the house"
    return "\n\n".join(
        (
            f"### {entry.type}",
            _plain(getdoc(entry.model)),
            f"On `{entry.topic.name}` · said by {', '.join(entry.producers)} · acted on by {heard}",
            _fields(entry.model),
            f"Under the key `{kept.key}`, with the subject `{kept.headers['ce_subject']}`:",
            f"```json\n{json.dumps(kept.value, ensure_ascii=False, indent=1)}\n```",
        )
    )


def _object(model: type[BaseModel]) -> str:
    return f"### {model.__name__}\n\n{_plain(getdoc(model))}\n\n{_fields(model)}"


def _fields(model: type[BaseModel]) -> str:
    schema = schemas()[model.__name__]
    return _table(
        ("Field", "Type", "Required", "Meaning"),
        (
            (f"`{name}`", type_of(model, field), required, meaning(model, field))
            for name, field, required in _named(model, schema)
        ),
    )


def _named(model: type[BaseModel], schema: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each field as it stands in JSON, as the model calls it, and whether it is always there."""
    for field, info in model.model_fields.items():
        name = info.alias or field
        if info.is_required():
            yield name, field, "yes"
            continue
        default = schema["properties"][name].get("default", {})
        written = json.dumps(default, ensure_ascii=False)
        yield name, field, f"no: `{written}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in lines
    )


def _plain(told: str | None) -> str:
    return (told or "").strip()


def _raw(record: Example) -> str:
    """A record as a console consumer prints it."""
    headers = (f"           {name}={text}" for name, text in record.headers.items())
    head = (f"topic:     {record.topic}", f"key:       {record.key}", "headers:")
    return "\n".join((*head, *headers, f"value:     {record.data.decode()}"))

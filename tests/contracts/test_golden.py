"""The records of every release stay readable, and today's are written as they were promised.

Nothing in a golden record ever changes. Where an event gains a field, its record gains it too, and
the record before stays as `<type>.sparse.json`: what may be absent there is absent. An event that
holds one of several kinds has a record of each, `<type>.<kind>.json`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from contracts.story import Said, told
from docs.generate.examples import Example, event_of, example, names
from kit_cast import make_service
from pydantic import BaseModel

from shared.contracts.decisions import Decision
from shared.contracts.envelope import Envelope, Event
from shared.contracts.intake import DecisionMade
from shared.contracts.plan import Contact
from shared.contracts.registry import EVENTS
from shared.kit.bus.base import Message
from shared.kit.relay import Relay

NAMES = names()
SPARSE = [name for name in NAMES if name.endswith(".sparse")]
FULL = [name for name in NAMES if name not in SPARSE]


def read(golden: Example) -> Event:
    return EVENTS[golden.headers["ce_type"]].model_validate_json(golden.data)


def write(event: Event) -> bytes:
    return event.model_dump_json(by_alias=True).encode()


class Recorder:
    """A bus that keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, messages: Sequence[Message]) -> None:
        self.messages += messages

    async def close(self) -> None:
        """Nothing to let go of."""


async def say(story: Sequence[Said], source: str, folder: Path) -> list[Message]:
    """What a service's relay sends when the service says its part of the story."""
    recorder = Recorder()
    async with make_service(folder, f"sqlite+aiosqlite:///{folder}/service.sqlite") as service:
        async with service.db.write() as session:
            for said in story:
                await service.journal.record(
                    session,
                    said.event,
                    at=said.at,
                    correlation=said.correlation,
                    event_id=said.id,
                )
        relay = Relay(
            db=service.db,
            tables=service.tables,
            producer=recorder,
            guard=service.guard,
            source=source,
            clock=service.clock,
            metrics=service.metrics,
        )
        while await relay.send_page():
            pass
    return recorder.messages


def test_every_event_has_a_golden_record_and_every_golden_record_an_event() -> None:
    assert EVENTS.keys() <= set(FULL)
    assert set(map(event_of, NAMES)) == EVENTS.keys()


def test_every_kind_of_decision_has_a_golden_record() -> None:
    kinds = {kind.model_fields["type"].default for kind in get_args(get_args(Decision)[0])}
    records = [example(name).value for name in NAMES if event_of(name) == DecisionMade.TYPE]
    assert sorted(one["decided"]["type"] for one in records) == sorted(kinds)


@pytest.mark.parametrize("name", FULL)
def test_todays_model_reads_a_golden_record_and_writes_the_same_bytes(name: str) -> None:
    golden = example(name)
    assert write(read(golden)) == golden.data


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_records_envelope_is_read_and_written_the_same(name: str) -> None:
    golden = example(name)
    envelope = Envelope.from_headers(golden.headers, golden.data)
    event = read(golden)
    assert envelope.headers() == golden.headers
    assert (golden.topic, golden.key) == (event.TOPIC, event.key)
    assert (envelope.type, envelope.key, envelope.subject) == (event.TYPE, event.key, event.subject)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_field_is_ignored_at_any_depth(name: str) -> None:
    golden = example(name)
    later = EVENTS[golden.headers["ce_type"]].model_validate_json(
        json.dumps(_with_news(golden.value, read(golden)))
    )
    assert later == read(golden)


def test_the_golden_records_fill_every_field_that_an_event_can_have() -> None:
    filled: set[str] = set()
    for name in FULL:
        filled |= set(_filled(read(example(name))))
    declared: set[str] = set()  # a plan's contacts are for notify, and taken out before it is said
    for model in EVENTS.values():
        declared |= set(_declared(model))
    assert {field for field in declared - filled if not field.endswith(".contacts")} == set()


@pytest.mark.parametrize("source", ["intake", "scoring", "notify"])
async def test_the_services_send_the_golden_records_byte_for_byte(
    source: str, tmp_path: Path
) -> None:
    story = [said for said in told() if said.source == f"duban/{source}"]
    sent = await say(story, f"duban/{source}", tmp_path)
    assert len(sent) == len(story) > 0
    for said, message in zip(story, sent, strict=True):
        golden = example(said.name)
        assert (message.topic, message.key) == (golden.topic, golden.key)
        assert dict(message.headers) == {
            name: text.encode() for name, text in golden.headers.items()
        }
        assert EVENTS[said.event.TYPE].model_validate_json(message.value) == read(golden)
        if said.name in FULL:
            assert message.value == golden.data


def test_the_story_says_every_golden_record() -> None:
    assert sorted(said.name for said in told()) == NAMES


@pytest.mark.parametrize("suffix", ["", ".sparse"])
def test_a_plan_version_is_closed_by_the_number_and_digest_of_its_tasks(suffix: str) -> None:
    task = example(f"duban.intake.task.defined.v1{suffix}")
    closing = example(f"duban.intake.plan.versioned.v1{suffix}")
    assert closing.value["tasks"] == 1
    assert closing.value["digest"] == hashlib.sha256(task.data + b"\n").hexdigest()


@pytest.mark.parametrize("suffix", ["", ".sparse"])
def test_a_publication_is_closed_by_the_number_of_its_units(suffix: str) -> None:
    unit = example(f"duban.scoring.unit.published.v1{suffix}")
    closing = example(f"duban.scoring.publication.released.v1{suffix}")
    same = ("plan", "period", "version")
    assert closing.value["units"] == 1
    assert [closing.value[name] for name in same] == [unit.value[name] for name in same]


def _with_news(value: Any, said: Any) -> Any:  # noqa: ANN401  # any JSON, and what it became
    """The value with a field nobody knows in every object that has fields."""
    if isinstance(said, BaseModel):
        names = {field.alias or name: name for name, field in type(said).model_fields.items()}
        known = {key: _with_news(one, getattr(said, names[key])) for key, one in value.items()}
        return {**known, "of_a_later_release": {"anything": [1, None]}}
    if isinstance(said, dict):
        return {key: _with_news(value[key], one) for key, one in said.items()}
    if isinstance(said, tuple):
        return [_with_news(*pair) for pair in zip(value, said, strict=True)]
    return value


def _declared(model: type[BaseModel]) -> Iterator[str]:
    """Every field of a model and of all it can hold, by the class that declares it."""
    for name, field in model.model_fields.items():
        yield _place(model, name)
        for inner in _models_in(field.annotation):
            if inner is not Contact:
                yield from _declared(inner)


def _filled(said: object) -> Iterator[str]:
    """Every field in which something stands, likewise."""
    if isinstance(said, BaseModel):
        for name, value in said:
            if value not in (None, (), {}, ""):
                yield _place(type(said), name)
            yield from _filled(value)
    elif isinstance(said, dict | tuple):
        for one in said.values() if isinstance(said, dict) else said:
            yield from _filled(one)


def _place(model: type[BaseModel], field: str) -> str:
    declaring = [base for base in model.__mro__ if field in vars(base).get("__annotations__", {})]
    return f"{declaring[-1].__name__}.{field}"


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)

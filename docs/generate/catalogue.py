"""What is said, by whom, to whom: read from the contracts and from the services' own tables."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from docs.generate.words import objects_in
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

import intake.consumers
import notify.consumers
import scoring.consumers
from shared.contracts.envelope import Event
from shared.contracts.registry import EVENTS
from shared.kit.bus.base import Topic
from shared.kit.foundation import TOPICS

SERVICES: Final = ("intake", "scoring", "notify")
_HANDLERS: Final[Mapping[str, Callable[..., Mapping[type[Event], object]]]] = {
    "intake": intake.consumers.handlers,
    "scoring": scoring.consumers.handlers,
    "notify": notify.consumers.handlers,
}
_COMMON: Final = {
    "plan": "The plan; the record's key.",
    "action": "The special action the task belongs to.",
    "task": "The task.",
    "unit": "The responsible unit.",
    "period": "The assessment period, such as 2021-B2.",
    "submission": "The report's id, as on its receipt.",
    "alert": "The alert's id.",
    "type": "Which of several kinds this is.",
    "by": "Whose token it was done with: a named person or system.",
}
"""Fields that mean the same wherever they stand and say nothing more."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event type: who says it, on which topic, and who acts on it."""

    model: type[Event]
    topic: Topic
    producers: tuple[str, ...]
    consumers: tuple[str, ...]

    @property
    def type(self) -> str:
        """Its CloudEvents type."""
        return self.model.TYPE


def entries() -> list[Entry]:
    """Every event type, in the order of the registry."""
    topics = {topic.name: topic for topic in TOPICS}
    heard = {service: _hears(service) for service in SERVICES}
    return [
        Entry(
            model=model,
            topic=topics[model.TOPIC],
            producers=_producers(model),
            consumers=tuple(service for service in SERVICES if model in heard[service]),
        )
        for model in EVENTS.values()
    ]


def objects() -> dict[str, type[BaseModel]]:
    """What events hold, by name, in the order of their names."""
    found = {held.__name__: held for model in EVENTS.values() for held in objects_in(model)}
    return {name: found[name] for name in sorted(found)}


def meaning(model: type[BaseModel], field: str) -> str:
    """What a field says."""
    told = model.model_fields[field].description or _COMMON.get(field)
    if told is None:
        raise LookupError(f"describe {model.__name__}.{field} with a docstring below it")
    return " ".join(told.split())


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of all events and what they hold, by name; they refer to each other."""
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation") for model in EVENTS.values()
    ]
    _, found = models_json_schema(
        wanted, ref_template="#/components/schemas/{model}", schema_generator=_Plain
    )
    described: dict[str, dict[str, Any]] = found["$defs"]
    for model in (*EVENTS.values(), *objects().values()):
        properties = described[model.__name__]["properties"]
        for field, info in model.model_fields.items():
            properties[info.alias or field].setdefault("description", meaning(model, field))
    return described


class _Plain(GenerateJsonSchema):
    """Without the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002  # pydantic's
        return False


def _hears(service: str) -> frozenset[type[Event]]:
    """The types in a service's table of handlers; what would handle them is left out."""
    build = _HANDLERS[service]
    return frozenset(build(**{name: _Absent() for name in inspect.signature(build).parameters}))


class _Absent:
    def __getattr__(self, name: str) -> str:
        return name


def _producers(model: type[Event]) -> tuple[str, ...]:
    """The service that a type names; what the kit says, every service says."""
    named = model.TYPE.split(".")[1]
    return (named,) if named in SERVICES else SERVICES

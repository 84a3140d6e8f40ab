"""docs/asyncapi.yaml: the events as AsyncAPI 3.0.0, from the models and the golden records."""

from inspect import getdoc
from typing import Any, Final

import yaml
from docs.generate.catalogue import SERVICES, Entry, entries, schemas
from docs.generate.events_page import HEADERS
from docs.generate.examples import Example, event_of, example, names

from shared.contracts.envelope import CONTENT_TYPE, SPEC_VERSION
from shared.kit.bus.base import Topic
from shared.kit.foundation import TOPICS

_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "ce_specversion": {"const": SPEC_VERSION},
    "ce_source": {"enum": [f"duban/{service}" for service in SERVICES]},
    "ce_time": {"format": "date-time"},
    "ce_sequence": {"pattern": "^[1-9][0-9]*$"},
    "content-type": {"const": CONTENT_TYPE},
}


def document() -> dict[str, Any]:
    """The document as JSON says it."""
    said = entries()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Duban's events",
            "version": "1",
            "description": "Made from the code by `make documents`; events.md tells it in words.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic, said) for topic in TOPICS},
        "operations": _operations(said),
        "components": {
            "messages": {entry.type: _message(entry) for entry in said},
            "correlationIds": {
                "request": {
                    "description": HEADERS["ce_correlationid"],
                    "location": "$message.header#/ce_correlationid",
                }
            },
            "schemas": schemas(),
        },
    }


def written() -> str:
    """The document as it stands in the file."""
    text = yaml.dump(
        document(), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100, indent=2
    )
    return f"# Made from the code by `make documents`; do not edit.\n{text}"


class _Dumper(yaml.SafeDumper):
    """Writes what stands in two places twice: an alias would hide it from a reader."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # yaml's own
        """Never an alias."""
        return True


def _server() -> dict[str, Any]:
    return {
        "host": "{brokers}",
        "protocol": "kafka",
        "description": "Named by the operator, as is how it is spoken to: TLS and SASL may be on.",
        "variables": {"brokers": {"default": "localhost:9092", "description": "host:port, …"}},
    }


def _channel(topic: Topic, said: list[Entry]) -> dict[str, Any]:
    here = [entry.type for entry in said if entry.topic == topic]
    return {
        "address": topic.name,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in here},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": -1,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(said: list[Entry]) -> dict[str, Any]:
    """What each service sends to a topic, and what it acts on there."""
    found: dict[str, Any] = {}
    for service in SERVICES:
        for topic in TOPICS:
            here = [entry for entry in said if entry.topic == topic]
            sends = [entry for entry in here if service in entry.producers]
            receives = [entry for entry in here if service in entry.consumers]
            if sends:
                found[f"{service}.sends.{topic.name}"] = _operation("send", topic, sends)
            if receives:
                operation = _operation("receive", topic, receives)
                group = {"type": "string", "const": service}
                operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.5.0"}}
                found[f"{service}.receives.{topic.name}"] = operation
    return found


def _operation(action: str, topic: Topic, here: list[Entry]) -> dict[str, Any]:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{entry.type}"} for entry in here],
    }


def _message(entry: Entry) -> dict[str, Any]:
    kept = [name for name in names() if event_of(name) == entry.type]
    return {
        "name": entry.type,
        "title": entry.model.__name__,
        "summary": (getdoc(entry.model) or "").partition("\n")[0],
        "contentType": CONTENT_TYPE,
        "correlationId": {"$ref": "#/components/correlationIds/request"},
        "headers": _headers(entry),
        "payload": {"$ref": f"#/components/schemas/{entry.model.__name__}"},
        "bindings": {
            "kafka": {"key": {"type": "string", "maxLength": 64}, "bindingVersion": "0.5.0"}
        },
        "examples": [_shown(example(name), name) for name in kept],
    }


def _headers(entry: Entry) -> dict[str, Any]:
    fields = {
        name: {"type": "string", "description": told, **_FORMATS.get(name, {})}
        for name, told in HEADERS.items()
    }
    fields["ce_type"]["const"] = entry.type
    return {"type": "object", "required": list(fields), "properties": fields}


def _shown(kept: Example, name: str) -> dict[str, Any]:
    return {"name": name, "headers": kept.headers, "payload": kept.value}

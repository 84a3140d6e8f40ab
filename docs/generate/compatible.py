"""What a changed document breaks for those who wrote their programs after the one before.

Whoever reads must find what was promised; whoever sends must be taken as before. Descriptions and
examples may change at will, and a new field breaks nobody: unknown fields are ignored.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from docs.generate.schemas import Comparison

Document = Mapping[str, Any]

_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})


def breaks_events(old: Document, new: Document) -> list[str]:
    """What an AsyncAPI document breaks: old readers of new records, new readers of old records.

    A log keeps what every release wrote, so both must hold.
    """
    return list(dict.fromkeys((*_topics(old, new), *_messages(old, new))))


def breaks_callers(old: Document, new: Document) -> list[str]:
    """What an OpenAPI document breaks for those who call by the old one."""
    found: list[str] = []
    for path, item in old["paths"].items():
        for method in sorted(_METHODS & item.keys()):
            route = f"{method.upper()} {path}"
            changed = new["paths"].get(path, {}).get(method)
            if changed is None:
                found.append(f"{route}: the route is gone")
            else:
                found += _route(old, new, item[method], changed, route)
    return found


def _topics(old: Document, new: Document) -> Iterator[str]:
    for name, channel in old["channels"].items():
        changed = new["channels"].get(name)
        if changed is None:
            yield f"{name}: the topic is gone"
            continue
        if _place(channel) != _place(changed):
            yield f"{name}: was {_place(channel)}, is {_place(changed)}"
        for event in channel["messages"].keys() - changed["messages"].keys():
            yield f"{name}: {event} no longer stands there"


def _messages(old: Document, new: Document) -> Iterator[str]:
    for name, message in old["components"]["messages"].items():
        changed = new["components"]["messages"].get(name)
        if changed is None:
            yield f"{name}: the event is gone"
            continue
        for part in ("headers", "payload"):
            for new_writes in (True, False):
                comparison = Comparison(old, new, new_writes=new_writes)
                yield from comparison.of(message[part], changed[part], f"{name} {part}")


def _place(channel: Document) -> str:
    """Where the records of a topic stand, and which of them stay."""
    kafka = channel["bindings"]["kafka"]
    policy = "+".join(kafka["topicConfiguration"]["cleanup.policy"])
    return f"{channel['address']}, {kafka['partitions']} partitions, {policy}"


def _route(old: Document, new: Document, was: Document, now: Document, route: str) -> Iterator[str]:
    sent = Comparison(old, new, new_writes=False)
    read = Comparison(old, new, new_writes=True)
    yield from _parameters(sent, was, now, route)
    asked, asks = was.get("requestBody", {}), now.get("requestBody", {})
    if asks.get("required") and not asked.get("required"):
        yield f"{route}: a body is required now"
    yield from _contents(sent, asked, asks, f"{route} request")
    for status, answer in was.get("responses", {}).items():
        if status not in now.get("responses", {}):
            yield f"{route}: the status {status} is gone"
        else:
            yield from _contents(read, answer, now["responses"][status], f"{route} {status}")


def _parameters(sent: Comparison, was: Document, now: Document, route: str) -> Iterator[str]:
    known = {(one["in"], one["name"]): one for one in was.get("parameters", [])}
    taken = {(one["in"], one["name"]): one for one in now.get("parameters", [])}
    for place, one in known.items():
        if place not in taken:
            yield f"{route}: the parameter {place[1]} is gone"
        else:
            yield from sent.of(one["schema"], taken[place]["schema"], f"{route} {place[1]}")
    for place, one in taken.items():
        if one.get("required") and not known.get(place, {}).get("required"):
            yield f"{route}: the parameter {place[1]} is required now"


def _contents(compared: Comparison, was: Document, now: Document, at: str) -> Iterator[str]:
    for media, content in was.get("content", {}).items():
        if media not in now.get("content", {}):
            yield f"{at}: {media} is gone"
        else:
            changed = now["content"][media].get("schema", {})
            yield from compared.of(content.get("schema", {}), changed, at)

"""Text that no database can hold, and numbers beyond its columns, wherever a caller can write."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI

IN_ADDRESSES: Final = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%F0%9F%92%A9",
    "%27%3B--",
    "x" * 5000,
    "9" * 30,
    str(2**62),
    str(2**31),
    "-1",
)
IN_TEXTS: Final = ("\0", "a\0b", "\ud800", "a\udfffb", "\U0001f4a9" * 5000)


def addresses(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and address of every route, with something hostile in each of its places in turn."""
    for path, methods in app.openapi()["paths"].items():
        for method, route in methods.items():
            names = [one["name"] for one in route.get("parameters", ()) if one["in"] == "query"]
            for hostile in IN_ADDRESSES:
                yield method, re.sub(r"\{\w+\}", hostile, path)
                for name in names:
                    yield method, re.sub(r"\{\w+\}", "a", path) + f"?{name}={hostile}"
                    yield method, re.sub(r"\{\w+\}", "a", path) + f"?plan=a&{name}={hostile}"


def spoilt(document: Any) -> Iterator[bytes]:  # noqa: ANN401  # any JSON
    """The document as JSON, with hostile text in a text of each name in turn, and as a name."""
    for place in sorted(_places(document)):
        for hostile in IN_TEXTS:
            spoiling = json.loads(json.dumps(document))
            _put(spoiling, place, hostile)
            yield json.dumps(spoiling).encode()
    if isinstance(document, dict):
        yield json.dumps({**document, "a\0b": "c"}).encode()
        yield json.dumps({**document, "\ud800": "c"}).encode()


def _places(document: Any) -> set[tuple[str, ...]]:  # noqa: ANN401  # any JSON
    """One way to a text of each name: what is read alike is not tried twice."""
    found: dict[str, tuple[str, ...]] = {}

    def look(value: Any, way: tuple[str, ...]) -> None:  # noqa: ANN401  # any JSON
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in inside:
            here = (*way, str(name))
            if isinstance(one, dict | list):
                look(one, here)
            elif isinstance(one, str):
                found.setdefault("/".join(here if isinstance(value, list) else here[-1:]), here)

    look(document, ())
    return set(found.values())


def _put(document: Any, place: tuple[str, ...], text: str) -> None:  # noqa: ANN401  # any JSON
    for name in place[:-1]:
        document = document[int(name) if isinstance(document, list) else name]
    document[int(place[-1]) if isinstance(document, list) else place[-1]] = text

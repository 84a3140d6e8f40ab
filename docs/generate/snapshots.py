"""The documents as they are and as they were committed, and what lies between the two."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml
from docs.generate import asyncapi, events_page, openapi
from docs.generate.compatible import breaks_callers, breaks_events

DOCS: Final = Path(__file__).parents[1]
EVENTS_PAGE: Final = "events.md"
ASYNCAPI: Final = "asyncapi.yaml"


class BreaksReaders(Exception):  # noqa: N818  # it tells what to do: say it anew, beside the old
    """A document would break who wrote their program after it: add a version instead."""


def made() -> dict[str, str]:
    """Every document as the code has it now, by its path under docs/."""
    apis = openapi.documents()
    return {
        EVENTS_PAGE: events_page.page(),
        ASYNCAPI: asyncapi.written(),
        **{f"openapi/{name}.json": openapi.written(api) for name, api in apis.items()},
    }


def broken(committed: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What the new documents break for readers of the committed ones; new ones break nobody."""
    found: list[str] = []
    for name in committed.keys() - {EVENTS_PAGE}:
        if name not in new:
            found.append(f"{name}: the document is gone")
        elif name == ASYNCAPI:
            found += breaks_events(yaml.safe_load(committed[name]), yaml.safe_load(new[name]))
        else:
            found += breaks_callers(json.loads(committed[name]), json.loads(new[name]))
    return [f"breaks a reader: {one}" for one in sorted(found)]


def committed(folder: Path = DOCS) -> dict[str, str]:
    """The documents as they stand in the folder."""
    paths = (folder / EVENTS_PAGE, folder / ASYNCAPI, *folder.glob("openapi/*.json"))
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in paths
        if path.exists()
    }


def write(new: Mapping[str, str], *, folder: Path = DOCS, breaking: bool = False) -> None:
    """Put the documents into the folder.

    Raises:
        BreaksReaders: one would break who reads the old one, and nobody said that it may.
    """
    if not breaking and (found := broken(committed(folder), new)):
        raise BreaksReaders("\n".join(found))
    for name, text in new.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

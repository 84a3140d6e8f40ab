"""The golden records: each event as it stands on Kafka. The tests hold the producers to them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GOLDEN: Final = Path(__file__).parents[2] / "tests" / "contracts" / "golden"


_EVENT: Final = re.compile(r".+?\.v[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One record: its topic and key, its headers as text, its value as JSON says it."""

    topic: str
    key: str
    headers: dict[str, str]
    value: dict[str, Any]

    @property
    def data(self) -> bytes:
        """The value's bytes: UTF-8, no spaces, fields in the order of the contract."""
        return json.dumps(self.value, ensure_ascii=False, separators=(",", ":")).encode()


def example(name: str) -> Example:
    """The golden record of this name: an event's type, or `<type>.` and what sets it apart."""
    return Example(**json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")))


def names() -> list[str]:
    """The names of all golden records."""
    return sorted(path.stem for path in GOLDEN.glob("*.json"))


def event_of(name: str) -> str:
    """The type of a golden record, by its name."""
    found = _EVENT.match(name)
    return found[0] if found else name

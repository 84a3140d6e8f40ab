"""What is wrong with a file a person wrote: where, what, and how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The way to a place in a document: keys and positions, from its root."""

Locate = Callable[[Path], int | None]
"""Tells the line on which a place stands, 1 for the first; None where nobody knows."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to mend, or in a notice to know. `code` is stable, `path` like `actions[2].id`."""

    line: int | None
    path: str
    code: str
    message: str
    mend: str

    def __str__(self) -> str:
        """The problem in one readable line."""
        line = f"line {self.line}" if self.line else ""
        where = ", ".join(part for part in (line, self.path) if part)
        return f"{where or 'the file'}: {self.message}; {self.mend} ({self.code})"


def path_text(path: Path) -> str:
    """A path as people write it: `actions[2].tasks[0].weight`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")

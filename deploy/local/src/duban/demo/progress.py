"""How far the demo is: durable after each entry, so that a demo that was killed goes on."""

import json
import os
from pathlib import Path
from typing import Any


class Progress:
    """The demo's own notes in its folder: whose tokens, what was played, what was received."""

    def __init__(self, *, path: Path, seed: int) -> None:
        """Read `path`, or begin with `seed` where there is none."""
        self._path = path
        known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.seed: int = known.get("seed", seed)
        self.opened: bool = known.get("opened", False)
        self.done: int = known.get("done", 0)
        self.secret: str = known.get("secret", "")
        self.tokens: dict[str, str] = known.get("tokens", {})
        self.submissions: dict[str, str] = known.get("submissions", {})
        self.receipts: dict[str, int] = known.get("receipts", {})

    def open(self, *, secret: str) -> None:
        """The house is furnished; from here on a demo that ends goes on where it was."""
        self.opened, self.secret = True, secret
        self._write()

    def received(self, place: str, submission: str, timeliness: str) -> None:
        """A report was receipted; `step` makes it durable."""
        if self.submissions.get(place) != submission:
            self.submissions[place] = submission
            self.receipts[timeliness] = self.receipts.get(timeliness, 0) + 1

    def step(self, entries: int) -> None:
        """So many more entries are played."""
        self.done += entries
        self._write()

    def _write(self) -> None:
        notes = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        draft = self._path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(notes, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

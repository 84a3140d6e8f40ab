"""The two clocks.

Business time decides receipts, windows and expected progress, and may be moved by whoever holds
the clock in process. Wall time signs, retries and logs, and is nobody's to move.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from shared.kit.signals import Bell


class Clock(Protocol):
    """What a service asks for the time. Both answers are in UTC."""

    moved: Bell
    """Rings when business time jumps, so that whoever waits for it looks again."""

    def business_now(self) -> datetime:
        """The time the assessment lives in."""

    def wall_now(self) -> datetime:
        """The time on the wall."""


class SystemClock:
    """Both clocks show the wall's time."""

    def __init__(self) -> None:
        self.moved = Bell()

    def business_now(self) -> datetime:
        """The time on the wall."""
        return datetime.now(UTC)

    def wall_now(self) -> datetime:
        """The time on the wall."""
        return datetime.now(UTC)


class MovableClock:
    """Business time stands still until it is moved, and is where it was after a restart."""

    def __init__(self, *, path: Path, start: datetime) -> None:
        """Keep the position in `path`; `start` holds where there is none yet."""
        self.moved = Bell()
        self._path = path
        kept = datetime.fromisoformat(path.read_text()) if path.exists() else start
        self._now = kept.astimezone(UTC)

    def business_now(self) -> datetime:
        """Where business time was last moved to."""
        return self._now

    def wall_now(self) -> datetime:
        """The time on the wall."""
        return datetime.now(UTC)

    def move_to(self, instant: datetime) -> None:
        """Go forward to `instant`; durable before anybody can see it.

        Raises:
            ValueError: the instant lies in the past of this clock.
        """
        if instant < self._now:
            raise ValueError(f"business time only goes forward: it is {self._now.isoformat()}")
        position = instant.astimezone(UTC)
        draft = self._path.with_suffix(".draft")
        with draft.open("w") as file:
            file.write(position.isoformat())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self._now = position
        self.moved.ring()

    def advance(self, span: timedelta) -> None:
        """Go forward by `span`."""
        self.move_to(self._now + span)

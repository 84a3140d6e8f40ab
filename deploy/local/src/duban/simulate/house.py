"""The three services in memory, on a clock that is moved: what one says, the others hear at once.

Instead of a relay, a log and consumers there is one pump: it numbers what a service has written
into its journal, and hands it to the handlers of those who hear it, until nothing is left.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self, cast

from pydantic import SecretStr

import intake.config
import intake.wiring
import notify.config
import notify.wiring
import scoring.config
import scoring.wiring
from duban.simulate.callers import DRAFTER, as_intake
from notify.store.tables import Alert
from shared.contracts.notify import AlertRaised
from shared.contracts.registry import EVENTS
from shared.kit.bus.base import Bus
from shared.kit.bus.loop import Received
from shared.kit.in_memory import IN_MEMORY, register
from shared.kit.parts import Parts
from shared.kit.signals import Bell

_SAID: Final = (
    "SELECT position, event_id, topic || '/' || key, type, time, correlation, data "
    "FROM journal WHERE position > ? ORDER BY position"
)
_NEXT_TIMER: Final = (
    "SELECT due_at, kind, subject FROM timers ORDER BY due_at, kind, subject LIMIT 1"
)
_MEMBER: Final = "simulation"
_SECRET: Final = SecretStr("nobody signs in to a simulation")


class VirtualClock:
    """Both clocks stand where they were last moved to (UTC)."""

    def __init__(self, start: datetime) -> None:
        self.moved = Bell()
        self.now = start

    def business_now(self) -> datetime:
        """Where it stands."""
        return self.now

    def wall_now(self) -> datetime:
        """Where it stands."""
        return self.now


class NoBus:
    """Nothing is sent and nothing is polled: the pump carries what is said."""

    def producer(self) -> None:
        """There is none."""


class _Cutoffs:
    """Marks cut-offs without a network between."""

    def __init__(self, inputs: intake.wiring.Intake) -> None:
        self._duties = inputs.duties

    async def mark(self, plan: str, *, headers: dict[str, str]) -> str:
        """See `scoring.service.intake_client.CutoffSource`."""
        del headers
        return await self._duties.mark_cutoff(plan, caller=as_intake(DRAFTER))


@dataclass(frozen=True, kw_only=True)
class Warned:
    """An alert was raised, or got worse, and how it stood then."""

    event: AlertRaised
    alert: Alert


class _Room:
    """One service: its tables, its consumer, and its journal, read from where it was left.

    Every day looks into journals and timers: the driver answers that at a tenth of the cost.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._written = parts.db.written.listener()
        self._position = 0
        self._numbers: Counter[str] = Counter()
        self._driver: sqlite3.Connection

    async def open(self) -> None:
        """Make its tables."""
        self._driver = await self.parts.db.create(self.parts.tables.journal.metadata)

    def said(self) -> list[Received[Any]]:
        """What it has said since it was last asked, each numbered in the order of its key."""
        if not self._written.taken():
            return []
        return [self._received(*row) for row in self._driver.execute(_SAID, (self._position,))]

    def next_timer(self) -> tuple[datetime, str, str] | None:
        """What is due next there: when, the kind and the subject."""
        row = self._driver.execute(_NEXT_TIMER).fetchone()
        return None if row is None else (_instant(row[0]), row[1], row[2])

    def _received(
        self, position: int, name: str, place: str, kind: str, at: str, of: str, data: str
    ) -> Received[Any]:
        self._position = position
        self._numbers[place] += 1
        return Received(
            event=EVENTS[kind].model_validate_json(data),
            data=data,
            id=name,
            sequence=self._numbers[place],
            time=_instant(at),
            correlation=of,
        )


def _instant(stored: str) -> datetime:
    """An instant as SQLite keeps it: UTC, without saying so."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


class House:
    """The wired services. One thing happens at a time, and all that follows from it at once."""

    def __init__(self, *, start: datetime) -> None:
        """Wire the services; entering makes their tables, leaving forgets everything."""
        register()
        self.clock = clock = VirtualClock(start.astimezone(UTC))
        bus = cast("Bus", NoBus())
        self.intake = intake.wiring.build(
            settings=intake.config.IntakeSettings(database=IN_MEMORY, session_secret=_SECRET),
            bus=bus,
            clock=clock,
            member=_MEMBER,
        )
        self.scoring = scoring.wiring.build(
            settings=scoring.config.ScoringSettings(database=IN_MEMORY, session_secret=_SECRET),
            bus=bus,
            clock=clock,
            member=_MEMBER,
            cutoffs=_Cutoffs(self.intake),
        )
        self.notify = notify.wiring.build(
            settings=notify.config.NotifySettings(database=IN_MEMORY, session_secret=_SECRET),
            bus=bus,
            clock=clock,
            member=_MEMBER,
        )
        every = self.intake.parts, self.scoring.parts, self.notify.parts
        self._rooms = tuple(_Room(parts) for parts in every)
        self._timers = {0: self.intake.rounds, 2: self.notify.rounds}
        self.warnings: list[Warned] = []

    async def __aenter__(self) -> Self:
        for room in self._rooms:
            await room.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        for room in self._rooms:
            await room.parts.db.close()

    async def pass_until(self, instant: datetime) -> None:
        """Let time go by: whatever is due until an instant happens when it is due.

        Raises:
            RuntimeError: a timer cannot be fired.
        """
        fired = None
        while (due := self._next_timer()) is not None and due[0] <= instant:
            if due == fired:
                raise RuntimeError(f"the timer {due} cannot be fired")
            self.clock.now = max(due[0], self.clock.now)
            await self._timers[due[1]].fire_next()
            await self.settle()
            fired = due
        self.clock.now = max(instant, self.clock.now)

    def _next_timer(self) -> tuple[datetime, int, str, str] | None:
        """What is due next, and in which room; at one instant intake comes before notify."""
        waiting = [
            (timer[0], number, *timer[1:])
            for number in self._timers
            if (timer := self._rooms[number].next_timer()) is not None
        ]
        return min(waiting, default=None)

    async def settle(self) -> None:
        """Carry what was said to whoever hears it, and what they say of it, until all is quiet."""
        busy = True
        while busy:
            busy = False
            for room in self._rooms:
                if events := room.said():
                    busy = True
                    await self._tell(events)

    async def compute(self) -> None:
        """Compute the drafts whose cut-off has come."""
        await self.settle()
        while await self.scoring.runs.compute_next():
            await self.settle()

    async def _tell(self, events: Sequence[Received[Any]]) -> None:
        for room in self._rooms:
            if room.parts.consumer is not None:
                await room.parts.consumer.hear(events)
        raised = [one.event for one in events if isinstance(one.event, AlertRaised)]
        if raised:
            async with self.notify.parts.db.read() as session:
                for event in raised:
                    alert = await session.get_one(Alert, event.alert)
                    self.warnings.append(Warned(event=event, alert=alert))

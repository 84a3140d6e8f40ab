"""The three services in memory, on a clock that is moved: what one says, the others hear at once.

Instead of a relay, a log and consumers there is one pump: it numbers what a service has written
into its journal, and hands it to the handlers of those who hear it, until nothing is left.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import SecretStr
from sqlalchemy import select

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
from shared.kit.timers import Timer

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


class _NoBus:
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


class _Teller:
    """One service's journal, read from where it was left."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._written = parts.db.written.listener()
        self._position = 0
        self._numbers: Counter[tuple[str, str]] = Counter()

    async def new(self) -> list[Received[Any]]:
        """What was written since, each numbered in the order of its key."""
        if not self._written.taken():
            return []
        journal = self.parts.tables.journal
        query = select(journal).where(journal.c.position > self._position)
        async with self.parts.db.read() as session:
            rows = (await session.execute(query.order_by(journal.c.position))).mappings().all()
        events = []
        for row in rows:
            self._position = row["position"]
            place = row["topic"], row["key"]
            self._numbers[place] += 1
            events.append(
                Received(
                    event=EVENTS[row["type"]].model_validate_json(row["data"]),
                    data=row["data"],
                    id=row["event_id"],
                    sequence=self._numbers[place],
                    time=row["time"],
                    correlation=row["correlation"],
                )
            )
        return events


class House:
    """The wired services. One thing happens at a time, and all that follows from it at once."""

    def __init__(self, *, start: datetime) -> None:
        """Wire the services; `open` makes their tables."""
        register()
        self.clock = VirtualClock(start.astimezone(UTC))
        bus = cast(Bus, _NoBus())
        wired = {"bus": bus, "clock": self.clock, "member": "simulation"}
        where = {"database": IN_MEMORY, "session_secret": _SECRET}
        self.intake = intake.wiring.build(settings=intake.config.IntakeSettings(**where), **wired)
        self.scoring = scoring.wiring.build(
            settings=scoring.config.ScoringSettings(**where), cutoffs=_Cutoffs(self.intake), **wired
        )
        self.notify = notify.wiring.build(settings=notify.config.NotifySettings(**where), **wired)
        every = self.intake.parts, self.scoring.parts, self.notify.parts
        self._tellers = tuple(_Teller(parts) for parts in every)
        self.warnings: list[Warned] = []

    async def open(self) -> None:
        """Make the tables of the three."""
        for parts in (teller.parts for teller in self._tellers):
            await parts.db.create(parts.tables.journal.metadata)

    async def close(self) -> None:
        """Forget everything."""
        for teller in self._tellers:
            await teller.parts.db.close()

    async def pass_until(self, instant: datetime) -> None:
        """Let time go by: whatever is due until an instant happens when it is due.

        Raises:
            RuntimeError: a timer cannot be fired.
        """
        before = None
        while (due := await self._next_timer(until=instant)) is not None:
            if due == before:
                raise RuntimeError(f"the timer {due} cannot be fired")
            self.clock.now = max(due.due_at, self.clock.now)
            await self.intake.rounds.fire_next()
            await self.settle()
            before = due
        self.clock.now = max(instant, self.clock.now)

    async def settle(self) -> None:
        """Carry what was said to whoever hears it, and what they say of it, until all is quiet."""
        busy = True
        while busy:
            busy = False
            for teller in self._tellers:
                if events := await teller.new():
                    busy = True
                    await self._tell(events)

    async def compute(self) -> None:
        """Compute the drafts whose cut-off has come."""
        await self.settle()
        while await self.scoring.runs.compute_next():
            await self.settle()

    async def _tell(self, events: Sequence[Received[Any]]) -> None:
        for teller in self._tellers:
            if teller.parts.consumer is not None:
                await teller.parts.consumer.hear(events)
        raised = [one for one in events if isinstance(one.event, AlertRaised)]
        if raised:
            async with self.notify.parts.db.read() as session:
                for one in raised:
                    alert = await session.get_one(Alert, one.event.alert)
                    self.warnings.append(Warned(event=one.event, alert=alert))

    async def _next_timer(self, *, until: datetime) -> Timer | None:
        timers = self.intake.parts.tables.timers
        query = select(timers).where(timers.c.due_at <= until).order_by(timers.c.due_at).limit(1)
        async with self.intake.parts.db.read() as session:
            row = (await session.execute(query)).mappings().first()
        return None if row is None else Timer(**row)

"""The figures only the database knows, read beside the scrapes, so that no scrape waits for it.

Every replica reads them from the same tables: they are right after a restart and the same on all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.engines import is_passing
from shared.kit.inbox import Inbox
from shared.kit.journal import backlog
from shared.kit.metrics import KitMetrics, Labels, show
from shared.kit.tables import KitTables

log = structlog.get_logger(__name__)

_REST_SECONDS: Final = 15.0
_REST_TIMES: Final = 20
"""And so many times what the last look took: looking must stay cheap, however much there is."""

Reading = Callable[[], Awaitable[None]]
"""Reads figures of a service's own, each in a short transaction, and shows them."""


class Figures:
    """Reads the figures of one service: the kit's, and what its own readings read."""

    def __init__(
        self,
        *,
        db: Database,
        tables: KitTables,
        bus: Bus,
        inbox: Inbox,
        dead_letters: DeadLetters,
        clock: Clock,
        metrics: KitMetrics,
        readings: Sequence[Reading] = (),
    ) -> None:
        self._db = db
        self._tables = tables
        self._bus = bus
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._clock = clock
        self._metrics = metrics
        self._readings = (self._kit, *readings)

    async def run(self) -> None:
        """Read until cancelled."""
        time = asyncio.get_running_loop().time
        while True:
            began = time()
            await self.read()
            await asyncio.sleep(max(_REST_SECONDS, _REST_TIMES * (time() - began)))

    async def read(self) -> None:
        """Look once. What cannot be read keeps its last value, and its age shows."""
        ready, database = self._metrics.ready, await self._db.answers()
        ready.labels("database").set(database)
        ready.labels("bus").set(await self._bus.healthy())
        if database and all([await _succeeds(reading) for reading in self._readings]):
            self._metrics.figures_read.set(self._clock.wall_now().timestamp())

    async def _kit(self) -> None:
        metrics, now = self._metrics, self._clock.business_now()
        journal, timers = self._tables.journal.c, self._tables.timers.c
        oldest = select(func.min(journal.time)).where(journal.sent_at.is_(None))
        overdue = select(func.count(), func.min(timers.due_at)).where(timers.due_at <= now)
        async with self._db.read() as session:
            unsent, parked = await backlog(session, self._tables)
            waits_since = await session.scalar(oldest)
            gaps = await self._inbox.gaps(session)
            letters = await self._dead_letters.open(session)
            due, due_since = (await session.execute(overdue)).one()
            numbered = await _last_numbers(session, self._tables.sequences)
            heard = await _last_numbers(session, self._tables.inbox)
        metrics.journal_unsent.set(unsent)
        metrics.journal_parked.set(parked)
        metrics.journal_oldest.set(seconds_since(waits_since, now))
        metrics.inbox_gaps.set(gaps)
        metrics.dead_letters_open.set(letters)
        metrics.timers_overdue.set(due)
        metrics.timers_oldest.set(seconds_since(due_since, now))
        show(metrics.journal_numbered, numbered)
        show(metrics.inbox_heard, heard)


def seconds_since(instant: datetime | None, now: datetime) -> float:
    """How long ago an instant was; 0 where there is none, or it is still to come."""
    return 0.0 if instant is None else max(0.0, (now - instant).total_seconds())


async def _last_numbers(session: AsyncSession, table: Table) -> dict[Labels, float]:
    """By topic, the last numbers of all its keys together."""
    query = select(table.c.topic, func.sum(table.c.last).label("events")).group_by(table.c.topic)
    return {(row.topic,): float(row.events) for row in await session.execute(query)}


async def _succeeds(reading: Reading) -> bool:
    """Whether it could be read: a figure that fails must not take the service's work down."""
    try:
        await reading()
    except Exception as error:
        if is_passing(error):
            log.warning("figures wait for the database", reason=str(error))
        else:
            log.exception("figures could not be read")
        return False
    return True

"""Timers: whatever happens because time passes is a row, fired once by whoever claims it.

Effect and removal are one transaction; an event a timer causes has an id made of kind, subject and
due time, so that it is the same event however often the timer is tried.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

import structlog
from sqlalchemy import Executable, delete, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.engines import is_passing
from shared.kit.metrics import KitMetrics
from shared.kit.tables import KitTables

log = structlog.get_logger(__name__)

_REST_SECONDS: Final = 0.05
_POLL_SECONDS: Final = 1.0
_PENALTY_SECONDS: Final = 10.0
_NAMESPACE: Final = UUID("5b0f6c9e-6f0e-5a55-9d3c-6f1d2f0e7a11")


@dataclass(frozen=True, kw_only=True)
class Timer:
    """Something that happens at `due_at` (business time).

    `subject` begins with what the handler decides about, a plan's id mostly; more may follow
    behind a slash.
    """

    kind: str
    subject: str
    due_at: datetime

    @property
    def about(self) -> str:
        """The subject of the transaction it fires in: of what it decides about, one writer."""
        return self.subject.partition("/")[0]

    def event_id(self, *of: str) -> str:
        """The id of the event this timer causes; `of` tells several apart."""
        due = self.due_at.astimezone(UTC).isoformat()
        return str(uuid5(_NAMESPACE, "/".join((self.kind, self.subject, due, *of))))


TimerHandler = Callable[[AsyncSession, Timer], Awaitable[None]]


class Timers:
    """Sets and drops timers, in the transaction that wants them."""

    def __init__(self, *, tables: KitTables) -> None:
        self._timers = tables.timers
        self._set = {
            "postgresql": _replacing(postgresql.insert(tables.timers)),
            "sqlite": _replacing(sqlite.insert(tables.timers)),
        }

    async def set(self, session: AsyncSession, timer: Timer) -> None:
        """Fire at `due_at`; a timer of the same kind and subject is replaced."""
        statement = self._set[session.get_bind().dialect.name]
        row = {"kind": timer.kind, "subject": timer.subject, "due_at": timer.due_at}
        await session.execute(statement, row)

    async def drop(self, session: AsyncSession, timer: Timer) -> None:
        """Forget the timer of this kind and subject."""
        await session.execute(
            delete(self._timers).where(
                self._timers.c.kind == timer.kind, self._timers.c.subject == timer.subject
            )
        )

    async def due(self, session: AsyncSession, *, now: datetime) -> int:
        """How many wait that should have fired by `now`."""
        query = select(self._timers.c.kind).where(self._timers.c.due_at <= now)
        return len((await session.execute(query)).all())


def _replacing(insert: postgresql.Insert | sqlite.Insert) -> Executable:
    later = {"due_at": insert.excluded.due_at}
    return insert.on_conflict_do_update(index_elements=["kind", "subject"], set_=later)


class TimerLoop:
    """Fires what is due, oldest first, one transaction each."""

    def __init__(
        self,
        *,
        db: Database,
        tables: KitTables,
        clock: Clock,
        handlers: Mapping[str, TimerHandler],
        metrics: KitMetrics,
    ) -> None:
        self._db = db
        self._table = tables.timers
        self._timers = Timers(tables=tables)
        self._clock = clock
        self._handlers = handlers
        self._metrics = metrics
        self._written = db.written.listener()
        clock.moved.join(self._written)
        self._penalties: dict[tuple[str, str], float] = {}

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            if not await self.fire_next():
                await asyncio.sleep(_REST_SECONDS)  # many commits a second need not as many looks
                await self._written.wait(at_most=_POLL_SECONDS)

    async def fire_next(self) -> bool:
        """Fire the oldest due timer; False when none is due."""
        now = asyncio.get_running_loop().time()
        self._penalties = {key: end for key, end in self._penalties.items() if end > now}
        timer = await self._oldest_due()
        if timer is None:
            return False
        try:
            # First what it is about, then its row: as everybody does who sets or drops a timer.
            async with self._db.write(timer.about) as session:
                if not await self._claim(session, timer):
                    return True  # another process has fired it, or it was set anew: look again
                await self._timers.drop(session, timer)
                await self._handlers[timer.kind](session, timer)
        except Exception as error:
            if is_passing(error):
                raise
            # The failing timer stands back, so that it cannot hold up the others.
            self._penalties[timer.kind, timer.subject] = now + _PENALTY_SECONDS
            log.exception("a timer failed and will be tried again", timer=str(timer))
            return True
        self._metrics.timers_fired.labels(timer.kind).inc()
        return True

    async def _oldest_due(self) -> Timer | None:
        """The timer whose turn it is; no write lock while there is none."""
        table = self._table
        query = (
            select(table)
            .where(table.c.due_at <= self._clock.business_now())
            .where(or_(*(table.c.kind == kind for kind in self._handlers)))
            .order_by(table.c.due_at, table.c.kind, table.c.subject)
            .limit(1)
        )
        if self._penalties:
            query = query.where(tuple_(table.c.kind, table.c.subject).not_in(self._penalties))
        async with self._db.read() as session:
            row = (await session.execute(query)).mappings().first()
        return None if row is None else Timer(**row)

    async def _claim(self, session: AsyncSession, timer: Timer) -> bool:
        """Whether it is this transaction that fires the timer, as it was seen."""
        table = self._table
        row = (
            select(table.c.kind)
            .where(table.c.kind == timer.kind, table.c.subject == timer.subject)
            .where(table.c.due_at == timer.due_at)
            .with_for_update(skip_locked=True)
        )
        return (await session.scalar(row)) is not None

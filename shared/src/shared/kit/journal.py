"""The journal: what a service has said, in order; it is the outbox and the history in one.

A row is written in the transaction of its cause. The relay numbers a key's rows 1, 2, 3 … when it
first picks them, sends them in that order, and marks them sent after the bus has acknowledged. A
row the bus will never take is parked: its key waits, aloud; the others go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

import structlog
from sqlalchemy import bindparam, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.envelope import Envelope, Event
from shared.kit.bus.base import BusUnavailable, Message, MessageRefused, Producer
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.metrics import KitMetrics
from shared.kit.tables import KitTables

log = structlog.get_logger(__name__)

_PAGE: Final = 500
_POLL_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.5


class Journal:
    """Writes events into the transaction that caused them."""

    def __init__(self, *, tables: KitTables) -> None:
        self._journal = tables.journal

    async def record(
        self,
        session: AsyncSession,
        *events: Event,
        at: datetime,
        correlation: str,
        event_id: str | None = None,
    ) -> None:
        """Append events, in this order.

        Args:
            session: the transaction of their cause.
            events: one or several.
            at: business time.
            correlation: what ties a request to all that follows from it.
            event_id: fixed where the cause may come twice (a timer); only for one event.
        """
        await session.execute(
            insert(self._journal),
            [
                {
                    "event_id": event_id or str(uuid4()),
                    "topic": event.TOPIC,
                    "key": event.key,
                    "type": event.TYPE,
                    "subject": event.subject,
                    "time": at,
                    "correlation": correlation,
                    "data": event.model_dump_json(by_alias=True),
                }
                for event in events
            ],
        )


@dataclass(frozen=True, kw_only=True)
class _Row:
    position: int
    message: Message


class Relay:
    """Takes the journal to the bus. One relay owns a journal at a time."""

    def __init__(
        self,
        *,
        db: Database,
        tables: KitTables,
        producer: Producer,
        source: str,
        clock: Clock,
        metrics: KitMetrics,
    ) -> None:
        """`source` names the service in its events' envelopes."""
        self._db = db
        self._journal = tables.journal
        self._sequences = tables.sequences
        self._producer = producer
        self._source = source
        self._clock = clock
        self._metrics = metrics
        self._written = db.written.listener()

    async def run(self) -> None:
        """Send whatever is written, until cancelled."""
        while True:
            try:
                sent = await self.send_page()
            except BusUnavailable as error:
                log.warning("the bus does not answer; the journal waits", error=str(error))
                await self._written.wait(at_most=_PAUSE_SECONDS)
                continue
            if not sent:
                await self._written.wait(at_most=_POLL_SECONDS)

    async def send_page(self) -> int:
        """Send the next page of unsent rows; return how many were settled (sent or parked).

        Raises:
            BusUnavailable: the bus does not answer; the page stays unsent.
        """
        await self._number_new_rows()
        rows = await self._unsent()
        if not rows:
            return 0
        try:
            await self._producer.send([row.message for row in rows])
        except MessageRefused:
            return await self._send_singly(rows)
        await self._mark_sent(rows)
        return len(rows)

    async def _send_singly(self, rows: Sequence[_Row]) -> int:
        """Find the refused row: everything of its key waits, the rest is sent."""
        parked: set[tuple[str, str]] = set()
        settled = 0
        for row in rows:
            place = (row.message.topic, row.message.key)
            if place in parked:
                continue
            try:
                await self._producer.send([row.message])
            except MessageRefused as refusal:
                parked.add(place)
                await self._park(row, str(refusal))
            else:
                await self._mark_sent([row])
            settled += 1
        return settled

    async def _number_new_rows(self) -> None:
        unnumbered = self._journal.c.sequence.is_(None) & self._journal.c.sent_at.is_(None)
        columns = (self._journal.c.position, self._journal.c.topic, self._journal.c.key)
        query = select(*columns).where(unnumbered).order_by(self._journal.c.position).limit(_PAGE)
        async with self._db.read() as session:
            if (await session.execute(query.limit(1))).first() is None:
                return
        async with self._db.write() as session:
            last: dict[tuple[str, str], int] = {}
            numbered = []
            for position, topic, key in (await session.execute(query)).all():
                if (topic, key) not in last:
                    last[topic, key] = await self._last(session, topic, key)
                last[topic, key] += 1
                numbered.append({"at": position, "number": last[topic, key]})
            await self._store_numbers(session, numbered, last)

    async def _last(self, session: AsyncSession, topic: str, key: str) -> int:
        query = select(self._sequences.c.last).where(
            self._sequences.c.topic == topic, self._sequences.c.key == key
        )
        last: int | None = await session.scalar(query)
        if last is None:
            await session.execute(insert(self._sequences).values(topic=topic, key=key, last=0))
        return last or 0

    async def _store_numbers(
        self,
        session: AsyncSession,
        numbered: Sequence[dict[str, int]],
        last: dict[tuple[str, str], int],
    ) -> None:
        connection = await session.connection()
        await connection.execute(
            update(self._journal)
            .where(self._journal.c.position == bindparam("at"))
            .values(sequence=bindparam("number")),
            numbered,
        )
        for (topic, key), number in last.items():
            await connection.execute(
                update(self._sequences)
                .where(self._sequences.c.topic == topic, self._sequences.c.key == key)
                .values(last=number)
            )

    async def _unsent(self) -> list[_Row]:
        journal = self._journal
        place, unsent = tuple_(journal.c.topic, journal.c.key), journal.c.sent_at.is_(None)
        parked = select(journal.c.topic, journal.c.key).where(unsent, journal.c.parked.is_not(None))
        numbered = select(journal).where(unsent, journal.c.sequence.is_not(None))
        async with self._db.read() as session:
            # Asked for by itself: as a subquery it read a key's whole history for every row.
            waiting = [tuple(row) for row in await session.execute(parked.distinct())]
            query = numbered.where(place.not_in(waiting)) if waiting else numbered
            query = query.order_by(journal.c.position).limit(_PAGE)
            rows = (await session.execute(query)).mappings().all()
        return [
            _Row(
                position=row["position"],
                message=to_message(
                    row["topic"],
                    Envelope(
                        id=row["event_id"],
                        source=self._source,
                        type=row["type"],
                        subject=row["subject"],
                        time=row["time"],
                        key=row["key"],
                        sequence=row["sequence"],
                        correlation=row["correlation"],
                        data=row["data"].encode(),
                    ),
                ),
            )
            for row in rows
        ]

    async def _mark_sent(self, rows: Sequence[_Row]) -> None:
        async with self._db.write() as session:
            await session.execute(
                update(self._journal)
                .where(self._journal.c.position.in_([row.position for row in rows]))
                .values(sent_at=self._clock.wall_now())
            )
        self._metrics.journal_sent.inc(len(rows))

    async def _park(self, row: _Row, reason: str) -> None:
        log.error("the bus refuses an event: its key waits", key=row.message.key, reason=reason)
        async with self._db.write() as session:
            await session.execute(
                update(self._journal)
                .where(self._journal.c.position == row.position)
                .values(parked=reason)
            )


def to_message(topic: str, envelope: Envelope) -> Message:
    """An event as the bus carries it: attributes in headers, the data's JSON as value."""
    return Message(
        topic=topic,
        key=envelope.key,
        value=envelope.data,
        headers=tuple((name, value.encode()) for name, value in envelope.headers().items()),
    )


async def backlog(session: AsyncSession, tables: KitTables) -> tuple[int, int]:
    """How many rows are unsent, and how many of them are parked."""
    journal = tables.journal
    unsent = select(func.count()).where(journal.c.sent_at.is_(None))
    parked = unsent.where(journal.c.parked.is_not(None))
    return (await session.scalar(unsent)) or 0, (await session.scalar(parked)) or 0

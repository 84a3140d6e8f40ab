"""The inbox: which events a service has taken in, kept in the transaction of their effect.

Per topic and key it remembers the last number. An equal or lower number is a duplicate. A number
too high means that one is lost or late: the key stops, what comes is held, and an alarm stands
until the missing event arrives; then the held ones follow in order.
"""

import json
from collections.abc import Collection
from datetime import datetime
from enum import Enum

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.envelope import Envelope
from shared.kit.bus.base import Record
from shared.kit.tables import KitTables


class Verdict(Enum):
    """What to do with an event."""

    NEW = "applied"
    DUPLICATE = "duplicate"
    HELD = "held"


class Inbox:
    """One service's memory of what it has heard."""

    def __init__(self, *, tables: KitTables, compacted: Collection[str] = ()) -> None:
        """In a `compacted` topic numbers may be missing: only their order counts."""
        self._inbox = tables.inbox
        self._held = tables.held
        self._compacted = frozenset(compacted)

    async def admit(
        self, session: AsyncSession, record: Record, envelope: Envelope, *, at: datetime
    ) -> Verdict:
        """Decide on the event in a record, and remember it in this transaction."""
        last = await self._last(session, record.topic, envelope.key)
        if envelope.sequence <= last:
            return Verdict.DUPLICATE
        if envelope.sequence > last + 1 and record.topic not in self._compacted:
            return await self._hold(session, record, envelope, at)
        await self._remember(session, record.topic, envelope)
        return Verdict.NEW

    async def next_held(self, session: AsyncSession, topic: str, key: str) -> Record | None:
        """The held record that follows the last one taken in; it stays until it is admitted."""
        following = self._place(topic, key, await self._last(session, topic, key) + 1)
        query = select(self._held.c.headers, self._held.c.data).where(following)
        row = (await session.execute(query)).first()
        if row is None:
            return None
        kept = json.loads(row.headers)
        return Record(
            topic=topic,
            partition=kept["partition"],
            offset=kept["offset"],
            key=key.encode(),
            value=row.data,
            headers=tuple((name, value.encode()) for name, value in kept["headers"].items()),
        )

    async def gaps(self, session: AsyncSession, *, key: str | None = None) -> int:
        """How many keys (or whether this one) wait for a lost event."""
        pairs = select(self._held.c.topic, self._held.c.key).distinct()
        if key is not None:
            pairs = pairs.where(self._held.c.key == key)
        return (await session.scalar(select(func.count()).select_from(pairs.subquery()))) or 0

    async def _last(self, session: AsyncSession, topic: str, key: str) -> int:
        query = select(self._inbox.c.last).where(
            self._inbox.c.topic == topic, self._inbox.c.key == key
        )
        return (await session.scalar(query)) or 0

    async def _remember(self, session: AsyncSession, topic: str, envelope: Envelope) -> None:
        place = (self._inbox.c.topic == topic) & (self._inbox.c.key == envelope.key)
        known = await session.scalar(select(self._inbox.c.last).where(place))
        if known is None:
            await session.execute(
                insert(self._inbox).values(topic=topic, key=envelope.key, last=envelope.sequence)
            )
        else:
            await session.execute(update(self._inbox).where(place).values(last=envelope.sequence))
        held = self._place(topic, envelope.key, envelope.sequence)
        await session.execute(delete(self._held).where(held))

    async def _hold(
        self, session: AsyncSession, record: Record, envelope: Envelope, at: datetime
    ) -> Verdict:
        held = self._place(record.topic, envelope.key, envelope.sequence)
        if await session.scalar(select(self._held.c.sequence).where(held)) is not None:
            return Verdict.DUPLICATE
        kept = {
            "partition": record.partition,
            "offset": record.offset,
            "headers": envelope.headers(),
        }
        await session.execute(
            insert(self._held).values(
                topic=record.topic,
                key=envelope.key,
                sequence=envelope.sequence,
                headers=json.dumps(kept),
                data=envelope.data,
                since=at,
            )
        )
        return Verdict.HELD

    def _place(self, topic: str, key: str, sequence: int) -> ColumnElement[bool]:
        held = self._held.c
        return (held.topic == topic) & (held.key == key) & (held.sequence == sequence)

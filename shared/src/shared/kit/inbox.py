"""The inbox: which events a service has taken in, kept in the transaction of their effect.

Per topic and key it remembers the last number. An equal or lower number is a duplicate. A number
too high means that one is lost or late: the key stops, what comes is held, and an alarm stands
until the missing event arrives; then the held ones follow in order.
"""

import json
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
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

    @asynccontextmanager
    async def hear(
        self, session: AsyncSession, topic: str, keys: Iterable[str]
    ) -> AsyncIterator["Hearing"]:
        """What was heard of these keys, read at once and written back at the end of the block.

        No row is locked: the transaction must have named the keys as its subjects, so that nobody
        else hears or remembers them until it has ended.
        """
        hearing = Hearing(
            session=session,
            inbox=self._inbox,
            held=self._held,
            topic=topic,
            compacted=topic in self._compacted,
        )
        await hearing.recall(sorted(set(keys)))
        yield hearing
        await hearing.remember()

    async def gaps(self, session: AsyncSession, *, key: str | None = None) -> int:
        """How many keys (or whether this one) wait for a lost event."""
        pairs = select(self._held.c.topic, self._held.c.key).distinct()
        if key is not None:
            pairs = pairs.where(self._held.c.key == key)
        return (await session.scalar(select(func.count()).select_from(pairs.subquery()))) or 0


class Hearing:
    """The inbox of one topic's keys within one transaction."""

    def __init__(
        self, *, session: AsyncSession, inbox: Table, held: Table, topic: str, compacted: bool
    ) -> None:
        self._session = session
        self._inbox = inbox
        self._held = held
        self._topic = topic
        self._compacted = compacted
        self._known: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._holding: set[str] = set()
        """The keys of which something may be held: the others need not be asked for."""

    async def admit(self, record: Record, envelope: Envelope, *, at: datetime) -> Verdict:
        """Decide on the event in a record; at the end of the block the decision is remembered."""
        key, number = envelope.key, envelope.sequence
        last = self._last.get(key, 0)
        if number <= last:
            return Verdict.DUPLICATE
        if number > last + 1 and not self._compacted:
            return await self._hold(record, envelope, at)
        self._last[key] = number
        if key in self._holding:
            await self._session.execute(delete(self._held).where(self._place(key, number)))
        return Verdict.NEW

    async def next_held(self, key: str) -> Record | None:
        """The held record that follows the last one taken in; it stays until it is admitted."""
        if key not in self._holding:
            return None
        following = self._place(key, self._last.get(key, 0) + 1)
        query = select(self._held.c.headers, self._held.c.data).where(following)
        row = (await self._session.execute(query)).first()
        if row is None:
            return None
        kept = json.loads(row.headers)
        return Record(
            topic=self._topic,
            partition=kept["partition"],
            offset=kept["offset"],
            key=key.encode(),
            value=row.data,
            headers=tuple((name, value.encode()) for name, value in kept["headers"].items()),
        )

    async def recall(self, keys: Collection[str]) -> None:
        """Read what is known of these keys."""
        inbox, held = self._inbox.c, self._held.c
        known = select(inbox.key, inbox.last).where(inbox.topic == self._topic, inbox.key.in_(keys))
        self._known = {row.key: row.last for row in await self._session.execute(known)}
        self._last = dict(self._known)
        holding = select(held.key).where(held.topic == self._topic, held.key.in_(keys)).distinct()
        self._holding = set(await self._session.scalars(holding))

    async def remember(self) -> None:
        """Write back what has changed."""
        changed = [
            {"of_key": key, "new_last": last}
            for key, last in self._last.items()
            if last != self._known.get(key)
        ]
        await self._write(
            insert(self._inbox).values(
                topic=self._topic, key=bindparam("of_key"), last=bindparam("new_last")
            ),
            [one for one in changed if one["of_key"] not in self._known],
        )
        await self._write(
            update(self._inbox)
            .where(self._inbox.c.topic == self._topic, self._inbox.c.key == bindparam("of_key"))
            .values(last=bindparam("new_last")),
            [one for one in changed if one["of_key"] in self._known],
        )

    async def _write(self, statement: Insert | Update, rows: list[dict[str, Any]]) -> None:
        if rows:
            await (await self._session.connection()).execute(statement, rows)

    async def _hold(self, record: Record, envelope: Envelope, at: datetime) -> Verdict:
        place = self._place(envelope.key, envelope.sequence)
        if envelope.key in self._holding:
            query = select(self._held.c.sequence).where(place)
            if await self._session.scalar(query) is not None:
                return Verdict.DUPLICATE
        self._holding.add(envelope.key)
        kept = {
            "partition": record.partition,
            "offset": record.offset,
            "headers": envelope.headers(),
        }
        await self._session.execute(
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

    def _place(self, key: str, sequence: int) -> ColumnElement[bool]:
        held = self._held.c
        return (held.topic == self._topic) & (held.key == key) & (held.sequence == sequence)

"""Dead letters: records no consumer may retry, kept with their reason until somebody settles them.

While a key has one, what depends on that key's completeness (a publication's draft) is refused.
"""

import base64
from datetime import datetime
from typing import Final
from unicodedata import category
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rejected import RecordRejected
from shared.kit.bus.base import Record
from shared.kit.journal import Journal
from shared.kit.tables import KitTables


class Rejected(Exception):  # noqa: N818  # it tells what to do: never retry
    """This event will never be taken: set it aside. `code` is stable."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


_KEY: Final = 64
"""No plan has a longer id."""
_REASON: Final = 2000
_CARRIED_BYTES: Final = 512 << 10


class DeadLetters:
    """One service's rejected records."""

    def __init__(self, *, tables: KitTables, journal: Journal, consumer: str) -> None:
        self._table = tables.dead_letters
        self._journal = journal
        self._consumer = consumer

    async def bury(
        self, session: AsyncSession, record: Record, rejected: Rejected, *, at: datetime
    ) -> None:
        """Set a record aside, once, and tell the topic of dead records.

        The transaction names the record's key as its subject: nobody else buries it meanwhile.
        """
        letter = str(uuid5(NAMESPACE_URL, f"{record.topic}/{record.partition}/{record.offset}"))
        if await session.scalar(select(self._table.c.id).where(self._table.c.id == letter)):
            return
        key = _plain((record.key or b"").decode(errors="replace"))[:_KEY]
        reason = _plain(rejected.reason)
        await session.execute(
            insert(self._table).values(
                id=letter,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=key,
                code=rejected.code,
                reason=reason,
                at=at,
            )
        )
        value = record.value or b""
        if len(value) > _CARRIED_BYTES:
            value = b""  # the bus would refuse it with the reason; it still stands in its log
        await self._journal.record(
            session,
            RecordRejected(
                consumer=self._consumer,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                record_key=key,
                code=rejected.code,
                reason=reason,
                headers={
                    name: (value or b"").decode(errors="replace") for name, value in record.headers
                },
                value=base64.b64encode(value).decode(),
            ),
            at=at,
            correlation=letter,
        )

    async def open(self, session: AsyncSession, *, key: str | None = None) -> int:
        """How many nobody has settled, of one key or of all."""
        query = select(func.count()).where(self._table.c.settled_by.is_(None))
        if key is not None:
            query = query.where(self._table.c.key == key)
        return (await session.scalar(query)) or 0

    async def list_open(self, session: AsyncSession) -> list[RowMapping]:
        """Those nobody has settled, oldest first."""
        query = select(self._table).where(self._table.c.settled_by.is_(None))
        return list((await session.execute(query.order_by(self._table.c.at))).mappings())

    async def settle(self, session: AsyncSession, letter: str, *, by: str, reason: str) -> bool:
        """Say who decided that the loss is acceptable, and why; False if there is nothing open."""
        done = await session.execute(
            update(self._table)
            .where(self._table.c.id == letter, self._table.c.settled_by.is_(None))
            .values(settled_by=by, settled_reason=reason)
            .returning(self._table.c.id)
        )
        return done.first() is not None


def _plain(text: str) -> str:
    """The text as a note may hold it: a fault's message, or a key, may be any characters."""
    kept = ("?" if category(one) in {"Cc", "Cs"} and one != "\n" else one for one in text)
    return "".join(kept)[:_REASON]

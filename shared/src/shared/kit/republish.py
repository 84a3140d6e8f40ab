"""Saying again what was said: how a bus that lost its log gets it back from the journal."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.engine import RowMapping

from shared.kit.bus.base import Producer
from shared.kit.db import Database
from shared.kit.journal import message_of
from shared.kit.tables import KitTables

_PAGE: Final = 1000


async def republish(
    *,
    db: Database,
    tables: KitTables,
    producer: Producer,
    source: str,
    since: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Send again what was sent since `since`, on every topic, each key in its order.

    Of a key everything follows from its first event of that time on, also what bears an older time
    (a timer that fired late), so that no gap is left. The relay may run meanwhile; a consumer drops
    what it has taken in before, and holds what comes too early.

    Args:
        db: the service's database.
        tables: the kit's tables on it.
        producer: of the bus that lost its log.
        source: names the service in its events' envelopes.
        since: an instant before the first event that was lost (business time).
        progress: is told how many were sent until now, after each page.

    Returns:
        How many events were sent.

    Raises:
        BusUnavailable: the bus does not answer: do all of it again.
        MessageRefused: the bus does not take what it once took: mend its limits first.
    """
    sent = 0
    page: list[RowMapping] = []

    async def send() -> None:
        nonlocal sent
        await producer.send([message_of(row, source=source) for row in page])
        sent += len(page)
        page.clear()
        progress(sent)

    async for rows in _said(db, tables, since):
        page.extend(rows)
        if len(page) >= _PAGE:
            await send()
    if page:
        await send()
    return sent


async def _said(
    db: Database, tables: KitTables, since: datetime
) -> AsyncIterator[list[RowMapping]]:
    """What was sent since then, key by key, in parts of a page at most.

    The key that was written about last comes last: the end of the log, which a restored database is
    held against, is then as new as it was.
    """
    journal = tables.journal
    sent = select(journal).where(journal.c.sent_at.is_not(None))
    place = (journal.c.topic, journal.c.key)
    begins = sent.where(journal.c.time >= since).group_by(*place)
    async with db.read() as session:
        first = begins.with_only_columns(*place, func.min(journal.c.sequence))
        newest = func.max(journal.c.position)
        keys = (await session.execute(first.order_by(newest))).all()
    for topic, key, begin in keys:
        following: int | None = begin
        while following is not None:
            rest = sent.where(
                journal.c.topic == topic, journal.c.key == key, journal.c.sequence >= following
            )
            async with db.read() as session:
                found = await session.execute(rest.order_by(journal.c.sequence).limit(_PAGE))
                rows = list(found.mappings().all())
            yield rows
            following = rows[-1]["sequence"] + 1 if len(rows) == _PAGE else None

"""The journal: what a service has said, in order; it is the outbox and the history in one.

A row is written in the transaction of its cause; the relay takes it to the bus. An event whose id
is there already was said before, and is not said again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4, uuid5

from sqlalchemy import event as happening
from sqlalchemy import func, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.envelope import Envelope, Event
from shared.kit.bulk import insert_rows
from shared.kit.bus.base import Message
from shared.kit.db import announce
from shared.kit.tables import KitTables

NUMBERS: Final = "journal/numbers"
"""The subject of every transaction that gives numbers to events."""
_NAMESPACE: Final = UUID("c0a8f5b2-1d5e-5c0b-9a5e-7b1f0e6d4a93")


Watcher = Callable[[Sequence[Event]], None]
"""Hears of events that are said for good; it only counts."""


class Entry(NamedTuple):
    """An event on its way into the journal: business time, correlation, and the event's own id."""

    event: Event
    at: datetime
    correlation: str
    event_id: str


class Journal:
    """Writes events into the transaction that caused them."""

    def __init__(self, *, tables: KitTables) -> None:
        self._journal = tables.journal
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Let a watcher hear of every event that is recorded, once its transaction commits."""
        self._watchers.append(watcher)

    async def record(
        self,
        session: AsyncSession,
        *events: Event,
        at: datetime,
        correlation: str,
        event_id: str | None = None,
        cause: str | None = None,
    ) -> None:
        """Append events, in this order, and wake the relay, wherever it runs, at the commit.

        Args:
            session: the transaction of their cause.
            events: one or several.
            at: business time.
            correlation: what ties a request to all that follows from it.
            event_id: fixed where the cause may come twice (a timer); only for one event.
            cause: the id of the event these follow from: should that be heard again, by a database
                that has forgotten it, the same events follow, and not new ones.
        """
        entries = [
            Entry(event, at, correlation, event_id or id_of(event, cause)) for event in events
        ]
        await self.record_all(session, entries)

    async def record_all(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        """Append events of several causes, in this order, in one statement; as `record`."""
        rows = [_row_of(entry) for entry in entries]
        await insert_rows(session, self._journal, rows, once="event_id")
        await announce(session)
        for watcher in self._watchers:
            _at_commit(session, watcher, [entry.event for entry in entries])


def id_of(event: Event, cause: str | None) -> str:
    """An id for an event: the same for the same event of the same cause, else a new one."""
    if cause is None:
        return str(uuid4())
    return str(uuid5(_NAMESPACE, f"{cause}/{event.TYPE}/{event.model_dump_json(by_alias=True)}"))


def _at_commit(session: AsyncSession, watcher: Watcher, events: Sequence[Event]) -> None:
    happening.listen(
        session.sync_session, "after_commit", lambda _session: watcher(events), once=True
    )


def _row_of(entry: Entry) -> dict[str, Any]:
    event = entry.event
    return {
        "event_id": entry.event_id,
        "topic": event.TOPIC,
        "key": event.key,
        "type": event.TYPE,
        "subject": event.subject,
        "time": entry.at,
        "correlation": entry.correlation,
        "data": event.model_dump_json(by_alias=True),
    }


def to_message(topic: str, envelope: Envelope) -> Message:
    """An event as the bus carries it: attributes in headers, the data's JSON as value."""
    return Message(
        topic=topic,
        key=envelope.key,
        value=envelope.data,
        headers=tuple((name, value.encode()) for name, value in envelope.headers().items()),
    )


def message_of(row: RowMapping, *, source: str) -> Message:
    """A numbered row of the journal as the bus carries it; `source` names the service."""
    envelope = Envelope(
        id=row["event_id"],
        source=source,
        type=row["type"],
        subject=row["subject"],
        time=row["time"],
        key=row["key"],
        sequence=row["sequence"],
        correlation=row["correlation"],
        data=row["data"].encode(),
    )
    return to_message(row["topic"], envelope)


async def backlog(session: AsyncSession, tables: KitTables) -> tuple[int, int]:
    """How many rows are unsent, and how many of them are parked."""
    journal = tables.journal
    unsent = select(func.count()).where(journal.c.sent_at.is_(None))
    parked = unsent.where(journal.c.parked.is_not(None))
    return (await session.scalar(unsent)) or 0, (await session.scalar(parked)) or 0

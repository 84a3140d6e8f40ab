"""Adopting: a database that was restored from a backup learns from the log what it has forgotten.

Every event that the service said and its journal lacks becomes a row of the journal again, as it
was told and under its number; new events go on behind it. Where it tells all that a row of the
service's own needs, that row is made again in the same transaction.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.envelope import Envelope, Event
from shared.contracts.registry import EVENTS
from shared.kit.bulk import insert_rows
from shared.kit.bus.base import Bus, Record, Topic, TopicPartition
from shared.kit.bus.loop import Handler, Received, received_of
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import Rejected
from shared.kit.journal import NUMBERS
from shared.kit.log_guard import LogGuard
from shared.kit.tables import KitTables

_PAGE: Final = 500
_NOTHING_ADOPTED: Final = (
    "nothing was adopted: restore a newer backup and adopt then; where there is none, adopt with "
    "--accept-losses and do what is said above"
)

Loss = Callable[[AsyncSession, Any], Awaitable[str | None]]
"""Takes an event the database has forgotten; tells what of it no event brings back, if anything is,
and what a person has to do about it."""


class Irretrievable(Exception):  # noqa: N818  # it tells what to do, loss by loss
    """The log does not hold what some rows need: nothing was adopted; do what each line says."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a service's own events can bring back.

    `rows` makes an event's rows again; `losses` names what cannot be made again.
    """

    rows: Mapping[type[Event], Handler] = field(default_factory=dict)
    losses: Mapping[type[Event], Loss] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """What came of it."""

    events: Counter[tuple[str, str]]
    """By topic and key, how many events were adopted."""
    left_out: Counter[str]
    """By reason, how many records of the service's topics were left out."""
    losses: Sequence[str]
    """What was accepted as lost."""

    def lines(self) -> list[str]:
        """All of it in words."""
        return list(self._lines())

    def _lines(self) -> Iterator[str]:
        for (topic, key), count in sorted(self.events.items()):
            yield f"{topic} {key}: {count:,} events were adopted"
        for reason, count in sorted(self.left_out.items()):
            yield f"{count:,} records were left out: {reason}"
        for loss in self.losses:
            yield f"lost: {loss}"
        yield f"{self.events.total():,} events were adopted in all"


async def adopt(
    *,
    bus: Bus,
    db: Database,
    tables: KitTables,
    guard: LogGuard,
    topics: Sequence[Topic],
    memory: Memory,
    clock: Clock,
    accept_losses: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Adopted:
    """Take over from the log what the service said and its database does not know.

    It may be done again, and while the service runs.

    Args:
        bus: whose log is read, from its first record.
        db: the service's database.
        tables: the kit's tables on it.
        guard: knows which events are the service's.
        topics: those it says anything in.
        memory: what its events bring back.
        clock: tells when it is done.
        accept_losses: go on although something cannot be brought back.
        progress: is told how many events were adopted until now, after each page.

    Raises:
        BusUnavailable: the log does not answer; do it again.
        Irretrievable: something cannot be brought back; nothing was adopted.
    """
    adoption = _Adoption(bus=bus, db=db, tables=tables, guard=guard, memory=memory, clock=clock)
    await adoption.survey(topics)
    if adoption.losses and not accept_losses:
        raise Irretrievable("\n".join((*adoption.losses, _NOTHING_ADOPTED)))
    for place in sorted(adoption.places):
        await adoption.take_over(place, progress)
    await adoption.go_on_behind()
    return Adopted(
        events=adoption.adopted, left_out=adoption.left_out, losses=list(adoption.losses)
    )


class _Adoption:
    def __init__(
        self,
        *,
        bus: Bus,
        db: Database,
        tables: KitTables,
        guard: LogGuard,
        memory: Memory,
        clock: Clock,
    ) -> None:
        self.places: set[TopicPartition] = set()
        """Where something stands that the journal lacks."""
        self.losses: dict[str, None] = {}
        self.adopted: Counter[tuple[str, str]] = Counter()
        self.left_out: Counter[str] = Counter()
        self._last: dict[tuple[str, str], int] = {}
        """By topic and key, how far the numbers go in the log."""
        self._bus = bus
        self._db = db
        self._journal = tables.journal
        self._sequences = tables.sequences
        self._guard = guard
        self._memory = memory
        self._clock = clock

    async def survey(self, topics: Sequence[Topic]) -> None:
        """Read the topics once, writing nothing: where is what, and what cannot be brought back."""
        everywhere = [
            TopicPartition(topic=topic.name, partition=partition)
            for topic in topics
            for partition in range(topic.partitions)
        ]
        async for records in self._bus.history(everywhere):
            place = records[0].place
            said = self._said(records, self.left_out)
            for one in said:
                key = place.topic, one.key
                self._last[key] = max(one.sequence, self._last.get(key, 0))
            for one in await self._forgotten(said, self.left_out):
                self.places.add(place)
                await self._look_for_loss(one)

    async def take_over(self, place: TopicPartition, progress: Callable[[int], None]) -> None:
        """Adopt one partition, page by page."""
        events: dict[str, Envelope] = {}
        async for records in self._bus.history([place]):
            said = self._said(records, Counter())
            events |= {one.id: one for one in await self._forgotten(said, Counter())}
        # Not as the log has them: what was lost and told again need not stand in order.
        ordered = sorted(events.values(), key=lambda one: (one.key, one.sequence))
        for start in range(0, len(ordered), _PAGE):
            page = ordered[start : start + _PAGE]
            async with self._db.write(NUMBERS, *{one.key for one in page}) as session:
                await self._write(session, place.topic, page)
            self.adopted.update((place.topic, one.key) for one in page)
            progress(self.adopted.total())

    async def go_on_behind(self) -> None:
        """Let the next event of each key have a number the log does not hold."""
        table = self._sequences
        async with self._db.write(NUMBERS) as session:
            known = {(row.topic, row.key): row.last for row in await session.execute(select(table))}
            for (topic, key), last in self._last.items():
                this = (table.c.topic == topic) & (table.c.key == key)
                if (topic, key) not in known:
                    await session.execute(insert(table).values(topic=topic, key=key, last=last))
                elif known[topic, key] < last:
                    await session.execute(update(table).where(this).values(last=last))

    def _said(self, records: Sequence[Record], left_out: Counter[str]) -> list[Envelope]:
        """What the service has said of this; the rest is counted by its reason."""
        said = []
        for record in records:
            try:
                said.append(self._guard.said(record))
            except Rejected as rejected:
                left_out[rejected.code] += 1
        return said

    async def _forgotten(
        self, said: Sequence[Envelope], left_out: Counter[str]
    ) -> Sequence[Envelope]:
        """What of this the journal lacks, or has without a number, and can be read."""
        column = self._journal.c.event_id
        query = select(column).where(
            column.in_([one.id for one in said]), self._journal.c.sequence.is_not(None)
        )
        async with self._db.read() as session:
            known = frozenset(await session.scalars(query))
        forgotten = []
        for one in said:
            if one.id not in known:
                try:
                    _received(one)
                    forgotten.append(one)
                except Rejected as rejected:
                    left_out[rejected.code] += 1
        return forgotten

    async def _look_for_loss(self, envelope: Envelope) -> None:
        received = _received(envelope)
        if received is not None and type(received.event) in self._memory.losses:
            async with self._db.read() as session:
                find = self._memory.losses[type(received.event)]
                loss = await find(session, received.event)
            if loss is not None:
                self.losses[loss] = None

    async def _write(self, session: AsyncSession, topic: str, page: Sequence[Envelope]) -> None:
        """Write a page of one topic into the journal, and make the rows it brings back.

        An event may be there without its number: a timer, or a cause heard again after the restore,
        has made it anew under the same id. It takes the number it was told under.
        """
        column = self._journal.c.event_id
        query = select(column).where(column.in_([one.id for one in page]))
        there = frozenset(await session.scalars(query))
        rows = [_row_of(topic, one, sent_at=self._clock.wall_now()) for one in page]
        new = [row for row in rows if row["event_id"] not in there]
        await insert_rows(session, self._journal, new)
        for row in [one for one in rows if one["event_id"] in there]:
            this = update(self._journal).where(column == row["event_id"])
            await session.execute(this.values(row))
        for envelope in [one for one in page if one.id not in there]:
            received = _received(envelope)
            if received is not None and type(received.event) in self._memory.rows:
                await self._memory.rows[type(received.event)](session, received)


def _received(envelope: Envelope) -> Received[Event] | None:
    """The event as a handler gets it; none where this release does not know its type.

    Raises:
        Rejected: it is not what its type says.
    """
    model = EVENTS.get(envelope.type)
    return None if model is None else received_of(model, envelope)


def _row_of(topic: str, envelope: Envelope, *, sent_at: datetime) -> dict[str, Any]:
    return {
        "event_id": envelope.id,
        "topic": topic,
        "key": envelope.key,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time,
        "correlation": envelope.correlation,
        "data": envelope.data.decode(),
        "sequence": envelope.sequence,
        "sent_at": sent_at,
    }

"""The relay: takes the journal to the bus, in the order of each key, and never before its cause.

It numbers a key's rows 1, 2, 3 … when it first picks them, sends them in that order, and marks them
sent after the bus has acknowledged. Before it begins it makes sure that its database has not
forgotten what was sent before (`log_guard`). Rows are chosen because they are unsent, never because
they stand behind the last one: a commit may come late. A row the bus will never take is parked: its
key waits, aloud; the others go on.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Select, and_, bindparam, func, insert, select, tuple_, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from shared.kit.bus.base import BusUnavailable, Message, MessageRefused, Producer
from shared.kit.clock import Clock
from shared.kit.db import Database, go_by_index
from shared.kit.journal import NUMBERS, message_of
from shared.kit.log_guard import LogGuard
from shared.kit.metrics import KitMetrics
from shared.kit.tables import KitTables

log = structlog.get_logger(__name__)

_PAGE: Final = 1000
_POLL_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.5
_LOOK_BACK_SECONDS: Final = 5.0

_Place = tuple[str, str]
"""A topic and a key: one order of events."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    position: int
    message: Message

    @property
    def place(self) -> _Place:
        return self.message.topic, self.message.key


class Relay:
    """Sends one service's journal. Of a service's processes one relays, the others stand by.

    Should two believe for a while that they are the one (a connection broke unnoticed), no number
    is given twice, since numbering has a lock of its own; what both send, consumers drop once.
    """

    def __init__(
        self,
        *,
        db: Database,
        tables: KitTables,
        producer: Producer,
        guard: LogGuard,
        source: str,
        clock: Clock,
        metrics: KitMetrics,
    ) -> None:
        """`source` names the service in its events' envelopes."""
        self._db = db
        self._journal = tables.journal
        self._sequences = tables.sequences
        self._producer = producer
        self._guard = guard
        self._source = source
        self._clock = clock
        self._metrics = metrics
        self._written = db.written.listener()
        self._waiting: frozenset[_Place] = frozenset()
        self._sure = False
        self._look_back_at = 0.0

    async def run(self) -> None:
        """Send whatever is written while this process is the one that relays, until cancelled.

        Nothing is numbered or sent while the database is behind the log: it is asked by every
        process that begins, and by the one that takes the seat.
        """
        seat, sits, asked = self._db.seat("relay"), False, False
        try:
            while True:
                sat, sits = sits, await seat.held()
                if not asked or (sits and not sat):
                    await self._guard.sure()
                    asked = True
                await self._turn(sits=sits)
        finally:
            await seat.leave()

    async def send_page(self) -> int:
        """Send the next page of unsent rows; return how many were settled (sent or parked).

        Raises:
            BusUnavailable: the bus does not answer; the page stays unsent.
        """
        rows = await self._left_over() or await self._number_more()
        if not rows:
            return 0
        self._sure = False  # until these are marked: whatever happens now, they are looked for
        try:
            await self._producer.send([row.message for row in rows])
        except MessageRefused:
            return await self._send_singly(rows)
        await self._mark_sent(rows)
        self._sure = True
        return len(rows)

    async def _turn(self, *, sits: bool) -> None:
        if not sits:
            self._sure = False  # what another numbers meanwhile may be left to us
            await asyncio.sleep(_POLL_SECONDS)
            return
        try:
            sent = await self.send_page()
        except BusUnavailable as error:
            log.warning("the bus does not answer; the journal waits", error=str(error))
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        if not sent:
            await self._written.wait(at_most=_POLL_SECONDS)

    async def _send_singly(self, rows: Sequence[_Row]) -> int:
        """Find the refused row: everything of its key waits, the rest is sent."""
        parked: set[_Place] = set()
        settled = 0
        for row in rows:
            if row.place in parked:
                continue
            try:
                await self._producer.send([row.message])
            except MessageRefused as refusal:
                parked.add(row.place)
                await self._park(row, str(refusal))
            else:
                await self._mark_sent([row])
            settled += 1
        return settled

    async def _left_over(self) -> list[_Row]:
        """What was numbered and not sent, by this relay or by one before or beside it."""
        now = asyncio.get_running_loop().time()
        if self._sure and now < self._look_back_at:
            return []
        journal = self._journal
        numbered = select(journal).where(
            journal.c.sent_at.is_(None), journal.c.sequence.is_not(None)
        )
        async with self._db.read() as session:
            rows = (await session.execute(numbered.order_by(journal.c.sequence))).mappings().all()
        self._waiting = frozenset(
            (row["topic"], row["key"]) for row in rows if row["parked"] is not None
        )
        self._sure, self._look_back_at = True, now + _LOOK_BACK_SECONDS
        return self._rows([one for one in rows if (one["topic"], one["key"]) not in self._waiting])

    async def _number_more(self) -> list[_Row]:
        """Number the next page of new rows, each in the order of its key."""
        journal = self._journal
        new = journal.c.sent_at.is_(None) & journal.c.sequence.is_(None)
        if self._waiting:
            new &= tuple_(journal.c.topic, journal.c.key).not_in(self._waiting)
        page = select(journal.c.position, journal.c.topic, journal.c.key).where(new)
        page = page.order_by(journal.c.position).limit(_PAGE)
        async with self._db.read() as session:
            await go_by_index(session)
            if (await session.execute(page.limit(1))).first() is None:
                return []  # no write lock while nothing is new
        async with self._db.write(NUMBERS) as session:
            await go_by_index(session)
            rows = (await session.execute(self._numbering(page))).mappings().all()
            await self._keep_last(session, rows)
        return self._rows(sorted(rows, key=lambda row: int(row["position"])))

    def _numbering(self, page: Select[tuple[int, str, str]]) -> ReturningUpdate[Any]:
        journal, sequences, new = self._journal, self._sequences, page.subquery("new")
        place = (new.c.topic, new.c.key)
        nth = func.row_number().over(partition_by=place, order_by=new.c.position)
        same = and_(sequences.c.topic == new.c.topic, sequences.c.key == new.c.key)
        numbered = (
            select(new.c.position, (func.coalesce(sequences.c.last, 0) + nth).label("number"))
            .select_from(new.outerjoin(sequences, same))
            .subquery("numbered")
        )
        return (
            update(journal)
            .where(journal.c.position == numbered.c.position)
            .values(sequence=numbered.c.number)
            .returning(*journal.c)
        )

    async def _keep_last(self, session: AsyncSession, rows: Sequence[RowMapping]) -> None:
        last: dict[_Place, int] = {}
        begun: set[_Place] = set()
        for row in rows:
            place, number = (row["topic"], row["key"]), row["sequence"]
            last[place] = max(number, last.get(place, 0))
            if number == 1:
                begun.add(place)
        first = [
            {"topic": topic, "key": key, "last": last[topic, key]} for topic, key in sorted(begun)
        ]
        more = [
            {"of_topic": topic, "of_key": key, "new_last": number}
            for (topic, key), number in last.items()
            if (topic, key) not in begun
        ]
        sequences, connection = self._sequences, await session.connection()
        if first:
            await connection.execute(insert(sequences), first)
        if more:
            one = (sequences.c.topic == bindparam("of_topic")) & (
                sequences.c.key == bindparam("of_key")
            )
            await connection.execute(
                update(sequences).where(one).values(last=bindparam("new_last")), more
            )

    def _rows(self, rows: Sequence[RowMapping]) -> list[_Row]:
        return [
            _Row(position=row["position"], message=message_of(row, source=self._source))
            for row in rows
        ]

    async def _mark_sent(self, rows: Sequence[_Row]) -> None:
        async with self._db.write() as session:
            await go_by_index(session)
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

"""The consumer's loop: one batch of one partition is one transaction, then its offset is kept.

On an error the batch is undone and replayed singly, so that one bad record stands alone. Two
errors steer it: `Rejected` (set the record aside for ever) and `Unavailable` (keep the offset and
wait). Anything else a handler raises is a fault of ours: it is set aside too, and a limit on open
dead letters stops the line, so that a bad release cannot bury a whole log.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.envelope import Envelope, Event
from shared.contracts.registry import EVENTS, FAMILIES, family
from shared.kit.bus.base import (
    AssignmentLost,
    Bus,
    BusUnavailable,
    Consumer,
    Record,
    TopicPartition,
)
from shared.kit.bus.records import envelope_of, event_of, key_of
from shared.kit.clock import Clock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters, Rejected
from shared.kit.engines import is_passing
from shared.kit.inbox import Hearing, Inbox, Verdict
from shared.kit.metrics import KitMetrics

log = structlog.get_logger(__name__)

_BATCH: Final = 500
_POLL_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.3
_DEAD_LETTER_LIMIT: Final = 20

E = TypeVar("E", bound=Event)


class Unavailable(Exception):  # noqa: N818  # it tells what to do: keep the offset and wait
    """What the handler needs is not there yet: deliver this event again later."""


@dataclass(frozen=True, kw_only=True)
class Received(Generic[E]):
    """An event as a handler gets it."""

    event: E
    data: str
    """The event's JSON as it was sent, for whoever must digest it."""
    id: str
    sequence: int
    time: datetime
    correlation: str


Handler = Callable[[Any, Any], Awaitable[None]]
"""Takes the page (the transaction, where there is none) and a `Received`; writes effects and
journal rows, nothing else."""
Page = Callable[[AsyncSession], AbstractAsyncContextManager[Any]]
"""Opens what handlers work on within a transaction, and writes it at the end of the block."""


class ConsumerLoop:
    """Feeds one service's handlers from its topics."""

    def __init__(
        self,
        *,
        bus: Bus,
        group: str,
        member: str,
        topics: Sequence[str],
        handlers: Mapping[type[Event], Handler],
        db: Database,
        inbox: Inbox,
        dead_letters: DeadLetters,
        clock: Clock,
        metrics: KitMetrics,
        page: Page = nullcontext,
    ) -> None:
        self._bus = bus
        self._page = page
        self._group = group
        self._member = member
        self._topics = topics
        self._handlers = {model.TYPE: handler for model, handler in handlers.items()}
        self._db = db
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._clock = clock
        self._metrics = metrics
        self._consumer: Consumer | None = None
        self._unkept: dict[TopicPartition, int] = {}
        self.caught_up = False
        """Whether everything that was in the log at the start has been taken in."""

    async def drained(self) -> bool:
        """Whether everything that is in the log now has been taken in."""
        return self._consumer is not None and await self._consumer.caught_up()

    async def hear(self, events: Sequence[Received[Any]]) -> None:
        """Hand events that came on no bus to their handlers, in one transaction.

        For whoever has no bus (a simulation): there is no inbox mark and no dead letter.
        """
        heard = [one for one in events if one.event.TYPE in self._handlers]
        if not heard:
            return
        keys = {one.event.key for one in heard}
        async with self._db.write(*keys) as session, self._page(session) as page:
            for one in heard:
                await self._handlers[one.event.TYPE](page, one)

    async def run(self) -> None:
        """Consume until cancelled."""
        consumer = await self._bus.consumer(
            group=self._group, topics=self._topics, member=self._member
        )
        self._consumer = consumer
        try:
            while True:
                await self._turn(consumer)
        finally:
            self._consumer = None
            await consumer.close()

    async def _turn(self, consumer: Consumer) -> None:
        try:
            if not self.caught_up:
                self.caught_up = await consumer.caught_up()
            wait = _POLL_SECONDS if self.caught_up else 0.05
            batches = await consumer.poll(limit=_BATCH, wait=wait)
        except BusUnavailable as error:
            log.warning("the bus does not answer; consumption waits", error=str(error))
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        offsets = await asyncio.gather(*map(self._take, batches.values()), return_exceptions=True)
        waiting = False
        for (place, records), offset in zip(batches.items(), offsets, strict=True):
            if isinstance(offset, BaseException):
                raise offset
            if offset <= records[-1].offset:
                waiting = True
                await consumer.rewind(place, offset)  # first: the commit may fail
            if offset > records[0].offset:
                self._unkept[place] = offset
        await self._keep_offsets(consumer)
        if waiting:
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _keep_offsets(self, consumer: Consumer) -> None:
        """Commit what was taken in; what the bus does not confirm is tried with the next turn."""
        try:
            if self._unkept:
                await consumer.commit(self._unkept)
        except AssignmentLost:
            for place, offset in self._unkept.items():
                await self._keep_alone(consumer, place, offset)
        except BusUnavailable as error:
            log.info("offsets were not kept; they will be", error=str(error))
            return
        self._unkept.clear()

    async def _keep_alone(self, consumer: Consumer, place: TopicPartition, offset: int) -> None:
        try:
            await consumer.commit({place: offset})
        except (AssignmentLost, BusUnavailable) as error:
            log.info("an offset was not kept; the inbox drops the repeats", error=str(error))

    async def _take(self, records: Sequence[Record]) -> int:
        """Take one partition's batch in; return the offset to go on from."""
        outcomes = []
        try:
            async with self._transaction(records) as (page, hearing):
                for record in records:
                    following: Record | None = record
                    while following is not None:
                        outcomes.append(await self._apply(page, hearing, following))
                        following = await hearing.next_held(key_of(record))
        except Exception as error:  # noqa: BLE001  # replayed singly, where each error is told
            log.info("a batch is replayed singly", error=f"{type(error).__name__}: {error}")
            return await self._take_singly(records)
        self._count(*outcomes)
        return records[-1].offset + 1

    async def _take_singly(self, records: Sequence[Record]) -> int:
        for record in records:
            try:
                following: Record | None = record
                while following is not None:
                    following = await self._take_one(following)
            except Exception as error:
                if not _waits(error):
                    raise
                log.warning("consumption waits", topic=record.topic, reason=str(error))
                return record.offset
        return records[-1].offset + 1

    async def _take_one(self, record: Record) -> Record | None:
        """Take one record in, alone; return the held one whose turn has come with it."""
        try:
            async with self._transaction([record]) as (page, hearing):
                outcome = await self._apply(page, hearing, record)
                following = await hearing.next_held(key_of(record))
        except Rejected as rejected:
            return await self._bury(record, rejected)
        except Exception as error:
            if _waits(error):
                raise
            log.exception("a handler failed; the record is set aside", offset=record.offset)
            why = Rejected("handler_failed", f"{type(error).__name__}: {error}")
            return await self._bury(record, why)
        self._count(outcome)
        return following

    @asynccontextmanager
    async def _transaction(self, records: Sequence[Record]) -> AsyncIterator[tuple[Any, Hearing]]:
        """One transaction about records of one partition; nobody else writes about their keys."""
        keys = {key_of(record) for record in records}
        async with self._db.write(*keys) as session:
            await self._refuse_over_limit(session)
            async with (
                self._inbox.hear(session, records[0].topic, keys) as hearing,
                self._page(session) as page,
            ):
                yield page, hearing

    async def _apply(self, page: object, hearing: Hearing, record: Record) -> str:
        """Take one record in; return the outcome to be counted once that is committed."""
        envelope = envelope_of(record)
        verdict = await hearing.admit(record, envelope, at=self._clock.wall_now())
        if verdict is Verdict.HELD:
            log.error("an event is missing: its key waits", key=envelope.key, at=record.offset)
        return verdict.value if verdict is not Verdict.NEW else await self._handle(page, envelope)

    async def _handle(self, page: object, envelope: Envelope) -> str:
        handler = self._handlers.get(envelope.type)
        if handler is None:
            if envelope.type not in EVENTS and family(envelope.type) in FAMILIES:
                raise Rejected("unknown_version", f"this release cannot read {envelope.type}")
            return "applied" if envelope.type in EVENTS else "unknown"
        await handler(page, received_of(EVENTS[envelope.type], envelope))
        return "applied"

    def _count(self, *outcomes: str) -> None:
        for outcome in outcomes:
            self._metrics.inbox_events.labels(outcome).inc()

    async def _bury(self, record: Record, rejected: Rejected) -> Record | None:
        """Set a record aside and count it as heard; return the held one that follows it."""
        key, now = key_of(record), self._clock.wall_now()
        async with (
            self._db.write(key) as session,
            self._inbox.hear(session, record.topic, [key]) as hearing,
        ):
            await self._dead_letters.bury(session, record, rejected, at=now)
            try:
                envelope = envelope_of(record)
            except Rejected:
                pass  # it carries no number that could be counted as taken
            else:
                await hearing.admit(record, envelope, at=now)
            following = await hearing.next_held(key)
        self._count("rejected")
        log.error("a record was set aside", code=rejected.code, reason=rejected.reason)
        return following

    async def _refuse_over_limit(self, session: AsyncSession) -> None:
        if await self._dead_letters.open(session) >= _DEAD_LETTER_LIMIT:
            raise Unavailable("too many dead letters are open: settle them, or mend the release")


def received_of(model: type[E], envelope: Envelope) -> Received[E]:
    """An event as a handler gets it.

    Raises:
        Rejected: the envelope carries no such event.
    """
    return Received(
        event=event_of(model, envelope),
        data=envelope.data.decode(),
        id=envelope.id,
        sequence=envelope.sequence,
        time=envelope.time,
        correlation=envelope.correlation,
    )


def _waits(error: Exception) -> bool:
    """Whether the record is to be delivered again, instead of being set aside."""
    return isinstance(error, Unavailable) or is_passing(error)

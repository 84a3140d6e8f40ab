"""Reading from Kafka: positions and commits of one member, in bounded time."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    CorruptRecordException,
    IllegalStateError,
    KafkaError,
)

from shared.kit.bus.base import AssignmentLost, BusUnavailable, Record, TopicPartition
from shared.kit.bus.kafka_cluster import KafkaCluster, told
from shared.kit.bus.kafka_member import KafkaMember, behind

log = structlog.get_logger(__name__)

_ANSWER_SECONDS: Final = 5.0
_UNREACHED: Final = -1

Batches = dict[TopicPartition, list[Record]]


class KafkaConsumer:
    """A `Consumer` on Kafka, for one task at a time."""

    def __init__(
        self, *, cluster: KafkaCluster, group: str, topics: Sequence[str], member: str
    ) -> None:
        self._cluster = cluster
        self._read: dict[TopicPartition, int] = {}
        """The next offset of each partition that was read since it was dealt."""
        self._kept: dict[TopicPartition, int] = {}
        """What was committed last, whoever has the partition now."""
        self._suspects: dict[Place, int] = {}
        """Partitions with a corrupt batch ahead, and the next offset once it was reached."""
        self._member = KafkaMember(
            cluster=cluster, group=group, topics=topics, member=member, taken=self._forget_turn
        )

    async def poll(self, *, limit: int, wait: float) -> Mapping[TopicPartition, Sequence[Record]]:
        """Up to `limit` next records of the assigned partitions; empty after `wait` seconds.

        A corrupt batch is one record, at its first offset, without key and value.

        Raises:
            BusUnavailable: Kafka does not answer (told within `wait` and a few seconds), another
                process has this member's name, or the bus was closed.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + wait
        while True:
            if self._cluster.closed:
                raise BusUnavailable("the bus is closed")
            if self._member.trouble:
                raise BusUnavailable(self._member.trouble)
            batches = await self._next(limit, max(0.0, deadline - clock()))
            if batches:
                self._member.all_is_well()
                return batches
            if clock() >= deadline:
                await self._member.ask_why()
                return {}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Keep, for each partition, the offset of the record to be read next.

        Raises:
            AssignmentLost: a partition is no longer this member's, or was dealt to it again since
                it was read; nothing was kept.
            BusUnavailable: Kafka did not confirm it within 5 seconds.
        """
        client, lost = self._member.client, sorted(offsets.keys() - self._read.keys())
        if client is None or lost:
            raise AssignmentLost(f"these were dealt again since they were read: {lost}")
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await client.commit({_theirs(at): offset for at, offset in offsets.items()})
        except (CommitFailedError, IllegalStateError) as error:
            raise AssignmentLost(told(error)) from error
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"Kafka did not keep an offset: {told(error)}") from error
        self._kept.update(offsets)

    async def rewind(self, place: TopicPartition, offset: int) -> None:
        """Read this partition again from `offset` on; without effect if it was lost meanwhile."""
        if self._member.client is not None and place in self._read:
            with suppress(IllegalStateError):
                self._member.client.seek(_theirs(place), offset)
                self._read[place] = offset

    def assigned(self) -> frozenset[TopicPartition]:
        """The partitions that are this member's now; none while they are being dealt."""
        return frozenset(map(_ours, self._member.places))

    async def caught_up(self) -> bool:
        """Whether everything appended to the assigned partitions up to now has been committed.

        Raises:
            BusUnavailable: Kafka does not tell within 5 seconds.
        """
        client, places = self._member.client, frozenset(self._member.places)
        if client is None or not self._member.dealt:
            return False
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                unread = await behind(client, await client.end_offsets(places))
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"Kafka does not tell its end: {told(error)}") from error
        uncommitted = any(self._kept.get(at, 0) < offset for at, offset in self._read.items())
        return not unread and not uncommitted and places == frozenset(self._member.places)

    async def close(self) -> None:
        """Stop; after 6 seconds the others take over, unless this member is back by then."""
        await self._member.close()

    async def _next(self, limit: int, wait: float) -> Batches:
        client = self._member.client
        if client is None or not self._member.places:
            await self._member.changed.wait(at_most=wait)
            return {}
        found: dict[Place, list[Any]] = {}
        try:
            async with asyncio.timeout(wait):  # aiokafka waits without end while it is dealt
                await self._drain(client, limit, found)
                if not found and wait:
                    # One only: of several partitions it drops what it has when one is corrupt.
                    found |= await client.getmany(timeout_ms=int(wait * 1000), max_records=1)
                    await self._drain(client, limit - len(found), found)
        except (TimeoutError, ConsumerStoppedError):
            return {}
        except CorruptRecordException as error:
            return await self._past_corruption(client, error)
        except KafkaError as error:
            self._member.give_up(told(error))
            return {}
        return self._noted(found)

    async def _drain(
        self, client: AIOKafkaConsumer, limit: int, found: dict[Place, list[Any]]
    ) -> None:
        """Add what has been fetched; whoever gave goes to the end, so that none starves another.

        It does not pause once it has found something, so that nothing is lost if it is cancelled.
        """
        left = limit
        for place in self._member.places:
            most = min(left, 1) if place in self._suspects else left
            if most:
                try:
                    records = (await client.getmany(place, max_records=most)).get(place, [])
                except KafkaError:
                    if found:
                        break  # it comes again
                    raise
                if records:
                    found[place] = [*found.get(place, ()), *records]
                    left -= len(records)
        self._member.places.sort(key=found.__contains__)

    def _noted(self, found: Mapping[Place, Sequence[Any]]) -> Batches:
        """The records in our words."""
        batches: Batches = {}
        for place, records in found.items():
            at, first = _ours(place), records[0].offset
            self._tell_of_a_break(at, first)
            if _UNREACHED < self._suspects.get(place, _UNREACHED) <= first:
                del self._suspects[place]
            batches[at] = [as_record(record) for record in records]
            self._read[at] = records[-1].offset + 1
        return batches

    def _tell_of_a_break(self, at: TopicPartition, first: int) -> None:
        """Say aloud when a log does not go on where it was read, or, dealt anew, was committed."""
        expected = self._read.get(at)
        if first < (self._kept.get(at, 0) if expected is None else expected):
            words = "a log begins anew: it was lost or made again"
            self._kept[at] = first
        elif expected is not None and first > expected and not self._compacted(at):
            words = "records are missing: they were removed before they were read"
        else:
            return
        log.error(words, topic=at.topic, partition=at.partition, offset=first, expected=expected)

    async def _past_corruption(self, client: AIOKafkaConsumer, error: KafkaError) -> Batches:
        """One offset further; the first time, one record that stands for the batch.

        aiokafka does not tell where a corrupt batch begins or ends. Read record by record, it
        stops at the beginning; from there every offset of the batch fails until it is passed.
        """
        for place in [one for one in self._member.places if str(one) in str(error)]:
            if place not in self._suspects:
                self._suspects[place] = _UNREACHED
                continue
            offset = await client.position(place)
            client.seek(place, offset + 1)
            begins, self._suspects[place] = self._suspects[place] != offset, offset + 1
            if begins:
                at = _ours(place)
                log.error(
                    "a batch is corrupt and is passed over",
                    topic=at.topic,
                    partition=at.partition,
                    offset=offset,
                )
                self._read[at] = offset + 1
                return {at: [Record(**vars(at), offset=offset, key=None, value=None, headers=())]}
        return {}

    def _compacted(self, at: TopicPartition) -> bool:
        return self._cluster.topics[at.topic].compacted

    def _forget_turn(self) -> None:
        self._read.clear()
        self._suspects.clear()


def as_record(record: Any) -> Record:  # noqa: ANN401  # aiokafka has no types
    """A record in our words."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
    )


def _theirs(at: TopicPartition) -> Place:
    return Place(at.topic, at.partition)


def _ours(place: Place) -> TopicPartition:
    return TopicPartition(topic=place.topic, partition=place.partition)

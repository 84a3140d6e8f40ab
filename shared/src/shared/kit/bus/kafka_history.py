"""Reading what stands in Kafka's log, beside all groups and in bounded time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.errors import CorruptRecordException, KafkaError

from shared.kit.bus.base import BusUnavailable, Record, TopicPartition
from shared.kit.bus.kafka_cluster import METADATA_SECONDS, KafkaCluster, told
from shared.kit.bus.kafka_consumer import as_record

log = structlog.get_logger(__name__)

_PAGE: Final = 1000
_FETCH_MS: Final = 100
_LOOK_MS: Final = 1000
_ANSWER_SECONDS: Final = 10.0
_REQUEST_MS: Final = 5_000
_STOP_SECONDS: Final = 4.0


async def history(
    *, cluster: KafkaCluster, places: Collection[TopicPartition], last: int | None
) -> AsyncIterator[Sequence[Record]]:
    """What stands in these partitions now; see `Bus.history`.

    Raises:
        BusUnavailable: Kafka does not answer, or not to the end: told within 10 seconds.
    """
    if cluster.closed:
        raise BusUnavailable("the bus is closed")
    await cluster.declare()
    async with _reading(cluster, places) as client:
        assigned = sorted(client.assignment())
        async with _bounded():
            starts = await client.beginning_offsets(assigned)
            ends = await client.end_offsets(assigned)
        if last is not None:
            starts = {place: max(start, ends[place] - last) for place, start in starts.items()}
        filled = [place for place in assigned if starts[place] < ends[place]]
        client.assign(filled)  # of an empty one every fetch would wait for a record
        for place in filled:
            client.seek(place, starts[place])
        for place in filled:
            async for page in _Partition(client, place, ends[place]).pages():
                yield page


class _Partition:
    """One partition, read up to an end."""

    def __init__(self, client: AIOKafkaConsumer, place: Place, end: int) -> None:
        self._client = client
        self._place = place
        self._end = end
        self._singly = False
        """After a corrupt batch: aiokafka drops with it what it read before, unless it is alone."""
        self._passed: int | None = None
        """Of a corrupt batch that is being passed: the next offset."""

    async def pages(self) -> AsyncIterator[Sequence[Record]]:
        """Its records, page by page."""
        while True:
            async with _bounded():
                if await self._client.position(self._place) >= self._end:
                    return
                page = await self._next()
            if page:
                yield page

    async def _next(self) -> list[Record]:
        """The next records, none where a batch holds none; waits as long as nothing moves."""
        before = await self._client.position(self._place)
        while await self._client.position(self._place) == before:
            most = 1 if self._singly else _PAGE
            try:
                found = await self._client.getmany(
                    self._place, timeout_ms=_LOOK_MS, max_records=most
                )
            except CorruptRecordException:
                return await self._past_corruption()
            if records := found.get(self._place, []):
                return [as_record(one) for one in records if one.offset < self._end]
        return []

    async def _past_corruption(self) -> list[Record]:
        """One offset further; the first time, one record that stands for the batch."""
        if not self._singly:
            self._singly = True
            return []
        offset = await self._client.position(self._place)
        begins, self._passed = offset != self._passed, offset + 1
        self._client.seek(self._place, offset + 1)
        if not begins:
            return []
        topic, partition = self._place
        log.error("a batch is corrupt and is passed over", topic=topic, partition=partition)
        return [
            Record(
                topic=topic, partition=partition, offset=offset, key=None, value=None, headers=()
            )
        ]


@asynccontextmanager
async def _reading(
    cluster: KafkaCluster, places: Collection[TopicPartition]
) -> AsyncIterator[AIOKafkaConsumer]:
    client = AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=_FETCH_MS,
        request_timeout_ms=_REQUEST_MS,
        metadata_max_age_ms=METADATA_SECONDS * 1000,
        **cluster.arguments,
    )
    try:
        async with _bounded():
            client.assign([Place(one.topic, one.partition) for one in places])
            await client.start()
        yield client
    finally:
        with suppress(KafkaError, OSError):
            async with asyncio.timeout(_STOP_SECONDS):
                await client.stop()
        await client._client.close()  # noqa: SLF001  # which it leaves open where it failed


@asynccontextmanager
async def _bounded() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield
    except (KafkaError, OSError) as error:
        raise BusUnavailable(f"Kafka does not tell what its log holds: {told(error)}") from error

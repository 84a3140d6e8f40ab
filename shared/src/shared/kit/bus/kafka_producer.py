"""Sending to Kafka: idempotent, acknowledged by all replicas, batch by batch, in bounded time.

An idempotent producer whose send failed goes on trying for ever, and would bring old messages
after newer ones; so it is ended, and the next send has a new one.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.kit.bus.base import (
    BusUnavailable,
    Message,
    MessageRefused,
    TopicPartition,
    refuse_unfit,
)
from shared.kit.bus.kafka_cluster import (
    BATCH_BYTES,
    METADATA_SECONDS,
    KafkaCluster,
    refuse_other_partitions,
    told,
)

_SEND_SECONDS: Final = 10.0
_REQUEST_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 5.0
_NUDGE_SECONDS: Final = 0.2
_HANG_UP_SECONDS: Final = 1.0


class KafkaProducer:
    """A `Producer` on Kafka; it connects when it first sends."""

    def __init__(self, *, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._client: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    async def send(self, messages: Sequence[Message]) -> None:
        """Append all, in the order given within a key; return once every replica has them.

        Raises:
            BusUnavailable: within 10 seconds not all were acknowledged, or a topic has another
                number of partitions than declared; some may be in the log; send all again.
            MessageRefused: one is of an unknown topic, or too large: none was sent. If only
                Kafka found it too large, others may have been, of its key none after it.
        """
        refuse_unfit(messages, self._cluster.topics)
        async with self._turn:
            try:
                async with asyncio.timeout(_SEND_SECONDS):
                    await self._send(messages)
            except MessageSizeTooLargeError as error:
                await self._give_up()
                raise MessageRefused(f"Kafka takes no message of this size: {error}") from error
            except (KafkaError, OSError, ValueError) as error:
                await self._give_up()
                raise BusUnavailable(f"Kafka did not take it: {told(error)}") from error

    async def close(self) -> None:
        """Finish what is being sent, in 5 seconds at most, and hang up."""
        self._closed = True
        if self._client is not None:
            await _end(self._client, patience=_STOP_SECONDS)

    async def _send(self, messages: Sequence[Message]) -> None:
        if self._closed or self._cluster.closed:
            raise BusUnavailable("the bus is closed")
        client = self._client or await self._connect()
        for name in {message.topic for message in messages}:
            partitions = await client.partitions_for(name)
            refuse_other_partitions(self._cluster.topics[name], len(partitions))
        batches = self._batches(client, messages)
        sent = [
            await client.send_batch(batch, place.topic, partition=place.partition)
            for place, batch in batches
        ]
        await asyncio.gather(*sent)

    async def _connect(self) -> AIOKafkaProducer:
        await self._cluster.declare()
        self._client = AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            metadata_max_age_ms=METADATA_SECONDS * 1000,
            **self._cluster.arguments,
        )
        await self._client.start()
        return self._client

    def _batches(
        self, client: AIOKafkaProducer, messages: Sequence[Message]
    ) -> Iterable[tuple[TopicPartition, BatchBuilder]]:
        """The messages as batches of one partition each, all built before the first is sent."""
        now = int(time.time() * 1000)
        done: list[tuple[TopicPartition, BatchBuilder]] = []
        filling: dict[tuple[str, int], BatchBuilder] = {}
        for message in messages:
            topic = self._cluster.topics[message.topic]
            place = (topic.name, _partition(message.key, topic.partitions))
            record = {
                "timestamp": now,
                "key": message.key.encode(),
                "value": message.value,
                "headers": list(message.headers),
            }
            batch = filling.get(place)
            if batch is None or batch.append(**record) is None:
                batch = filling[place] = client.create_batch()
                done.append((TopicPartition(topic=place[0], partition=place[1]), batch))
                batch.append(**record)  # an empty one takes any; Kafka may refuse it
        return done

    async def _give_up(self) -> None:
        self._cluster.doubt()
        if self._client is not None:
            await _end(self._client, patience=0)
            self._client = None  # not before: whoever is interrupted here leaves it to close()


async def _end(client: AIOKafkaProducer, *, patience: float) -> None:
    """End a producer in bounded time, and with it whatever it would still send."""
    with suppress(KafkaError, OSError):
        async with asyncio.timeout(patience):
            await client.flush()
    # Its own stop() waits for the broker without end. A sender that is told to stop waits for the
    # requests under way; told again, it lets go of them.
    sender = client._sender.sender_task  # noqa: SLF001  # aiokafka gives no other hold of it
    while sender is not None and not sender.done():
        sender.cancel()
        await asyncio.wait({sender}, timeout=_NUDGE_SECONDS)
    client._closed = True  # noqa: SLF001  # or it would complain of not having been stopped
    with suppress(OSError):
        async with asyncio.timeout(_HANG_UP_SECONDS):
            await client.client.close()


@lru_cache(maxsize=65_536)
def _partition(key: str, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key, remembered: murmur2 in Python is slow."""
    return int((murmur2(key.encode()) & 0x7FFF_FFFF) % partitions)

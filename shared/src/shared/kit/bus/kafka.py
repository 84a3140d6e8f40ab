"""The bus of production: Apache Kafka, through aiokafka.

Clients connect when they are first needed and are made anew when they fail, so that a service may
start before Kafka does, and outlives its outages. Every wait has an end.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence

from shared.kit.bus.base import Record, Topic, TopicPartition
from shared.kit.bus.kafka_cluster import KafkaCluster, KafkaSecurity
from shared.kit.bus.kafka_consumer import KafkaConsumer
from shared.kit.bus.kafka_history import history
from shared.kit.bus.kafka_producer import KafkaProducer

__all__ = ["KafkaBus", "KafkaSecurity"]


class KafkaBus:
    """A `Bus` for many processes."""

    def __init__(
        self,
        *,
        servers: str,
        topics: Sequence[Topic],
        security: KafkaSecurity | None = None,
        replication: int = -1,
    ) -> None:
        """Nothing is connected yet.

        Args:
            servers: host:port, several separated by commas.
            topics: made where they are missing.
            security: plaintext where it is not given.
            replication: on how many brokers a new topic stands; -1 leaves it to Kafka.

        Raises:
            ValueError: `security` contradicts itself.
        """
        self._cluster = KafkaCluster(
            servers=servers,
            topics=topics,
            security=security or KafkaSecurity(),
            replication=replication,
        )
        self._producers: list[KafkaProducer] = []
        self._consumers: dict[tuple[str, str], KafkaConsumer] = {}

    async def start(self) -> None:
        """Make sure that Kafka answers and the topics exist as declared.

        It need not succeed before the bus is used: producers and consumers go on trying.

        Raises:
            BusUnavailable: Kafka does not answer within 10 seconds, or refuses to make a topic.
            ValueError: a topic exists with another number of partitions.
        """
        await self._cluster.declare()

    def producer(self) -> KafkaProducer:
        """A producer of this bus."""
        producer = KafkaProducer(cluster=self._cluster)
        self._producers.append(producer)
        return producer

    async def consumer(self, *, group: str, topics: Sequence[str], member: str) -> KafkaConsumer:
        """Join a group, as soon as Kafka answers; a member of this name elsewhere is driven out."""
        former = self._consumers.get((group, member))
        if former is not None:
            await former.close()
        consumer = KafkaConsumer(cluster=self._cluster, group=group, topics=topics, member=member)
        self._consumers[group, member] = consumer
        return consumer

    def history(
        self, places: Collection[TopicPartition], *, last: int | None = None
    ) -> AsyncIterator[Sequence[Record]]:
        """What stands in these partitions now, in pages of one partition, each in its order.

        Raises:
            BusUnavailable: Kafka does not answer, or not to the end: told within 10 seconds.
        """
        return history(cluster=self._cluster, places=places, last=last)

    async def healthy(self) -> bool:
        """Whether Kafka answers now, or did within the last second; told in 2 seconds."""
        return await self._cluster.healthy()

    async def close(self) -> None:
        """Let go of everything, in seconds, whether Kafka answers or not."""
        await self._cluster.close()
        closing = [producer.close() for producer in self._producers]
        closing += [consumer.close() for consumer in self._consumers.values()]
        await asyncio.gather(*closing)

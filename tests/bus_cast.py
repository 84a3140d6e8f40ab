"""Bureaus that send and read: what the suites of the buses share."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from shared.kit.bus.base import Bus, Consumer, Headers, Message, Record, Topic, TopicPartition

PATIENCE: Final = 15.0
"""Seconds after which what was promised counts as not done; nothing takes that long."""

BUREAUS: Final = ("finance", "works", "water", "schools", "harbour", "parks", "archives", "police")


def say(topic: Topic, key: str, value: str | bytes, headers: Headers = ()) -> Message:
    body = value.encode() if isinstance(value, str) else value
    return Message(topic=topic.name, key=key, value=body, headers=headers)


def numbered(topic: Topic, count: int, *, keys: Sequence[str] = BUREAUS) -> list[Message]:
    """Messages "0", "1", "2" … that go round the keys."""
    return [say(topic, keys[number % len(keys)], str(number)) for number in range(count)]


def place(topic: Topic, partition: int) -> TopicPartition:
    return TopicPartition(topic=topic.name, partition=partition)


def everywhere(topic: Topic) -> frozenset[TopicPartition]:
    return frozenset(place(topic, partition) for partition in range(topic.partitions))


async def join(bus: Bus, topic: Topic, *, group: str = "scoring", member: str = "one") -> Consumer:
    return await bus.consumer(group=f"{group}.{topic.name}", topics=[topic.name], member=member)


async def settle(topic: Topic, *members: Consumer) -> None:
    """Wait until the members have shared the partitions evenly among them."""
    async with asyncio.timeout(PATIENCE):
        while True:
            shares = [member.assigned() for member in members]
            sizes = [len(share) for share in shares]
            if (
                frozenset().union(*shares) == everywhere(topic)
                and sum(sizes) == topic.partitions
                and max(sizes) - min(sizes) <= 1
            ):
                return
            await asyncio.sleep(0.01)


async def read(consumer: Consumer, count: int) -> list[Record]:
    """The next `count` records, in the order they came."""
    records: list[Record] = []
    async with asyncio.timeout(PATIENCE):
        while len(records) < count:
            batches = await consumer.poll(limit=count - len(records), wait=0.5)
            records += [record for batch in batches.values() for record in batch]
    return records


async def nothing_more(consumer: Consumer) -> bool:
    return not await consumer.poll(limit=100, wait=0.3)


async def commit(consumer: Consumer, records: Sequence[Record]) -> None:
    """Commit what was read: the newest offset of each partition, plus one."""
    await consumer.commit({record.place: record.offset + 1 for record in records})


async def standing(bus: Bus, topic: Topic, *, last: int | None = None) -> list[Record]:
    """What stands in a topic now, partition after partition."""
    async with asyncio.timeout(PATIENCE):
        pages = bus.history(sorted(everywhere(topic)), last=last)
        return [record async for page in pages for record in page]


def values(records: Sequence[Record]) -> list[str]:
    return [(record.value or b"").decode() for record in records]


def as_sent(count: int) -> list[str]:
    return sorted(str(number) for number in range(count))


def partition_of(records: Sequence[Record]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for record in records:
        found[(record.key or b"").decode()].add(record.partition)
    return found

"""What every bus promises. The first part runs on each kind of bus; the second is the local one's.

A `World` is one log of one kind: it opens buses on it, and writes what no producer of ours would.
"""

import asyncio
import sqlite3
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from bus_cast import (
    BUREAUS,
    PATIENCE,
    as_sent,
    commit,
    everywhere,
    join,
    nothing_more,
    numbered,
    partition_of,
    read,
    say,
    settle,
    standing,
    values,
)

from shared.kit.bus.base import (
    MAX_MESSAGE_BYTES,
    AssignmentLost,
    Bus,
    BusUnavailable,
    Consumer,
    Headers,
    MessageRefused,
    Record,
    Topic,
)
from shared.kit.bus.kafka import KafkaBus
from shared.kit.bus.local import LocalBus


class World(Protocol):
    """One log."""

    async def open(self, *topics: Topic) -> Bus:
        """A started bus on this log, as a process would have one."""

    async def write_foreign(
        self, topic: Topic, partition: int, key: bytes | None, value: bytes | None
    ) -> None:
        """Append a record our producers cannot make; no bus need be open."""

    async def close(self) -> None:
        """Close every bus."""


class LocalWorld:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._buses: list[LocalBus] = []

    async def open(self, *topics: Topic) -> LocalBus:
        bus = LocalBus(path=self._path, topics=topics)
        self._buses.append(bus)
        await bus.start()
        return bus

    async def write_foreign(
        self, topic: Topic, partition: int, key: bytes | None, value: bytes | None
    ) -> None:
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute(
                "INSERT INTO records SELECT ?, ?, ifnull(max(offset) + 1, 0), ?, ?, '[]' "
                "FROM records WHERE topic = ? AND partition = ?",
                (topic.name, partition, key, value, topic.name, partition),
            )

    async def close(self) -> None:
        for bus in self._buses:
            await bus.close()


class KafkaWorld:
    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._buses: list[KafkaBus] = []

    async def open(self, *topics: Topic) -> KafkaBus:
        bus = KafkaBus(servers=self._servers, topics=topics)
        self._buses.append(bus)
        await bus.start()
        return bus

    async def write_foreign(
        self, topic: Topic, partition: int, key: bytes | None, value: bytes | None
    ) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self._servers, acks="all") as foreign:
            await foreign.send_and_wait(topic.name, value, key, partition)

    async def close(self) -> None:
        for bus in self._buses:
            await bus.close()


KINDS: Final[Mapping[str, Callable[[pytest.FixtureRequest, Path], World]]] = {
    "local": lambda _, folder: LocalWorld(folder / "bus.sqlite"),
    "kafka": lambda request, _: KafkaWorld(request.getfixturevalue("kafka").servers),
}


@pytest.fixture(
    params=["local", pytest.param("kafka", marks=[pytest.mark.enable_socket, pytest.mark.system])]
)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    made = KINDS[request.param](request, tmp_path)
    yield made
    await made.close()


@pytest.fixture
def plans() -> Topic:
    return Topic(name=f"plans.{uuid4().hex}", partitions=4)


@pytest.fixture
def tokens() -> Topic:
    return Topic(name=f"tokens.{uuid4().hex}", partitions=4, compacted=True)


# --- sending, and what arrives


async def test_records_of_one_key_come_in_the_order_they_were_sent(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    producer, messages = bus.producer(), numbered(plans, 200)
    for start in range(0, 200, 20):
        await producer.send(messages[start : start + 20])
    consumer = await join(bus, plans)

    records = await read(consumer, 200)

    for key in BUREAUS:
        of_key = [int(record.value or b"") for record in records if record.key == key.encode()]
        assert of_key == sorted(of_key)
        assert len(of_key) == 25


async def test_offsets_rise_within_a_partition(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 50))
    offsets: dict[int, list[int]] = defaultdict(list)
    for record in await read(await join(bus, plans), 50):
        offsets[record.partition].append(record.offset)
    assert all(found == sorted(set(found)) for found in offsets.values())


async def test_a_key_stays_in_its_partition_over_a_restart_and_keys_spread(
    world: World, plans: Topic
) -> None:
    keys = [f"plan-{number}" for number in range(100)]
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 100, keys=keys))
    await bus.close()
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 100, keys=keys))

    records = await read(await join(bus, plans), 200)

    partitions = partition_of(records)
    assert all(len(found) == 1 for found in partitions.values())
    for partition in range(plans.partitions):
        assert sum(partition in found for found in partitions.values()) >= 10


async def test_keys_land_where_kafkas_default_partitioner_puts_them(
    world: World, plans: Topic
) -> None:
    murmur2 = {  # as Kafka's own tests have them
        "21": -973932308,
        "foobar": -790332482,
        "a-little-bit-long-string": -985981536,
        "a-little-bit-longer-string": -1486304829,
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        "abc": 479470107,
    }
    wide = Topic(name=plans.name, partitions=12)
    bus = await world.open(wide)
    await bus.producer().send([say(wide, key, "") for key in murmur2])

    records = await read(await join(bus, wide), len(murmur2))

    assert partition_of(records) == {
        key: {(hashed & 0x7FFFFFFF) % 12} for key, hashed in murmur2.items()
    }


@pytest.mark.parametrize(
    "value", [b"", b"{}", b"not JSON", b"\xff\xfe\x00", "任务".encode()], ids=repr
)
async def test_what_is_sent_arrives_byte_for_byte(world: World, plans: Topic, value: bytes) -> None:
    headers: Headers = (
        ("ce_id", b"1"),
        ("ce_id", b"2"),
        ("none", None),
        ("empty", b""),
        ("bytes", bytes(range(256))),
    )
    bus = await world.open(plans)
    await bus.producer().send([say(plans, "财政局", value, headers)])

    (record,) = await read(await join(bus, plans), 1)

    assert record.key == "财政局".encode()
    assert record.value == value
    assert record.headers == headers
    assert record.topic == plans.name


async def test_a_tombstone_and_a_record_without_key_are_delivered_as_they_are(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    await world.write_foreign(plans, 1, b"finance", None)
    await world.write_foreign(plans, 1, None, b"keyless")

    records = await read(await join(bus, plans), 2)

    assert [(record.key, record.value) for record in records] == [
        (b"finance", None),
        (None, b"keyless"),
    ]


async def test_a_message_too_large_is_refused_and_nothing_after_it_is_sent(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    producer = bus.producer()
    too_large = say(plans, "finance", b"x" * (MAX_MESSAGE_BYTES + 1))

    with pytest.raises(MessageRefused):
        await producer.send([too_large, say(plans, "finance", "after")])

    consumer = await join(bus, plans)
    await settle(plans, consumer)
    assert await nothing_more(consumer)


async def test_key_and_headers_count_towards_the_size_of_a_message(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    producer, most = bus.producer(), MAX_MESSAGE_BYTES - 8

    await producer.send([say(plans, "key", b"x" * most, (("head", b"1"),))])
    with pytest.raises(MessageRefused):
        await producer.send([say(plans, "key", b"x" * most, (("head", b"12"),))])

    (record,) = await read(await join(bus, plans), 1)
    assert len(record.value or b"") == most


async def test_a_message_of_an_unknown_topic_is_refused(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    elsewhere = Topic(name=f"elsewhere.{plans.name}", partitions=4)
    with pytest.raises(MessageRefused):
        await bus.producer().send([say(elsewhere, "finance", "lost")])


# --- groups and members


async def test_two_groups_each_get_everything(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    scoring = await join(bus, plans, group="scoring")
    notify = await join(bus, plans, group="notify")
    await bus.producer().send(numbered(plans, 40))

    assert sorted(values(await read(scoring, 40))) == as_sent(40)
    assert sorted(values(await read(notify, 40))) == as_sent(40)


async def test_a_new_group_reads_from_the_earliest_record(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 10))
    first = await join(bus, plans, group="scoring")
    await commit(first, await read(first, 10))

    late = await join(bus, plans, group="notify")

    assert sorted(values(await read(late, 10))) == as_sent(10)


async def test_two_members_share_the_partitions_and_no_record_is_read_twice(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    one = await join(bus, plans, member="one")
    two = await join(bus, plans, member="two")
    await settle(plans, one, two)
    producer = bus.producer()

    seen: dict[Consumer, list[Record]] = {one: [], two: []}
    for round_ in range(10):
        await producer.send(numbered(plans, 40))
        async with asyncio.timeout(PATIENCE):
            while sum(map(len, seen.values())) < 40 * (round_ + 1):
                for member, records in seen.items():
                    batches = await member.poll(limit=7, wait=0)
                    records += [record for batch in batches.values() for record in batch]

    assert await nothing_more(one)
    assert await nothing_more(two)
    everything = seen[one] + seen[two]
    assert len({(record.partition, record.offset) for record in everything}) == 400
    for member, records in seen.items():
        assert {record.place for record in records} <= member.assigned()
        assert records


async def test_a_member_more_than_there_are_partitions_waits_with_none(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    members = [await join(bus, plans, member=str(number)) for number in range(5)]
    await settle(plans, *members)
    (idle,) = [member for member in members if not member.assigned()]
    await bus.producer().send(numbered(plans, 8))
    assert await nothing_more(idle)


async def test_when_a_member_leaves_its_partitions_go_on_from_the_commit(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    leaver, stayer = await join(bus, plans, member="one"), await join(bus, plans, member="two")
    await settle(plans, leaver, stayer)
    theirs = min(leaver.assigned())
    for number in range(10):
        await world.write_foreign(plans, theirs.partition, b"finance", str(number).encode())
    records = await read(leaver, 10)
    await commit(leaver, records[:4])

    await leaver.close()
    await settle(plans, stayer)

    assert values(await read(stayer, 6)) == ["4", "5", "6", "7", "8", "9"]
    assert await nothing_more(stayer)
    assert leaver.assigned() == frozenset()


async def test_a_waiting_poll_gets_what_a_leaving_member_had_not_committed(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    leaver, stayer = await join(bus, plans, member="one"), await join(bus, plans, member="two")
    await settle(plans, leaver, stayer)
    theirs = min(leaver.assigned())
    await world.write_foreign(plans, theirs.partition, b"finance", b"left behind")
    await read(leaver, 1)
    waiting = asyncio.create_task(stayer.poll(limit=10, wait=60))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    await leaver.close()

    batches = await asyncio.wait_for(waiting, PATIENCE)
    assert values(batches[theirs]) == ["left behind"]


async def test_a_member_that_comes_back_takes_the_place_of_its_former_self(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    died = await join(bus, plans, member="one")
    await bus.producer().send(numbered(plans, 10))
    records = await read(died, 10)

    back = await join(bus, plans, member="one")
    await settle(plans, back)

    assert sorted(values(await read(back, 10))) == as_sent(10)
    with pytest.raises(AssignmentLost):
        await commit(died, records)


async def test_the_commit_of_a_lost_partition_is_refused_and_keeps_nothing(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    one = await join(bus, plans, member="one")
    await settle(plans, one)
    await bus.producer().send(numbered(plans, 40))
    records = await read(one, 40)
    two = await join(bus, plans, member="two")
    await settle(plans, one, two)
    lost = [record for record in records if record.place in two.assigned()]

    with pytest.raises(AssignmentLost):
        await commit(one, lost)

    assert sorted(values(await read(two, len(lost)))) == sorted(values(lost))


# --- positions, commits, waiting


async def test_what_was_not_committed_is_delivered_again_after_a_restart(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 10, keys=["finance"]))
    consumer = await join(bus, plans)
    await commit(consumer, (await read(consumer, 10))[:7])
    await bus.close()

    bus = await world.open(plans)
    consumer = await join(bus, plans)

    assert values(await read(consumer, 3)) == ["7", "8", "9"]
    assert await nothing_more(consumer)


async def test_what_was_read_is_not_read_again_while_the_member_lives(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await bus.producer().send(numbered(plans, 10, keys=["finance"]))
    await read(consumer, 10)
    assert await nothing_more(consumer)
    await bus.producer().send([say(plans, "finance", "new")])
    assert values(await read(consumer, 1)) == ["new"]


async def test_a_rewind_replays_from_the_offset(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 10, keys=["finance"]))
    consumer = await join(bus, plans)
    records = await read(consumer, 10)
    await commit(consumer, records)

    await consumer.rewind(records[6].place, records[6].offset)

    assert values(await read(consumer, 4)) == ["6", "7", "8", "9"]


async def test_the_rewind_of_a_lost_partition_has_no_effect(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 10, keys=["finance"]))
    died = await join(bus, plans, member="one")
    records = await read(died, 10)
    await commit(died, records)
    back = await join(bus, plans, member="one")
    await settle(plans, back)

    await died.rewind(records[0].place, 0)

    assert await nothing_more(back)
    assert await nothing_more(died)


async def test_a_poll_returns_no_more_than_its_limit(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 40))
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    sizes: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while sum(sizes) < 40:
            batches = await consumer.poll(limit=7, wait=0.5)
            sizes.append(sum(map(len, batches.values())))
    assert max(sizes) == 7


async def test_a_busy_partition_does_not_starve_a_quiet_one(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    for partition in range(plans.partitions):
        await world.write_foreign(plans, partition, b"quiet", b"quiet")
    await bus.producer().send(numbered(plans, 400, keys=["finance"]))

    first: list[Record] = []
    async with asyncio.timeout(PATIENCE):
        while len(first) < 200:
            batches = await consumer.poll(limit=20, wait=0.5)
            first += [record for batch in batches.values() for record in batch]

    assert {record.partition for record in first} == set(range(plans.partitions))


async def test_a_poll_with_nothing_to_read_returns_empty_after_its_wait(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    clock = asyncio.get_running_loop().time
    began = clock()
    assert not await consumer.poll(limit=10, wait=0.3)
    assert clock() - began >= 0.3
    assert not await consumer.poll(limit=10, wait=0)


async def test_a_waiting_poll_is_woken_by_a_send(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    waiting = asyncio.create_task(consumer.poll(limit=10, wait=60))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    await bus.producer().send([say(plans, "finance", "wake")])

    batches = await asyncio.wait_for(waiting, PATIENCE)
    assert [values(batch) for batch in batches.values()] == [["wake"]]


async def test_a_cancelled_poll_loses_nothing(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    polling = asyncio.create_task(consumer.poll(limit=20, wait=60))
    await asyncio.sleep(0)  # the read is under way
    await bus.producer().send(numbered(plans, 20))
    polling.cancel()
    try:
        batches = await polling  # it may have come first
    except asyncio.CancelledError:
        batches = {}

    got = [record for batch in batches.values() for record in batch]
    got += await read(consumer, 20 - len(got))
    assert sorted(values(got)) == as_sent(20)
    assert await nothing_more(consumer)


async def test_caught_up_means_all_that_is_in_the_log_has_been_committed(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    assert await consumer.caught_up()

    await bus.producer().send(numbered(plans, 20))
    assert not await consumer.caught_up()
    records = await read(consumer, 20)
    assert not await consumer.caught_up()
    behind = records[-1]
    await commit(consumer, [record for record in records if record != behind])
    assert not await consumer.caught_up()
    await commit(consumer, [behind])
    assert await consumer.caught_up()
    await bus.producer().send([say(plans, "finance", "new")])
    assert not await consumer.caught_up()


async def test_caught_up_speaks_of_the_members_own_partitions(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    one, two = await join(bus, plans, member="one"), await join(bus, plans, member="two")
    await settle(plans, one, two)
    await world.write_foreign(plans, min(two.assigned()).partition, b"finance", b"new")
    assert await one.caught_up()
    assert not await two.caught_up()


# --- what stands in the log


async def test_history_is_everything_in_the_log_each_partition_in_its_order(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    consumer = await join(bus, plans)
    await bus.producer().send(numbered(plans, 2500))
    await bus.producer().send(numbered(plans, 5, keys=["finance"]))

    records = await standing(bus, plans)

    assert sorted(values(records)) == sorted([*as_sent(2500), *as_sent(5)])
    offsets: dict[int, list[int]] = defaultdict(list)
    for record in records:
        offsets[record.partition].append(record.offset)
    assert all(found == list(range(len(found))) for found in offsets.values())
    assert records == await standing(bus, plans)  # no group was moved on, and so also here
    assert len(await read(consumer, 2505)) == 2505


async def test_history_of_the_last_few_is_the_end_of_each_partition(
    world: World, plans: Topic
) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 400))
    everything: dict[int, list[Record]] = defaultdict(list)
    for record in await standing(bus, plans):
        everything[record.partition].append(record)

    ends = [record for records in everything.values() for record in records[-3:]]

    assert await standing(bus, plans, last=3) == ends


async def test_history_speaks_of_the_partitions_it_is_asked_for(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await bus.producer().send(numbered(plans, 100))
    (place, *_) = sorted({record.place for record in await standing(bus, plans)})
    found = [record async for page in bus.history([place]) for record in page]
    assert {record.place for record in found} == {place}


async def test_the_history_of_an_empty_topic_is_told_at_once(world: World, plans: Topic) -> None:
    assert await standing(await world.open(plans), plans, last=3) == []


async def test_history_has_foreign_records_as_they_are(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    await world.write_foreign(plans, 2, None, b"no key")
    await world.write_foreign(plans, 2, b"finance", None)
    told = [(record.key, record.value) for record in await standing(bus, plans, last=5)]
    assert told == [(None, b"no key"), (b"finance", None)]


async def test_history_of_a_compacted_topic_ends_with_its_newest_records(
    world: World, tokens: Topic
) -> None:
    bus = await world.open(tokens)
    for number in range(5):
        await bus.producer().send([say(tokens, key, f"{key} {number}") for key in BUREAUS])
    latest = {record.key: record.value for record in await standing(bus, tokens)}
    assert latest == {key.encode(): f"{key} 4".encode() for key in BUREAUS}


# --- topics and the life of a bus


async def test_a_compacted_topic_keeps_the_newest_record_of_each_key(
    world: World, tokens: Topic
) -> None:
    bus = await world.open(tokens)
    for number in range(5):
        await bus.producer().send([say(tokens, key, f"{key} {number}") for key in BUREAUS])

    consumer = await join(bus, tokens)
    latest: dict[bytes | None, bytes | None] = {}
    async with asyncio.timeout(PATIENCE):
        while not await consumer.caught_up():
            for batch in (await consumer.poll(limit=100, wait=0.5)).values():
                latest |= {record.key: record.value for record in batch}
                await commit(consumer, batch)

    assert latest == {key.encode(): f"{key} 4".encode() for key in BUREAUS}


async def test_another_number_of_partitions_is_refused_at_the_start(
    world: World, plans: Topic
) -> None:
    await (await world.open(plans)).close()
    with pytest.raises(ValueError, match="4 partitions, not 6"):
        await world.open(Topic(name=plans.name, partitions=6))
    assert await (await world.open(plans)).healthy()


async def test_a_topic_may_be_added_to_a_log_that_exists(
    world: World, plans: Topic, tokens: Topic
) -> None:
    bus = await world.open(plans)
    await bus.producer().send([say(plans, "finance", "old")])
    await bus.close()
    bus = await world.open(plans, tokens)
    await bus.producer().send([say(tokens, "finance", "new")])
    assert values(await read(await join(bus, plans), 1)) == ["old"]
    assert values(await read(await join(bus, tokens), 1)) == ["new"]


async def test_a_consumer_of_several_topics_reads_them_all(
    world: World, plans: Topic, tokens: Topic
) -> None:
    bus = await world.open(plans, tokens)
    consumer = await bus.consumer(
        group=f"notify.{plans.name}", topics=[plans.name, tokens.name], member="one"
    )
    other = await join(bus, plans)
    await bus.producer().send([say(plans, "finance", "plan"), say(tokens, "finance", "token")])
    assert sorted(values(await read(consumer, 2))) == ["plan", "token"]
    assert values(await read(other, 1)) == ["plan"]
    assert await nothing_more(other)


async def test_a_closed_bus_says_that_it_is_unavailable(world: World, plans: Topic) -> None:
    bus = await world.open(plans)
    producer, consumer = bus.producer(), await join(bus, plans)
    await settle(plans, consumer)
    assert await bus.healthy()
    waiting = asyncio.create_task(consumer.poll(limit=10, wait=60))
    await asyncio.sleep(0.1)

    await bus.close()

    assert not await bus.healthy()
    with pytest.raises(BusUnavailable):
        await asyncio.wait_for(waiting, PATIENCE)
    with pytest.raises(BusUnavailable):
        await producer.send([say(plans, "finance", "late")])
    with pytest.raises(BusUnavailable):
        await standing(bus, plans)
    await consumer.close()
    await producer.close()
    await bus.close()


# --- the local bus alone: its file


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalWorld]:
    made = LocalWorld(tmp_path / "bus.sqlite")
    yield made
    await made.close()


async def test_a_compacted_topic_holds_no_older_records_and_gives_no_offset_twice(
    local: LocalWorld,
) -> None:
    tokens = Topic(name="tokens", partitions=1, compacted=True)
    bus = await local.open(tokens)
    for number in range(3):
        await bus.producer().send([say(tokens, key, f"{key} {number}") for key in ("a", "b")])
        await bus.producer().send([say(tokens, "b", f"b {number}, again")])

    records = await read(await join(bus, tokens), 2)

    assert [(record.offset, record.value) for record in records] == [
        (6, b"a 2"),
        (8, b"b 2, again"),
    ]


async def test_a_partition_kept_through_a_rebalance_is_read_on(local: LocalWorld) -> None:
    plans = Topic(name="plans", partitions=4)
    bus = await local.open(plans)
    one = await join(bus, plans, member="one")
    await bus.producer().send(numbered(plans, 40))
    records = await read(one, 40)

    two = await join(bus, plans, member="two")

    assert await nothing_more(one)
    await commit(one, [record for record in records if record.place in one.assigned()])
    lost = [record for record in records if record.place in two.assigned()]
    assert len(await read(two, len(lost))) == len(lost)


async def test_a_partition_that_went_and_came_back_is_read_from_the_commit(
    local: LocalWorld,
) -> None:
    plans = Topic(name="plans", partitions=4)
    bus = await local.open(plans)
    for partition in range(plans.partitions):
        await local.write_foreign(plans, partition, b"finance", b"")
    one = await join(bus, plans, member="one")
    polling = asyncio.create_task(one.poll(limit=40, wait=0))
    await asyncio.sleep(0)  # the read is under way
    two = await join(bus, plans, member="two")
    went = two.assigned()
    await two.close()

    kept = (await polling).keys()

    assert kept == everywhere(plans) - went
    assert {record.place for record in await read(one, len(went))} == went


async def test_a_file_in_use_is_refused_to_a_second_bus_until_the_first_is_closed(
    local: LocalWorld,
) -> None:
    plans = Topic(name="plans", partitions=4)
    first = await local.open(plans)
    with pytest.raises(BusUnavailable, match="in use"):
        await local.open(plans)
    assert await first.healthy()
    await first.close()
    assert await (await local.open(plans)).healthy()


async def test_a_send_the_disk_fails_amid_leaves_nothing_and_may_be_tried_again(
    tmp_path: Path, local: LocalWorld
) -> None:
    plans = Topic(name="plans", partitions=4)
    bus = await local.open(plans)
    consumer = await join(bus, plans)
    with closing(sqlite3.connect(tmp_path / "bus.sqlite")) as disk:
        disk.execute(
            "CREATE TRIGGER full BEFORE INSERT ON records WHEN (SELECT count(*) FROM records) = 5 "
            "BEGIN SELECT raise(ABORT, 'disk full'); END"
        )
        with pytest.raises(BusUnavailable, match="disk full"):
            await bus.producer().send(numbered(plans, 10))
        assert await nothing_more(consumer)
        disk.execute("DROP TRIGGER full")

    await bus.producer().send(numbered(plans, 10))

    assert sorted(values(await read(consumer, 10))) == as_sent(10)


async def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bus.sqlite").write_text("a letter to the bureau\n" * 100)
    bus = LocalBus(path=tmp_path / "bus.sqlite", topics=[])
    with pytest.raises(BusUnavailable, match=r"bus\.sqlite"):
        await bus.start()
    nowhere = LocalBus(path=tmp_path / "missing" / "bus.sqlite", topics=[])
    with pytest.raises(BusUnavailable, match="missing"):
        await nowhere.start()


SENDER: Final = """
import asyncio, sys
from pathlib import Path
from shared.kit.bus.base import Message, Topic
from shared.kit.bus.local import LocalBus

async def main():
    bus = LocalBus(path=Path(sys.argv[1]), topics=[Topic(name="plans", partitions=4)])
    await bus.start()
    producer, number = bus.producer(), int(sys.argv[2])
    while True:
        batch = range(number, number + 5)
        await producer.send(
            [Message(topic="plans", key="finance", value=b"%d" % n, headers=()) for n in batch]
        )
        number += 5
        print(number, flush=True)

asyncio.run(main())
"""
"""Sends 5 numbers at a time, and after each acknowledgement tells the number that is next."""


async def start_sender(path: Path, first: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDER, str(path), str(first), stdout=asyncio.subprocess.PIPE
    )


async def acknowledged(sender: asyncio.subprocess.Process) -> int:
    """The last number a killed sender told, with whatever it had told before it died."""
    assert sender.stdout is not None
    told = await sender.stdout.read()
    await sender.wait()
    return max((int(line) for line in told.splitlines(keepends=True) if b"\n" in line), default=0)


@pytest.mark.system
async def test_a_kill_amid_sends_loses_nothing_acknowledged_and_halves_no_batch(
    tmp_path: Path,
) -> None:
    path, plans = tmp_path / "bus.sqlite", Topic(name="plans", partitions=4)
    stored = 0
    for life in range(8):
        sender = await start_sender(path, stored)
        assert sender.stdout is not None
        for _ in range(1 + 7 * life):
            await sender.stdout.readline()
        sender.kill()
        told = await acknowledged(sender)

        bus = LocalBus(path=path, topics=[plans])
        await bus.start()
        consumer = await join(bus, plans, member=str(life))
        found = []
        while batches := await consumer.poll(limit=1000, wait=0):
            found += [int(value) for batch in batches.values() for value in values(batch)]
        await bus.close()

        assert len(found) >= max(told, stored + 5)
        assert found == list(range(len(found)))
        assert len(found) % 5 == 0
        stored = len(found)


@pytest.mark.system
async def test_a_second_process_is_refused_the_file_and_a_kill_sets_it_free(
    tmp_path: Path,
) -> None:
    path, plans = tmp_path / "bus.sqlite", Topic(name="plans", partitions=4)
    owner = await start_sender(path, 0)
    assert owner.stdout is not None
    await owner.stdout.readline()
    bus = LocalBus(path=path, topics=[plans])

    with pytest.raises(BusUnavailable, match="in use"):
        await bus.start()

    owner.kill()
    await acknowledged(owner)
    await bus.start()
    assert await bus.healthy()
    await bus.close()

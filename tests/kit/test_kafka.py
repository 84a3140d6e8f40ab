"""What only Kafka can do to a bus: go away, come back empty, be told something else."""

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import (
    ConfigResource,
    ConfigResourceType,
)
from bus_cast import (
    BUREAUS,
    as_sent,
    commit,
    everywhere,
    join,
    nothing_more,
    numbered,
    read,
    say,
    settle,
    standing,
    values,
)
from peers.kafka import Kafka
from structlog.testing import capture_logs

from shared.kit.bus import kafka_member, kafka_producer
from shared.kit.bus.base import (
    AssignmentLost,
    BusUnavailable,
    Consumer,
    Message,
    MessageRefused,
    Producer,
    Record,
    Topic,
)
from shared.kit.bus.kafka import KafkaBus, KafkaSecurity

pytestmark = [pytest.mark.enable_socket, pytest.mark.system, pytest.mark.timeout(300)]

RECOVERY: Final = 90.0
"""Seconds in which all goes on after Kafka was away; a broker that was killed needs some itself."""

Open = Callable[..., KafkaBus]


@pytest.fixture(scope="module")
def broker(
    kafka: Kafka,  # noqa: ARG001  # where the shared one cannot be had, nor can this
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Kafka]:
    """A Kafka of this suite's own, to be killed."""
    made = Kafka(tmp_path_factory.mktemp("mortal-kafka"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def process(broker: Kafka) -> AsyncIterator[Open]:
    """Makes buses, each as a process of its own would have one."""
    buses: list[KafkaBus] = []

    def make(*topics: Topic) -> KafkaBus:
        buses.append(KafkaBus(servers=broker.servers, topics=topics))
        return buses[-1]

    yield make
    for bus in buses:
        await bus.close()


@pytest.fixture
async def admin(broker: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.servers)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def plans() -> Topic:
    return Topic(name=f"plans.{uuid4().hex}", partitions=4)


async def insist(
    producer: Producer, messages: Sequence[Message], refused: asyncio.Event | None = None
) -> None:
    """Send until it is done, as the relay does."""
    async with asyncio.timeout(RECOVERY):
        while True:
            try:
                return await producer.send(messages)
            except BusUnavailable:
                if refused is not None:
                    refused.set()
                await asyncio.sleep(0.1)


async def persist(consumer: Consumer, count: int, *, limit: int = 0) -> list[Record]:
    """Read as the loop does, whatever comes between; with a limit it may be more."""
    records: list[Record] = []
    async with asyncio.timeout(RECOVERY):
        while len(records) < count:
            try:
                batches = await consumer.poll(limit=limit or count - len(records), wait=0.5)
            except BusUnavailable:
                await asyncio.sleep(0.1)
            else:
                records += [record for batch in batches.values() for record in batch]
    return records


async def unavailable(does: Callable[[], Awaitable[object]], *, within: float) -> None:
    """It is refused, and that in time."""
    async with asyncio.timeout(within):
        with pytest.raises(BusUnavailable):
            await does()


async def until_refused(consumer: Consumer, reason: str) -> None:
    """Poll, to no avail, until it is refused for this reason."""
    while True:
        try:
            assert not await consumer.poll(limit=10, wait=0.5)
        except BusUnavailable as refusal:
            if reason in str(refusal):
                raise
            await asyncio.sleep(0.1)


async def send_for_ever(producer: Producer, messages: Sequence[Message]) -> None:
    while True:
        await producer.send(messages)
        await asyncio.sleep(0.05)


# --- Kafka goes away


class Traffic:
    """Numbers on their way round the bureaus, some eighty at a time."""

    def __init__(self, plans: Topic) -> None:
        self.plans = plans
        self.sent = 0
        self.found: dict[str, dict[int, None]] = defaultdict(dict)
        self.refused = asyncio.Event()
        self.enough = asyncio.Event()
        self._moved = asyncio.Event()

    async def send(self, producer: Producer) -> None:
        while not self.enough.is_set():
            await insist(producer, numbered(self.plans, self.sent + 80)[self.sent :], self.refused)
            self.sent += 80
            await self.reach(self.sent - 800)

    async def read(self, consumer: Consumer) -> None:
        while not self.enough.is_set() or self.arrived() < self.sent:
            records = await persist(consumer, 1, limit=40)
            for record in records:
                self.found[(record.key or b"").decode()][int(record.value or b"")] = None
            with suppress(AssignmentLost, BusUnavailable):
                await commit(consumer, records)
            self._moved.set()
            self._moved.clear()

    async def reach(self, count: int) -> None:
        """Wait until so many different numbers have arrived."""
        while self.arrived() < count:
            await self._moved.wait()

    def arrived(self) -> int:
        return sum(map(len, self.found.values()))


async def test_nothing_is_lost_and_no_key_is_reordered_when_kafka_is_killed_amid_it_all(
    broker: Kafka, process: Open, plans: Topic
) -> None:
    here, there = process(plans), process(plans)
    await here.start()
    traffic = Traffic(plans)

    async with asyncio.timeout(2 * RECOVERY), asyncio.TaskGroup() as group:
        group.create_task(traffic.send(here.producer()))
        group.create_task(traffic.read(await join(there, plans)))
        await traffic.reach(200)
        broker.kill()
        await traffic.refused.wait()
        await asyncio.to_thread(broker.start)
        await traffic.reach(traffic.sent + 400)
        traffic.enough.set()

    assert traffic.arrived() == traffic.sent
    for start, bureau in enumerate(BUREAUS):
        assert list(traffic.found[bureau]) == list(range(start, traffic.sent, len(BUREAUS)))


@pytest.mark.parametrize("away", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "silent"])
async def test_nothing_waits_for_ever_for_a_kafka_that_is_away(
    broker: Kafka, process: Open, plans: Topic, away: signal.Signals
) -> None:
    bus = process(plans)
    await bus.start()
    producer, consumer = bus.producer(), await join(bus, plans)
    await settle(plans, consumer)
    await producer.send(numbered(plans, 8))
    records = await read(consumer, 8)
    stranger, elsewhere = process(plans), process(plans)
    assert broker._process is not None

    os.kill(broker._process.pid, away)
    try:
        async with asyncio.timeout(4):
            while await bus.healthy():  # noqa: ASYNC110  # for up to a second it tells what was
                await asyncio.sleep(0.1)
        await unavailable(lambda: consumer.poll(limit=10, wait=0.5), within=4)
        await unavailable(lambda: commit(consumer, records), within=6)
        await unavailable(consumer.caught_up, within=6)
        await unavailable(lambda: standing(bus, plans), within=14)
        await asyncio.gather(
            unavailable(lambda: producer.send(numbered(plans, 8)), within=14),
            unavailable(stranger.start, within=12),
            unavailable(lambda: elsewhere.producer().send(numbered(plans, 8)), within=14),
        )
        began = time.monotonic()
        await bus.close()
        assert time.monotonic() - began < 10
    finally:
        if away is signal.SIGSTOP:
            os.kill(broker._process.pid, signal.SIGCONT)
        else:
            broker.kill()
            await asyncio.to_thread(broker.start)
    await insist(stranger.producer(), numbered(plans, 8))


async def test_a_service_may_start_before_kafka_does(
    broker: Kafka, process: Open, plans: Topic
) -> None:
    broker.kill()
    bus = process(plans)
    producer, consumer = bus.producer(), await join(bus, plans)
    await unavailable(lambda: producer.send(numbered(plans, 8)), within=12)
    await unavailable(lambda: consumer.poll(limit=10, wait=5), within=8)
    assert not await bus.healthy()
    assert not await consumer.caught_up()

    await asyncio.to_thread(broker.start)

    await insist(producer, numbered(plans, 8))
    assert sorted(values(await persist(consumer, 8))) == as_sent(8)
    assert await bus.healthy()


async def test_after_kafka_lost_everything_its_members_read_from_the_first_record(
    broker: Kafka, process: Open, plans: Topic
) -> None:
    bus, other = process(plans), process(plans)
    await bus.start()
    producer, consumer = bus.producer(), await join(other, plans)
    await producer.send(numbered(plans, 40))
    await commit(consumer, await read(consumer, 40))

    await asyncio.to_thread(broker.wipe)
    await asyncio.to_thread(broker.start)
    await insist(producer, numbered(plans, 16))

    assert sorted(values(await persist(consumer, 16))) == as_sent(16)


async def test_a_topic_that_was_made_again_is_read_from_its_first_record_aloud(
    process: Open, admin: AIOKafkaAdminClient, plans: Topic
) -> None:
    bus = process(plans)
    await bus.start()
    consumer = await join(bus, plans)
    await bus.producer().send(numbered(plans, 40))
    await commit(consumer, await read(consumer, 40))

    await admin.delete_topics([plans.name])
    with capture_logs() as logs:
        await process(plans).start()
        await process(plans).producer().send(numbered(plans, 8))
        assert sorted(values(await persist(consumer, 8))) == as_sent(8)

    assert "a log begins anew: it was lost or made again" in [one["event"] for one in logs]


# --- members


async def test_a_member_is_told_of_another_process_of_its_name_and_takes_over_when_that_is_gone(
    process: Open, plans: Topic
) -> None:
    here, there = process(plans), process(plans)
    await here.start()
    mine = await join(here, plans, member="twin")
    await settle(plans, mine)

    theirs = await join(there, plans, member="twin")
    await settle(plans, theirs)

    for _ in range(3):
        await unavailable(lambda: until_refused(mine, "another process is twin"), within=RECOVERY)
    assert theirs.assigned() == everywhere(plans)
    await here.producer().send(numbered(plans, 20))
    await commit(theirs, await read(theirs, 20))
    await there.close()
    await here.producer().send([say(plans, "finance", "after")])
    assert values(await persist(mine, 1)) == ["after"]


async def test_a_member_that_gets_nothing_although_there_is_something_joins_anew(
    process: Open, plans: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = process(plans)
    await bus.start()
    consumer = await join(bus, plans)
    await settle(plans, consumer)
    # Only now: a slow machine would have the member join anew while it settles.
    monkeypatch.setattr(kafka_member, "_STALL_SECONDS", 0.5)
    member = consumer._member  # type: ignore[attr-defined]  # as after a bug of the client
    member.all_is_well()
    member.client.pause(*member.client.assignment())
    await bus.producer().send(numbered(plans, 8))

    with capture_logs() as logs:
        assert sorted(values(await persist(consumer, 8))) == as_sent(8)

    assert any("it reads nothing" in one.get("reason", "") for one in logs)


async def test_a_member_that_gets_nothing_because_there_is_nothing_stays(
    process: Open, plans: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_member, "_STALL_SECONDS", 0.2)
    bus = process(plans)
    await bus.start()
    consumer = await join(bus, plans)
    await bus.producer().send(numbered(plans, 8))
    await read(consumer, 8)
    with capture_logs() as logs:
        for _ in range(6):
            assert await nothing_more(consumer)
    assert logs == []


# --- what Kafka was told otherwise


async def test_a_number_of_partitions_that_grew_stops_the_senders_aloud(
    process: Open, admin: AIOKafkaAdminClient, plans: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_producer, "METADATA_SECONDS", 0.2)
    bus = process(plans)
    await bus.start()
    running, starting = bus.producer(), process(plans).producer()
    await running.send(numbered(plans, 8))

    await admin.create_partitions({plans.name: NewPartitions(total_count=6)})

    for producer in (running, running, starting):
        with pytest.raises(BusUnavailable, match="6 partitions, not 4"):
            await asyncio.wait_for(send_for_ever(producer, numbered(plans, 8)), RECOVERY)


async def test_what_is_too_large_for_kafka_alone_is_refused_and_smaller_things_go_on(
    process: Open, admin: AIOKafkaAdminClient, plans: Topic
) -> None:
    bus = process(plans)
    await bus.start()
    narrow = {"max.message.bytes": "1000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, plans.name, narrow)])
    producer, consumer = bus.producer(), await join(bus, plans)

    with pytest.raises(MessageRefused):
        await producer.send([say(plans, "finance", b"x" * 2000), say(plans, "finance", "after")])
    await producer.send([say(plans, "finance", "small")])

    assert values(await read(consumer, 1)) == ["small"]
    assert await nothing_more(consumer)


async def test_a_message_whose_frame_makes_it_too_large_is_refused(
    process: Open, plans: Topic
) -> None:
    bus = process(plans)
    await bus.start()
    names_only = tuple(("x", b"") for _ in range(900_000))
    with pytest.raises(MessageRefused):
        await bus.producer().send([say(plans, "finance", "", names_only)])


async def test_topics_are_made_as_declared_and_keep_their_records(
    process: Open, admin: AIOKafkaAdminClient, plans: Topic
) -> None:
    tokens = Topic(name=f"tokens.{uuid4().hex}", partitions=2, compacted=True)
    first, second = process(plans, tokens), process(plans, tokens)

    await asyncio.gather(first.start(), second.start())

    asked = [ConfigResource(ConfigResourceType.TOPIC, one.name) for one in (plans, tokens)]
    told: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for _, _, _, name, entries in answer.resources:
            told[name] = {entry[0]: entry[1] for entry in entries}
    assert told[plans.name]["cleanup.policy"] == "delete"
    assert told[tokens.name]["cleanup.policy"] == "compact"
    assert {settings["retention.ms"] for settings in told.values()} == {"-1"}


async def test_a_corrupt_batch_is_one_record_without_value_and_what_surrounds_it_is_read(
    broker: Kafka, process: Open
) -> None:
    one = Topic(name=f"plans.{uuid4().hex}", partitions=1)
    bus = process(one)
    await bus.start()
    producer = bus.producer()
    for batch in (["a", "b"], ["corrupt-1", "corrupt-2", "corrupt-3"], ["c", "d"]):
        await producer.send([say(one, "finance", value) for value in batch])
    broker.stop()  # in order: after a kill it would find the batch itself, and cut the log there
    (log,) = (broker._folder / "logs" / f"{one.name}-0").glob("*.log")
    log.write_bytes(log.read_bytes().replace(b"corrupt-2", b"corrupt+2"))
    await asyncio.to_thread(broker.start)
    consumer = await join(bus, one)

    with capture_logs() as logs:
        records = await persist(consumer, 5)

    read_by_a_member = [(record.offset, record.value) for record in records]
    assert read_by_a_member == [(0, b"a"), (1, b"b"), (2, None), (5, b"c"), (6, b"d")]
    with capture_logs():
        everything, end = await standing(bus, one), await standing(bus, one, last=3)
    assert everything == records
    assert [(record.offset, record.value) for record in end] == [(4, None), (5, b"c"), (6, b"d")]
    assert [one["event"] for one in logs].count("a batch is corrupt and is passed over") == 1
    await commit(consumer, records)
    assert await consumer.caught_up()


# --- how Kafka is spoken to


def test_a_security_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="username and a password"):
        KafkaSecurity(protocol="sasl_ssl", username="intake").arguments()
    with pytest.raises(ValueError, match="nowhere"):
        KafkaSecurity(protocol="ssl", ca=tmp_path / "nowhere.pem").arguments()
    (tmp_path / "letter.pem").write_text("To the bureau of finance")
    with pytest.raises(ValueError, match="letter"):
        KafkaSecurity(protocol="ssl", ca=tmp_path / "letter.pem").arguments()


def test_a_password_is_not_shown() -> None:
    security = KafkaSecurity(protocol="sasl_plaintext", username="intake", password="hush")
    assert "hush" not in repr(security)
    assert security.arguments()["sasl_plain_password"] == "hush"

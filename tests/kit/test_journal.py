"""What is written with its cause reaches the bus: all of it, in order, and never before."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import pytest
from kit_cast import (
    NOON,
    PATIENCE,
    Service,
    another_process,
    cutoff,
    header,
    numbers_of,
    on_postgresql,
    read_topic,
    running,
    until,
    waits_for_a_lock,
)
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import topics
from shared.contracts.envelope import Envelope, Event
from shared.kit import relay as relay_module
from shared.kit.bus.base import BusUnavailable, Message, Producer, Record
from shared.kit.journal import backlog


class Bulky(Event):
    """An event of any size."""

    TYPE: ClassVar[str] = "duban.test.bulky.v1"
    TOPIC: ClassVar[str] = topics.INTAKE

    plan: str
    text: str

    @property
    def subject(self) -> str:
        return self.plan


TOO_LARGE = "x" * 1_100_000


class Unsteady:
    """A producer whose bus fails `times` times: before it has sent, or after."""

    def __init__(self, inner: Producer, *, times: int, after: bool) -> None:
        self.inner = inner
        self.times = times
        self.after = after

    async def send(self, messages: Sequence[Message]) -> None:
        failing, self.times = self.times > 0, self.times - 1
        if not failing or self.after:
            await self.inner.send(messages)
        if failing:
            raise BusUnavailable("no answer")

    async def close(self) -> None:
        await self.inner.close()


async def sent(service: Service) -> list[Record]:
    return await read_topic(service.bus, topics.INTAKE)


async def behind(service: Service) -> tuple[int, int]:
    async with service.db.read() as session:
        return await backlog(session, service.tables)


async def everything_sent(service: Service) -> bool:
    return await behind(service) == (0, 0)


async def test_the_events_of_a_key_are_numbered_from_one_and_arrive_in_order(
    service: Service,
) -> None:
    for number in range(1, 6):
        await service.say(cutoff("fuzhou", f"c{number}"), cutoff("xiamen", f"c{number}"))
        await service.relay_everything()  # a new relay each time, as after a restart

    records = await sent(service)

    for plan in ("fuzhou", "xiamen"):
        assert numbers_of(records, plan) == [1, 2, 3, 4, 5]
        mine = [record for record in records if record.key == plan.encode()]
        assert [header(record, "ce_subject") for record in mine] == [
            f"{plan}/c{number}" for number in range(1, 6)
        ]
    assert await behind(service) == (0, 0)


async def test_more_than_a_page_arrives_in_order(service: Service) -> None:
    await service.say(*(cutoff("fuzhou", f"c{number}") for number in range(2100)))
    await service.relay_everything()
    assert numbers_of(await sent(service), "fuzhou") == list(range(1, 2101))


async def test_an_event_arrives_as_it_was_written(service: Service) -> None:
    event = cutoff("fuzhou", "c1")
    await service.say(event, correlation="request-7")
    await service.relay_everything()

    (record,) = await sent(service)

    headers = {name: (value or b"").decode() for name, value in record.headers}
    envelope = Envelope.from_headers(headers, record.value or b"")
    assert (envelope.type, envelope.correlation) == (event.TYPE, "request-7")
    assert envelope.source == "duban/intake"
    assert type(event).model_validate_json(envelope.data) == event


async def test_nothing_is_sent_before_its_transaction_commits(service: Service) -> None:
    relay = service.relay()
    async with service.db.write() as session:
        await service.journal.record(
            session, cutoff("fuzhou", "c1"), at=service.clock.business_now(), correlation="r"
        )
        assert await relay.send_page() == 0
    assert await relay.send_page() == 1
    assert len(await sent(service)) == 1


async def test_nothing_is_sent_of_a_transaction_that_failed(service: Service) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  # the whole transaction is meant
        async with service.db.write() as session:
            await service.journal.record(
                session, cutoff("fuzhou", "lost"), at=service.clock.business_now(), correlation="r"
            )
            raise RuntimeError("the cause did not happen")
    await service.say(cutoff("fuzhou", "kept"))
    await service.relay_everything()

    records = await sent(service)

    assert [header(record, "ce_subject") for record in records] == ["fuzhou/kept"]
    assert numbers_of(records, "fuzhou") == [1]


async def test_what_is_written_while_the_relay_waits_is_sent_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_POLL_SECONDS", 3600.0)
    async with running(service.relay().run):
        for number in range(1, 4):
            await service.say(cutoff("fuzhou", f"c{number}"))

            async def arrived(count: int = number) -> bool:
                return len(await sent(service)) == count

            await until(arrived)


async def test_an_unavailable_bus_delays_everything_and_loses_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_PAUSE_SECONDS", 0.01)
    producer = Unsteady(service.bus.producer(), times=5, after=False)
    await service.say(*(cutoff("fuzhou", f"c{number}") for number in range(1, 4)))

    async with running(service.relay(producer).run):
        await until(lambda: producer.times < 0)
        await until(lambda: everything_sent(service))

    assert numbers_of(await sent(service), "fuzhou") == [1, 2, 3]


async def test_what_the_bus_took_but_did_not_acknowledge_is_sent_again_as_the_same_event(
    service: Service,
) -> None:
    relay = service.relay(Unsteady(service.bus.producer(), times=1, after=True))
    await service.say(cutoff("fuzhou", "c1"))
    with pytest.raises(BusUnavailable):
        await relay.send_page()
    assert await behind(service) == (1, 0)

    await service.say(cutoff("fuzhou", "c2"))
    while await relay.send_page():
        pass

    first, again, second = await sent(service)
    assert (first.headers, first.value) == (again.headers, again.value)
    assert numbers_of([first, again, second], "fuzhou") == [1, 1, 2]
    assert await behind(service) == (0, 0)
    assert service.figure("duban_journal_sent_total") == 2


async def test_a_refused_event_parks_its_key_aloud_and_the_other_keys_go_on(
    service: Service,
) -> None:
    await service.say(
        cutoff("fuzhou", "c1"),
        Bulky(plan="fuzhou", text=TOO_LARGE),
        cutoff("xiamen", "c1"),
        cutoff("fuzhou", "c2"),
        cutoff("xiamen", "c2"),
    )
    await service.relay_everything()
    await service.say(cutoff("fuzhou", "c3"), cutoff("xiamen", "c3"))
    await service.relay_everything()

    records = await sent(service)

    assert numbers_of(records, "fuzhou") == [1]
    assert numbers_of(records, "xiamen") == [1, 2, 3]
    assert await behind(service) == (3, 1)


async def test_an_id_that_was_fixed_is_the_events_id(service: Service) -> None:
    await service.say(cutoff("fuzhou", "c1"), event_id="workday-2022-05-10")
    await service.relay_everything()
    (record,) = await sent(service)
    assert header(record, "ce_id") == "workday-2022-05-10"


# --- several relays


class Named:
    """A producer that remembers whose relay sent through it."""

    def __init__(self, inner: Producer, name: str, senders: list[str]) -> None:
        self.inner = inner
        self.name = name
        self.senders = senders

    async def send(self, messages: Sequence[Message]) -> None:
        self.senders.append(self.name)
        await self.inner.send(messages)

    async def close(self) -> None:
        await self.inner.close()


@on_postgresql
async def test_of_two_processes_one_relays_and_when_it_ends_the_other_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_POLL_SECONDS", 0.05)
    senders: list[str] = []

    async def say_and_wait(number: int) -> None:
        await service.say(cutoff("fuzhou", f"c{number}"))
        await until(lambda: everything_sent(service))

    async with another_process(service) as other:
        first = service.relay(Named(service.bus.producer(), "first", senders))
        second = other.relay(Named(service.bus.producer(), "second", senders))
        relaying = asyncio.create_task(first.run())
        await say_and_wait(1)
        async with running(second.run):
            for number in range(2, 6):
                await say_and_wait(number)
            assert set(senders) == {"first"}

            relaying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await relaying

            await say_and_wait(6)
            assert senders[-1] == "second"
    assert numbers_of(await sent(service), "fuzhou") == [1, 2, 3, 4, 5, 6]


@on_postgresql
async def test_two_relays_that_both_believe_to_be_the_one_give_no_event_two_numbers(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered, go_on = asyncio.Event(), asyncio.Event()
    async with another_process(service) as other:
        slow, quick = service.relay(), other.relay()
        keep_last = slow._keep_last

        async def wait_before_the_commit(session: AsyncSession, rows: Sequence[RowMapping]) -> None:
            numbered.set()
            await go_on.wait()
            await keep_last(session, rows)

        monkeypatch.setattr(slow, "_keep_last", wait_before_the_commit)
        async with service.db.write() as session:
            late = cutoff("fuzhou", "late")
            await service.journal.record(session, late, at=NOON, correlation="r")
            await service.say(cutoff("fuzhou", "early"))
            first = asyncio.create_task(slow.send_page())
            await asyncio.wait_for(numbered.wait(), PATIENCE)
        second = asyncio.create_task(quick.send_page())
        await until(lambda: waits_for_a_lock(service))
        go_on.set()
        await asyncio.wait_for(asyncio.gather(first, second), PATIENCE)
        await service.relay_everything()

    records = await sent(service)
    told = {(header(one, "ce_sequence"), header(one, "ce_subject")) for one in records}
    assert told == {("1", "fuzhou/early"), ("2", "fuzhou/late")}


async def test_what_a_relay_numbered_before_it_died_is_sent_by_the_one_beside_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_LOOK_BACK_SECONDS", 0.0)
    survivor = service.relay()
    await service.say(cutoff("fuzhou", "c1"))
    assert await survivor.send_page() == 1
    await service.say(cutoff("fuzhou", "c2"))
    dying = service.relay(Unsteady(service.bus.producer(), times=1, after=False))
    with pytest.raises(BusUnavailable):
        await dying.send_page()
    await service.say(cutoff("fuzhou", "c3"))

    while await survivor.send_page():
        pass

    assert numbers_of(await sent(service), "fuzhou") == [1, 2, 3]


@on_postgresql
async def test_what_is_committed_late_is_sent_although_what_came_after_it_is_gone(
    service: Service,
) -> None:
    async with service.db.write() as session:
        await service.journal.record(session, cutoff("fuzhou", "late"), at=NOON, correlation="r")
        await service.say(cutoff("fuzhou", "early"))
        await service.relay_everything()
    await service.relay_everything()

    records = await sent(service)

    assert [header(one, "ce_subject") for one in records] == ["fuzhou/early", "fuzhou/late"]
    assert numbers_of(records, "fuzhou") == [1, 2]


@on_postgresql
async def test_what_one_process_writes_wakes_the_relay_of_another(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with another_process(service) as other, running(other.db.listen):
        relay = other.relay()
        await service.say(cutoff("fuzhou", "c1"))
        bell = other.db.written.listener()

        async def heard() -> bool:
            await service.say(cutoff("xiamen", "again"))
            return bell._event.is_set()

        await until(heard)
        monkeypatch.setattr(relay_module, "_POLL_SECONDS", 3600.0)
        async with running(relay.run):
            await until(lambda: everything_sent(service))
            await service.say(cutoff("fuzhou", "c2"))
            await until(lambda: everything_sent(service))


async def test_a_bus_that_is_away_is_not_asked_again_at_every_commit(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_PAUSE_SECONDS", 3600.0)
    producer = Unsteady(service.bus.producer(), times=1000, after=False)
    async with running(service.relay(producer).run):
        await service.say(cutoff("fuzhou", "c1"))
        await until(lambda: producer.times < 1000)
        for number in range(2, 20):
            await service.say(cutoff("fuzhou", f"c{number}"))
    assert producer.times == 999

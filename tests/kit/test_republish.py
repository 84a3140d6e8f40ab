"""A bus that has lost its log gets it back from the journal, and nobody takes anything in twice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit_cast import (
    NOON,
    TOPICS,
    Service,
    cutoff,
    make_service,
    numbers_of,
    read_topic,
    running,
    until,
)

from shared.contracts import topics
from shared.kit import republish as republish_module
from shared.kit.bus.base import BusUnavailable
from shared.kit.bus.local import LocalBus
from shared.kit.republish import republish

PLANS = ("fuzhou", "xiamen", "putian")
DAY = timedelta(days=1)


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[LocalBus]:
    """A bus whose log was lost."""
    bus = LocalBus(path=tmp_path / "empty.sqlite", topics=TOPICS)
    await bus.start()
    yield bus
    await bus.close()


@pytest.fixture
async def fresh(tmp_path: Path, empty: LocalBus) -> AsyncIterator[Service]:
    """A consumer that has heard nothing yet, on the empty bus."""
    (tmp_path / "fresh").mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path}/fresh/service.sqlite"
    async with make_service(tmp_path / "fresh", url) as made:
        await made.bus.close()
        made.bus = empty
        yield made


async def say_again(service: Service, bus: LocalBus, *, told: list[int] | None = None) -> int:
    return await republish(
        db=service.db,
        tables=service.tables,
        producer=bus.producer(),
        source="duban/intake",
        since=NOON,
        progress=(told if told is not None else []).append,
    )


async def speak(service: Service, count: int) -> None:
    for number in range(1, count + 1):
        await service.say(*(cutoff(plan, f"c{number}") for plan in PLANS))
    await service.relay_everything()
    await service.take_in()


async def state(service: Service) -> dict[str, list[tuple[str, str]]]:
    return {plan: await service.marks(plan) for plan in PLANS}


async def test_after_a_lost_log_a_fresh_consumer_knows_what_the_first_knew_and_that_one_no_more(
    service: Service, fresh: Service, empty: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(republish_module, "_PAGE", 10)
    await speak(service, 25)
    before = await state(service)
    told: list[int] = []

    assert await say_again(service, empty, told=told) == 75

    await fresh.take_in()
    assert await state(fresh) == before
    assert await fresh.gaps() == 0
    lost, service.bus = service.bus, empty
    await service.take_in(service.loop(group="the first"))
    service.bus = lost
    assert await state(service) == before
    assert service.figure("duban_inbox_events_total", outcome="duplicate") == 75
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == 75


async def test_every_key_is_said_again_in_its_order(service: Service, empty: LocalBus) -> None:
    await speak(service, 30)
    await say_again(service, empty)
    records = await read_topic(empty, topics.INTAKE)
    for plan in PLANS:
        assert numbers_of(records, plan) == list(range(1, 31))


async def test_what_was_never_sent_is_left_to_the_relay_which_may_run_meanwhile(
    service: Service, fresh: Service, empty: LocalBus
) -> None:
    await speak(service, 20)
    lost, service.bus = service.bus, empty
    async with running(service.relay().run):
        await service.say(cutoff("fuzhou", "new"))
        await say_again(service, empty)
        await service.say(cutoff("fuzhou", "newer"))
        await until(lambda: all_said(empty))
    service.bus = lost

    await fresh.take_in()

    everything = [("fuzhou", f"c{number}") for number in range(1, 21)]
    everything += [("fuzhou", "new"), ("fuzhou", "newer")]
    assert await fresh.marks("fuzhou") == everything


async def all_said(bus: LocalBus) -> bool:
    return set(numbers_of(await read_topic(bus, topics.INTAKE), "fuzhou")) == set(range(1, 23))


async def test_only_what_was_sent_since_is_said_again_and_no_gap_is_left_behind_it(
    service: Service, empty: LocalBus
) -> None:
    for number, at in enumerate((NOON - DAY, NOON, NOON - DAY, NOON + DAY), start=1):
        async with service.db.write() as session:
            event = cutoff("fuzhou", f"c{number}")
            await service.journal.record(session, event, at=at, correlation="r")
    async with service.db.write() as session:
        old = cutoff("xiamen", "c1")
        await service.journal.record(session, old, at=NOON - DAY, correlation="r")
    await service.relay_everything()
    await service.say(cutoff("fuzhou", "c5"))
    lost, service.bus = service.bus, LocalBus(path=service.folder / "away", topics=TOPICS)
    with pytest.raises(BusUnavailable):
        await service.relay_everything()  # which gives it its number, and no more
    service.bus = lost

    assert await say_again(service, empty) == 3

    records = await read_topic(empty, topics.INTAKE)
    assert numbers_of(records, "fuzhou") == [2, 3, 4]  # 3 bears an older time than 2
    assert numbers_of(records, "xiamen") == []


async def test_a_bus_that_does_not_answer_is_told_and_all_of_it_can_be_said_again(
    service: Service, fresh: Service, empty: LocalBus
) -> None:
    await speak(service, 5)
    await empty.close()
    with pytest.raises(BusUnavailable):
        await say_again(service, empty)
    await empty.start()
    await say_again(service, empty)
    await say_again(service, empty)
    await fresh.take_in()
    assert await state(fresh) == await state(service)

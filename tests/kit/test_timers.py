"""What happens because time passes happens once, when it is due, whole or not at all."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from kit_cast import (
    NOON,
    PATIENCE,
    Service,
    another_process,
    on_postgresql,
    running,
    until,
    waits_for_a_lock,
)
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import timers as timers_module
from shared.kit.clock import MovableClock
from shared.kit.timers import Timer, TimerLoop

HOUR = timedelta(hours=1)


class Secretary:
    """Writes down which timers fired; fails on the subjects it was told to, after writing."""

    def __init__(self, service: Service, *, fails_on: frozenset[str] = frozenset()) -> None:
        self.service = service
        self.fails_on = fails_on
        self.ids: list[str] = []

    async def fire(self, session: AsyncSession, timer: Timer) -> None:
        self.ids.append(timer.event_id("task-1"))
        row = {"plan": timer.kind, "cutoff": timer.subject}
        await session.execute(insert(self.service.marks_table).values(**row))
        if timer.subject in self.fails_on:
            raise RuntimeError("the handler failed")

    def loop(self) -> TimerLoop:
        return self.service.timer_loop({"workday": self.fire})


async def set_timer(service: Service, subject: str, due_at: datetime) -> None:
    async with service.db.write() as session:
        await service.timers.set(session, Timer(kind="workday", subject=subject, due_at=due_at))


async def fired(service: Service) -> list[str]:
    return [subject for _, subject in await service.marks()]


async def fire_all(loop: TimerLoop) -> None:
    while await loop.fire_next():
        pass


def move(service: Service, span: timedelta) -> None:
    assert isinstance(service.clock, MovableClock)
    service.clock.advance(span)


async def test_a_timer_fires_once_when_business_time_has_come(service: Service) -> None:
    await set_timer(service, "fuzhou", NOON + HOUR)
    loop = Secretary(service).loop()
    await fire_all(loop)
    assert await fired(service) == []

    move(service, HOUR)
    await fire_all(loop)
    await fire_all(loop)

    assert await fired(service) == ["fuzhou"]
    assert service.figure("duban_timers_fired_total", kind="workday") == 1


async def test_what_is_overdue_fires_oldest_first(service: Service) -> None:
    for subject, hours in (("third", 3), ("first", 1), ("second", 2), ("not yet", 5)):
        await set_timer(service, subject, NOON + hours * HOUR)
    move(service, 4 * HOUR)
    await fire_all(Secretary(service).loop())
    assert await fired(service) == ["first", "second", "third"]


async def test_a_timer_set_again_fires_at_its_new_time_only(service: Service) -> None:
    await set_timer(service, "fuzhou", NOON)
    await set_timer(service, "fuzhou", NOON + HOUR)
    loop = Secretary(service).loop()
    await fire_all(loop)
    assert await fired(service) == []
    move(service, HOUR)
    await fire_all(loop)
    assert await fired(service) == ["fuzhou"]


async def test_a_dropped_timer_does_not_fire(service: Service) -> None:
    await set_timer(service, "fuzhou", NOON)
    await set_timer(service, "xiamen", NOON)
    async with service.db.write() as session:
        await service.timers.drop(session, Timer(kind="workday", subject="fuzhou", due_at=NOON))
    await fire_all(Secretary(service).loop())
    assert await fired(service) == ["xiamen"]


async def test_a_timer_of_a_kind_nobody_handles_here_is_left_alone(service: Service) -> None:
    async with service.db.write() as session:
        await service.timers.set(session, Timer(kind="ladder", subject="fuzhou", due_at=NOON))
    await fire_all(Secretary(service).loop())
    async with service.db.read() as session:
        assert await service.timers.due(session, now=NOON) == 1


async def test_a_failing_timer_leaves_nothing_holds_nobody_up_and_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers_module, "_PENALTY_SECONDS", 0.2)
    monkeypatch.setattr(timers_module, "_POLL_SECONDS", 0.01)
    secretary = Secretary(service, fails_on=frozenset({"fuzhou"}))
    for hours, subject in enumerate(("fuzhou", "xiamen", "putian")):
        await set_timer(service, subject, NOON - (3 - hours) * HOUR)

    async def so_far(*subjects: str) -> bool:
        return await fired(service) == list(subjects)

    async with running(secretary.loop().run):
        await until(lambda: so_far("xiamen", "putian"))
        tries = len(secretary.ids)
        await until(lambda: len(secretary.ids) > tries)
        assert await so_far("xiamen", "putian")
        secretary.fails_on = frozenset()
        await until(lambda: so_far("xiamen", "putian", "fuzhou"))


async def test_the_event_of_a_timer_is_the_same_event_on_each_try(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers_module, "_PENALTY_SECONDS", 0.0)
    secretary = Secretary(service, fails_on=frozenset({"fuzhou"}))
    await set_timer(service, "fuzhou", NOON)
    await secretary.loop().fire_next()
    await secretary.loop().fire_next()
    secretary.fails_on = frozenset()
    await secretary.loop().fire_next()
    await set_timer(service, "fuzhou", NOON - HOUR)
    await secretary.loop().fire_next()

    first, second, third, another_time = secretary.ids
    assert first == second == third
    assert another_time != first


def test_the_events_id_does_not_depend_on_how_the_instant_is_written() -> None:
    local = NOON.astimezone(timezone(8 * HOUR))
    ids = {
        Timer(kind="workday", subject="fuzhou", due_at=at).event_id("t1") for at in (NOON, local)
    }
    assert len(ids) == 1


def test_the_events_of_one_timer_are_told_apart() -> None:
    timer = Timer(kind="workday", subject="fuzhou", due_at=NOON)
    assert len({timer.event_id(), timer.event_id("t1"), timer.event_id("t2")}) == 3


async def test_moving_the_clock_wakes_the_loop(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers_module, "_POLL_SECONDS", 3600.0)
    await set_timer(service, "fuzhou", NOON + HOUR)
    loop, looks = Secretary(service).loop(), []
    fire_next = loop.fire_next

    async def look() -> bool:
        looks.append(await fire_next())
        return looks[-1]

    monkeypatch.setattr(loop, "fire_next", look)
    async with running(loop.run):
        await until(lambda: looks == [False])
        move(service, HOUR)
        await until(lambda: True in looks)
    assert await fired(service) == ["fuzhou"]


async def test_a_timer_set_in_the_past_wakes_the_loop(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers_module, "_POLL_SECONDS", 3600.0)
    secretary = Secretary(service)
    async with running(secretary.loop().run):
        await set_timer(service, "fuzhou", NOON - HOUR)
        await until(lambda: len(secretary.ids) == 1)


# --- several processes


async def test_of_many_processes_one_fires_a_timer(service: Service) -> None:
    subjects = [f"plan-{number}" for number in range(20)]
    for subject in subjects:
        await set_timer(service, subject, NOON)
    async with another_process(service) as second, another_process(service) as third:
        loops = [Secretary(one).loop() for one in (service, second, third)]
        await asyncio.wait_for(asyncio.gather(*map(fire_all, loops)), PATIENCE)
    assert sorted(await fired(service)) == sorted(subjects)


@on_postgresql
async def test_a_timer_waits_for_whoever_writes_about_its_plan_and_is_looked_at_again(
    service: Service,
) -> None:
    await set_timer(service, "fuzhou/2022-05", NOON)
    loop = Secretary(service).loop()
    async with service.db.write("fuzhou") as session:
        firing = asyncio.create_task(fire_all(loop))
        await until(lambda: waits_for_a_lock(service))
        later = Timer(kind="workday", subject="fuzhou/2022-05", due_at=NOON + HOUR)
        await service.timers.set(session, later)
    await asyncio.wait_for(firing, PATIENCE)
    assert await fired(service) == []
    move(service, HOUR)
    await fire_all(loop)
    assert await fired(service) == ["fuzhou/2022-05"]


async def test_a_timer_whose_database_went_away_is_no_failing_timer(service: Service) -> None:
    secretary = Secretary(service)
    away = OSError("the database is away")

    async def fire(session: AsyncSession, timer: Timer) -> None:
        await secretary.fire(session, timer)
        if secretary.ids[1:] == []:
            raise away

    loop = service.timer_loop({"workday": fire})
    await set_timer(service, "fuzhou", NOON)
    with pytest.raises(OSError, match="is away"):
        await loop.fire_next()
    assert await loop.fire_next()
    assert await fired(service) == ["fuzhou"]

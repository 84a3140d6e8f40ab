"""What only the database knows shows on every replica, and never makes a scrape wait."""

from datetime import timedelta

import pytest
from kit_cast import NOON, Service, another_process, cutoff, marks_of

from shared.kit.clock import MovableClock
from shared.kit.timers import Timer


def move(service: Service, span: timedelta) -> None:
    assert isinstance(service.clock, MovableClock)
    service.clock.advance(span)


async def test_the_relays_lag_is_the_age_of_the_oldest_unsent_event(service: Service) -> None:
    await service.say(cutoff("fuzhou", "c1"))
    move(service, timedelta(minutes=7))
    await service.say(cutoff("fuzhou", "c2"))
    await service.figures().read()
    assert service.figure("duban_journal_unsent") == 2
    assert service.figure("duban_journal_oldest_unsent_seconds") == pytest.approx(420, abs=5)


async def test_a_timer_that_has_not_fired_is_overdue_from_its_instant_on(service: Service) -> None:
    async with service.db.write() as session:
        due = Timer(kind="workday", subject="fuzhou", due_at=NOON + timedelta(hours=1))
        await service.timers.set(session, due)
    await service.figures().read()
    assert service.figure("duban_timers_overdue") == 0
    assert service.figure("duban_timers_oldest_overdue_seconds") == 0
    move(service, timedelta(hours=3))
    await service.figures().read()
    assert service.figure("duban_timers_overdue") == 1
    assert service.figure("duban_timers_oldest_overdue_seconds") == pytest.approx(7200, abs=5)


async def test_what_was_heard_of_a_topic_can_be_held_against_what_was_said(
    service: Service,
) -> None:
    await service.bus.producer().send(marks_of("fuzhou", 1, 2, 3))
    await service.bus.producer().send(marks_of("xiamen", 1))
    await service.take_in()
    async with service.db.write() as session:
        said = {"topic": "duban.scoring", "key": "fuzhou", "last": 5}
        await session.execute(service.tables.sequences.insert().values(**said))
    await service.figures().read()
    assert service.figure("duban_inbox_heard", topic="duban.intake") == 4
    assert service.figure("duban_journal_numbered", topic="duban.scoring") == 5


async def test_a_replica_that_has_just_begun_shows_the_same(service: Service) -> None:
    await service.say(cutoff("fuzhou", "c1"))
    async with another_process(service) as other:
        await other.figures().read()
        assert other.figure("duban_journal_unsent") == 1


async def test_a_database_that_does_not_answer_shows_and_the_figures_grow_old(
    service: Service,
) -> None:
    figures = service.figures()
    await figures.read()
    read_at = service.figure("duban_figures_timestamp_seconds")
    assert read_at
    assert service.figure("duban_ready", check="database") == 1
    assert service.figure("duban_ready", check="bus") == 1

    async def away() -> bool:
        return False

    service.db.answers = away  # type: ignore[method-assign]  # it has gone
    await figures.read()
    assert service.figure("duban_ready", check="database") == 0
    assert service.figure("duban_figures_timestamp_seconds") == read_at


async def test_a_reading_that_fails_keeps_the_others_from_nothing(service: Service) -> None:
    told = []

    async def broken() -> None:
        raise RuntimeError("a fault of ours")

    async def sound() -> None:
        told.append("read")

    await service.say(cutoff("fuzhou", "c1"))
    await service.figures(broken, sound).read()
    assert told == ["read"]
    assert service.figure("duban_journal_unsent") == 1
    assert service.figure("duban_figures_timestamp_seconds") == 0


async def test_who_watches_the_journal_hears_of_what_was_committed_only(service: Service) -> None:
    heard: list[str] = []
    service.journal.watch(lambda events: heard.extend(event.subject for event in events))
    await service.say(cutoff("fuzhou", "c1"))
    async with service.db.write() as session:
        await service.journal.record(session, cutoff("xiamen", "c"), at=NOON, correlation="r")
        await session.rollback()
    assert heard == [cutoff("fuzhou", "c1").subject]

"""A restored database learns from the log what it has forgotten, and goes on behind it."""

from collections import Counter
from typing import Any

import pytest
from kit_cast import (
    NOON,
    TOPICS,
    Service,
    cutoff,
    marks_of,
    numbers_of,
    read_topic,
    with_header,
    write_foreign,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import topics
from shared.contracts.intake import CredentialChanged, CutoffMarked
from shared.kit import adopt as adopt_module
from shared.kit.adopt import Adopted, Irretrievable, Memory, adopt
from shared.kit.bus.base import BusUnavailable


async def adopt_it(service: Service, **options: Any) -> Adopted:  # noqa: ANN401  # as `adopt` takes them
    options.setdefault("memory", Memory(rows={CutoffMarked: service.mark}))
    return await adopt(
        bus=service.bus,
        db=service.db,
        tables=service.tables,
        guard=service.guard,
        topics=TOPICS,
        clock=service.clock,
        **options,
    )


async def speak(service: Service, plan: str, *numbers: int) -> None:
    """Each cut-off has a cause of its own, as if it was made of an event that was heard."""
    for number in numbers:
        async with service.db.write() as session:
            await service.journal.record(
                session,
                cutoff(plan, f"c{number}"),
                at=NOON,
                correlation=f"request-{number}",
                cause=f"{plan} {number}",
            )
    await service.relay_everything()


async def in_the_log(service: Service, key: str) -> list[int]:
    return numbers_of(await read_topic(service.bus, topics.INTAKE), key)


async def test_the_journal_is_the_whole_history_again_and_new_events_go_on_behind_it(
    service: Service,
) -> None:
    await speak(service, "fuzhou", 1, 2)
    backup = await service.back_up()
    await speak(service, "fuzhou", 3, 4, 5)
    await speak(service, "xiamen", 1)
    before = await service.said()
    await service.restore(backup)

    adopted = await adopt_it(service)

    assert adopted.events == Counter({(topics.INTAKE, "fuzhou"): 3, (topics.INTAKE, "xiamen"): 1})
    assert await service.said() == before
    assert await service.guard.forgotten() == []
    await speak(service, "fuzhou", 6)
    await speak(service, "xiamen", 2)
    assert await in_the_log(service, "fuzhou") == [1, 2, 3, 4, 5, 6]
    assert await in_the_log(service, "xiamen") == [1, 2]
    await service.take_in()
    assert await service.gaps() == 0


async def test_an_empty_database_adopts_all_of_it(service: Service) -> None:
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2, 3)
    before = await service.said()
    await service.restore(empty)
    await adopt_it(service)
    assert await service.said() == before


async def test_what_an_event_tells_of_becomes_a_row_again_once(service: Service) -> None:
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2, 3)
    await service.restore(empty)

    await adopt_it(service)
    again = await adopt_it(service)

    assert await service.marks() == [("fuzhou", "c1"), ("fuzhou", "c2"), ("fuzhou", "c3")]
    assert again.events == Counter()


async def test_an_adoption_that_breaks_off_is_completed_by_the_next(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopt_module, "_PAGE", 2)
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2, 3, 4, 5)
    before = await service.said()
    await service.restore(empty)
    told: list[int] = []

    def break_off(count: int) -> None:
        told.append(count)
        if count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await adopt_it(service, progress=break_off)
    assert told == [2, 4]
    assert await service.guard.forgotten() != []
    await adopt_it(service)

    assert await service.said() == before
    assert await service.marks() == [("fuzhou", f"c{number}") for number in range(1, 6)]
    assert await service.guard.forgotten() == []


async def test_what_came_again_after_the_restore_keeps_the_number_it_was_told_under(
    service: Service,
) -> None:
    await speak(service, "fuzhou", 1)
    backup = await service.back_up()
    await speak(service, "fuzhou", 2, 3)
    before = await service.said()
    await service.restore(backup)
    async with service.db.write() as session:  # its cause is heard again, before anything else
        event = cutoff("fuzhou", "c3")
        await service.journal.record(session, event, at=NOON, correlation="r", cause="fuzhou 3")

    await adopt_it(service)

    assert await service.said() == before
    await service.relay_everything()
    assert await in_the_log(service, "fuzhou") == [1, 2, 3]


async def test_what_comes_again_after_the_adoption_is_not_said_again(service: Service) -> None:
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2)
    await service.restore(empty)
    await adopt_it(service)
    await speak(service, "fuzhou", 1, 2, 3)
    assert await in_the_log(service, "fuzhou") == [1, 2, 3]


async def test_the_same_cause_with_another_outcome_is_said(service: Service) -> None:
    for name in ("c1", "c2", "c1"):
        async with service.db.write() as session:
            await service.journal.record(
                session, cutoff("fuzhou", name), at=NOON, correlation="r", cause="the same"
            )
    assert [row["subject"] for row in await service.said()] == ["fuzhou/c1", "fuzhou/c2"]


async def test_what_was_numbered_before_the_backup_and_sent_after_it_is_sent_as_the_same(
    service: Service,
) -> None:
    await service.say(cutoff("fuzhou", "c1"), cutoff("fuzhou", "c2"))
    await service.bus.close()
    with pytest.raises(BusUnavailable):
        await service.relay_everything()
    backup = await service.back_up()
    await service.bus.start()
    await service.relay_everything()
    before = await service.said()
    await service.restore(backup)

    assert await service.guard.forgotten() == []
    await service.relay_everything()

    assert await service.said() == before
    assert await in_the_log(service, "fuzhou") == [1, 2, 1, 2]


async def test_what_was_written_since_the_restore_follows_what_was_forgotten(
    service: Service,
) -> None:
    await speak(service, "fuzhou", 1)
    backup = await service.back_up()
    await speak(service, "fuzhou", 2, 3)
    await service.restore(backup)
    await service.say(cutoff("fuzhou", "new"))

    await adopt_it(service)
    await service.relay_everything()

    assert [row["subject"] for row in await service.said()] == [
        "fuzhou/c1", "fuzhou/c2", "fuzhou/c3", "fuzhou/new"
    ]  # fmt: skip
    await service.take_in()
    assert await service.gaps() == 0


async def test_a_log_that_holds_them_out_of_order_is_adopted_in_order(service: Service) -> None:
    await service.bus.producer().send([*marks_of("fuzhou", 4), *marks_of("fuzhou", 1, 2, 3, 4)])
    adopted = await adopt_it(service)
    assert [row["sequence"] for row in await service.said()] == [1, 2, 3, 4]
    assert await service.marks() == [("fuzhou", f"c{number}") for number in range(1, 5)]
    assert adopted.events.total() == 4


async def test_foreign_and_unreadable_records_are_left_out_and_counted(service: Service) -> None:
    good, strange, spoilt = marks_of("fuzhou", 1, 2, 3)
    write_foreign(service.folder, topics.INTAKE, None, b"\xff")
    await service.bus.producer().send(
        [
            good,
            with_header(strange, "ce_source", "duban/other"),
            with_header(spoilt, "ce_subject", "another"),
        ]
    )
    adopted = await adopt_it(service)
    assert [row["sequence"] for row in await service.said()] == [1]
    assert adopted.left_out == Counter(other_source=1, not_cloudevents=1, wrong_subject=1)
    assert await service.guard.forgotten() == []  # its number is used, though nobody can read it
    assert "1 records were left out: wrong_subject" in adopted.lines()


async def test_an_event_of_a_newer_release_is_kept_as_it_was_told(service: Service) -> None:
    (newer,) = marks_of("fuzhou", 1)
    await service.bus.producer().send([with_header(newer, "ce_type", "duban.intake.new.v1")])
    await adopt_it(service)
    assert [row["type"] for row in await service.said()] == ["duban.intake.new.v1"]


async def test_of_a_compacted_topic_the_newest_state_is_adopted(service: Service) -> None:
    empty = await service.back_up()
    for revoked_at in (None, NOON):
        await service.say(
            CredentialChanged(
                token="abc",
                holder="Ms Lin",
                unit=None,
                roles=("office",),
                secret_sha256="0",
                issued_at=NOON,
                expires_at=None,
                revoked_at=revoked_at,
            )
        )
    await service.relay_everything()
    await service.restore(empty)

    async def store(session: AsyncSession, received: Any) -> None:  # noqa: ANN401  # a token's state
        await service.credentials.store(session, received.event)

    await adopt_it(service, memory=Memory(rows={CredentialChanged: store}))

    async with service.db.read() as session:
        (token,) = await service.credentials.all(session)
    assert token["revoked_at"] == NOON
    assert [row["sequence"] for row in await service.said()] == [2]


async def nobody_knows(_session: AsyncSession, event: CutoffMarked) -> str | None:
    return f"{event.cutoff}: mark it again" if event.cutoff != "c1" else None


async def test_what_cannot_be_brought_back_is_named_before_anything_is_written(
    service: Service,
) -> None:
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2, 3)
    await service.restore(empty)
    with pytest.raises(Irretrievable) as refused:
        await adopt_it(service, memory=Memory(losses={CutoffMarked: nobody_knows}))
    lines = str(refused.value).splitlines()
    assert lines[:2] == ["c2: mark it again", "c3: mark it again"]
    assert "--accept-losses" in lines[2]
    assert await service.said() == []
    assert await service.guard.forgotten() != []


async def test_a_loss_that_is_accepted_is_told_and_the_rest_is_adopted(service: Service) -> None:
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2)
    await service.restore(empty)
    adopted = await adopt_it(
        service, memory=Memory(losses={CutoffMarked: nobody_knows}), accept_losses=True
    )
    assert "lost: c2: mark it again" in adopted.lines()
    assert len(await service.said()) == 2


async def test_a_database_that_forgot_nothing_adopts_nothing(service: Service) -> None:
    await speak(service, "fuzhou", 1, 2)
    before = await service.back_up()
    adopted = await adopt_it(service)
    assert adopted.lines() == ["0 events were adopted in all"]
    assert await service.back_up() == before


async def test_a_log_that_does_not_answer_is_told(service: Service) -> None:
    await service.bus.close()
    with pytest.raises(BusUnavailable):
        await adopt_it(service)


async def test_adopting_waits_for_whoever_gives_numbers(service: Service) -> None:
    """Its pages hold the lock of the numbers: on SQLite there is one writer anyway."""
    empty = await service.back_up()
    await speak(service, "fuzhou", 1)
    await service.restore(empty)
    held: list[int] = []

    async def count_locks(session: AsyncSession, _received: object) -> None:
        if session.get_bind().dialect.name == "postgresql":
            query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            held.append(await session.scalar(text(query)) or 0)
        else:
            held.append(2)

    await adopt_it(service, memory=Memory(rows={CutoffMarked: count_locks}))
    assert held == [2]  # the numbers', and the plan's

"""A database that was restored from a backup is noticed before the service speaks over itself."""

import asyncio
from dataclasses import replace

import pytest
from fastapi import APIRouter
from kit_cast import (
    NOON,
    PATIENCE,
    Service,
    another_process,
    browser,
    cutoff,
    marks_of,
    message,
    numbers_of,
    on_postgresql,
    read_topic,
    running,
    until,
    with_header,
    write_foreign,
)
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.contracts import topics
from shared.contracts.intake import CredentialChanged
from shared.kit import log_guard as guard_module
from shared.kit import relay as relay_module
from shared.kit.bus.base import BusUnavailable, Message
from shared.kit.db import migrate
from shared.kit.log_guard import Behind, Forgotten
from shared.kit.republish import republish


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "_AGAIN_SECONDS", 0.02)


async def speak(service: Service, plan: str, *numbers: int) -> None:
    await service.say(*(cutoff(plan, f"c{number}") for number in numbers))
    await service.relay_everything()


async def restored(service: Service, *, forgets: int = 2) -> None:
    """The service has told 3 cut-offs of Fuzhou, then some more that its backup does not have."""
    await speak(service, "fuzhou", 1, 2, 3)
    backup = await service.back_up()
    await speak(service, "fuzhou", *range(4, 4 + forgets))
    await service.restore(backup)


async def forgotten(service: Service) -> list[tuple[str, int, int]]:
    """Key, the last number known, and the last in the log."""
    return [(one.key, one.known, one.in_log) for one in await service.guard.forgotten()]


async def test_a_database_that_knows_all_it_has_said_is_trusted(service: Service) -> None:
    await speak(service, "fuzhou", 1, 2, 3)
    await speak(service, "xiamen", 1)
    assert await service.guard.forgotten() == []
    await asyncio.wait_for(service.guard.sure(), PATIENCE)
    await service.guard.refuse_if_behind()


async def test_a_restored_database_is_told_which_keys_it_has_forgotten(service: Service) -> None:
    await speak(service, "xiamen", 1)
    await restored(service)
    assert await service.guard.forgotten() == [Forgotten(topics.INTAKE, "fuzhou", 3, 5)]


async def test_an_empty_database_under_a_log_with_a_history_has_forgotten_all(
    service: Service,
) -> None:
    empty = await service.back_up()
    await speak(service, "fuzhou", 1, 2)
    await speak(service, "xiamen", 1)
    await service.restore(empty)
    assert await forgotten(service) == [("fuzhou", 0, 2), ("xiamen", 0, 1)]


async def test_a_forgotten_token_is_noticed_in_the_compacted_topic(service: Service) -> None:
    backup = await service.back_up()
    token = CredentialChanged(
        token="abc",
        holder="Ms Lin",
        unit=None,
        roles=("office",),
        secret_sha256="0",
        issued_at=NOON,
        expires_at=None,
        revoked_at=None,
    )
    await service.say(token, token)
    await service.relay_everything()
    await service.restore(backup)
    assert await forgotten(service) == [("abc", 0, 2)]


async def test_what_others_wrote_at_the_end_of_the_log_hides_nothing(service: Service) -> None:
    await restored(service)
    (partition,) = {one.partition for one in await read_topic(service.bus, topics.INTAKE)}
    others = [with_header(one, "ce_source", "duban/other") for one in marks_of("fuzhou", *range(9))]
    await service.bus.producer().send([one for one in others if one.value] * 2)
    if partition == 0:
        write_foreign(service.folder, topics.INTAKE, None, b"\xff")
    assert await forgotten(service) == [("fuzhou", 3, 5)]


def _spoilt() -> list[Message]:
    (one,) = marks_of("fuzhou", 99)
    return [
        with_header(one, "ce_source", "duban/other"),
        with_header(one, "ce_sequence", "many"),
        with_header(one, "ce_id", "i" * 65),
        with_header(one, "ce_subject", "half\0"),
        replace(one, value=b""),
        replace(one, value=b"\xff"),
        replace(one, value=b'"\0"'),
    ]


@pytest.mark.parametrize("spoilt", _spoilt(), ids=range(len(_spoilt())))
async def test_what_this_service_cannot_have_said_counts_for_nothing(
    service: Service, spoilt: Message
) -> None:
    await speak(service, "fuzhou", 1)
    await service.bus.producer().send([spoilt])
    assert await service.guard.forgotten() == []


async def test_nothing_is_numbered_or_sent_until_the_database_knows_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_POLL_SECONDS", 0.02)
    await speak(service, "fuzhou", 1, 2, 3)
    before = await service.back_up()
    await speak(service, "fuzhou", 4, 5)
    whole = await service.back_up()
    await service.restore(before)
    await service.say(cutoff("fuzhou", "new"))
    looks = count_looks(service, monkeypatch)

    with capture_logs() as logs:
        async with running(service.relay().run):
            await until(lambda: len(looks) > 3)
            assert None in [row["sequence"] for row in await service.said()]
            assert numbers_of(await read_topic(service.bus, topics.INTAKE), "fuzhou") == [
                1, 2, 3, 4, 5
            ]  # fmt: skip
            await service.restore(whole)
            await service.say(cutoff("fuzhou", "newer"))
            await until(lambda: everything_sent(service))

    assert numbers_of(await read_topic(service.bus, topics.INTAKE), "fuzhou")[-1] == 6
    errors = [one for one in logs if one["log_level"] == "error"]
    assert len(errors) == 1, "it is said once, not at every look"
    assert "python -m intake adopt" in errors[0]["finding"]
    assert "fuzhou goes to 5, the database to 3" in errors[0]["finding"]


def count_looks(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with every look of the service's guard at the log."""
    looks: list[None] = []
    history = service.bus.history

    def counted(*places: object, **options: object) -> object:
        looks.append(None)
        return history(*places, **options)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(service.bus, "history", counted)
    return looks


async def everything_sent(service: Service) -> bool:
    async with service.db.read() as session:
        unsent = text("SELECT count(*) FROM journal WHERE sent_at IS NULL")
        return not await session.scalar(unsent)


async def test_readiness_says_steadily_what_was_forgotten_and_how_to_mend_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(url=service.url, migrations=service.migrations)
    await restored(service)
    app = service.app(workers={"relay": service.relay().run})
    looks = count_looks(service, monkeypatch)
    async with app.router.lifespan_context(app), browser(app) as client:

        async def said() -> str:
            answer = await client.get("/readyz")
            return "" if answer.is_success else str(answer.json()["checks"]["journal"])

        await until(lambda: len(looks) > 1)
        while len(looks) < 6:
            assert "python -m intake adopt" in await said()
            await asyncio.sleep(0.005)


async def test_a_service_is_not_ready_before_its_database_was_compared(service: Service) -> None:
    await migrate(url=service.url, migrations=service.migrations)
    await service.bus.close()
    app = service.app()
    async with browser(app) as client, running(service.guard.sure):
        await asyncio.sleep(0)
        checks = (await client.get("/readyz")).json()["checks"]
    assert checks["journal"] == "not compared with the log yet"


async def test_while_it_is_behind_a_service_answers_and_changes_nothing(service: Service) -> None:
    await migrate(url=service.url, migrations=service.migrations)
    router, done = APIRouter(), []

    @router.post("/reports")
    async def take() -> dict[str, str]:
        done.append("a report")
        return {}

    @router.get("/reports")
    async def show() -> dict[str, str]:
        return {"reports": "some"}

    backup = await service.back_up()
    await speak(service, "fuzhou", 1)
    whole = await service.back_up()
    await service.restore(backup)
    app = service.app(router)
    async with browser(app) as client:
        async with running(service.guard.sure):
            await until(lambda: service.guard.refusal() is not None)
            refused = await client.post("/reports")
            assert (await client.get("/reports")).json() == {"reports": "some"}
        assert (refused.status_code, refused.json()["code"], done) == (503, "behind_the_log", [])

        await service.restore(whole)
        await asyncio.wait_for(service.guard.sure(), PATIENCE)

        assert (await client.post("/reports")).status_code == 200


async def test_what_a_service_does_by_itself_waits_until_its_database_is_trusted(
    service: Service,
) -> None:
    backup = await service.back_up()
    await speak(service, "fuzhou", 1)
    whole = await service.back_up()
    await service.restore(backup)
    begun = asyncio.Event()

    async def timers() -> None:
        begun.set()

    async with running(service.guard.once_sure(timers)):
        await until(lambda: service.guard.refusal() is not None)
        assert not begun.is_set()
        await service.restore(whole)
        await asyncio.wait_for(begun.wait(), PATIENCE)


async def test_a_log_that_does_not_answer_is_waited_for(service: Service) -> None:
    await speak(service, "fuzhou", 1)
    await service.bus.close()
    with capture_logs() as logs:
        asking = asyncio.create_task(service.guard.sure())
        await until(lambda: bool(logs))
        assert not asking.done()
        with pytest.raises(BusUnavailable):
            await service.guard.refuse_if_behind()
        await service.bus.start()
        await asyncio.wait_for(asking, PATIENCE)
    assert {one["event"] for one in logs} == {"the bus does not answer; the journal waits"}


async def test_who_asks_is_answered_by_a_look_that_began_after_the_question(
    service: Service,
) -> None:
    await asyncio.wait_for(service.guard.sure(), PATIENCE)
    await restored(service)
    async with running(service.guard.sure):
        await until(lambda: service.guard.refusal() is not None)


async def test_a_database_that_forgot_says_nothing_again(service: Service) -> None:
    await restored(service)
    with pytest.raises(Behind, match="python -m intake adopt"):
        await service.guard.refuse_if_behind()


async def test_a_log_that_was_told_again_still_shows_what_was_forgotten(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_module, "_LOOK_BACK", 1)
    # Of two keys in one partition the first has the newer events.
    await speak(service, "fuzhou", 1)
    neighbour = await in_the_partition_of(service, "fuzhou")
    await speak(service, neighbour, 1)
    backup = await service.back_up()
    await speak(service, "fuzhou", 2)
    await republish(
        db=service.db,
        tables=service.tables,
        producer=service.bus.producer(),
        source="duban/intake",
        since=NOON,
    )
    await service.restore(backup)
    assert await forgotten(service) == [("fuzhou", 1, 2)]


async def in_the_partition_of(service: Service, key: str) -> str:
    """Another key, later in the alphabet, whose records stand in the same partition."""
    names = [f"z{number}" for number in range(30)]
    foreign = [with_header(message(cutoff(name, "c"), 1), "ce_source", "other") for name in names]
    await service.bus.producer().send(foreign)
    records = await read_topic(service.bus, topics.INTAKE)
    partition = {(one.key or b"").decode(): one.partition for one in records}
    return next(name for name in names if partition[name] == partition[key])


@on_postgresql
async def test_who_loses_its_connection_asks_anew_before_it_sends(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "_POLL_SECONDS", 0.05)
    await speak(service, "fuzhou", 1)
    backup = await service.back_up()
    await speak(service, "fuzhou", 2)
    async with another_process(service) as running_one:
        relay = running_one.relay()
        relaying = asyncio.create_task(relay.run())
        await running_one.say(cutoff("fuzhou", "c3"))
        await until(lambda: everything_sent(service))
        await service.restore(backup)
        async with service.db.write() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks "
                    "WHERE objsubid = 2 AND locktype = 'advisory'"
                )
            )
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(relaying, PATIENCE)
        async with running(relay.run):  # as its worker is started again
            await until(lambda: running_one.guard.refusal() is not None)
            await service.say(cutoff("fuzhou", "new"))
            assert [row["sequence"] for row in await service.said()] == [1, None]

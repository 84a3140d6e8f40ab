"""A transaction is whole, loses no neighbour's change, and runs on a schema its code knows."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from kit_cast import (
    PATIENCE,
    Service,
    another_process,
    on_postgresql,
    running,
    until,
    write_migrations,
)
from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from shared.kit import db as db_module
from shared.kit import engines
from shared.kit.db import Database, SchemaTooOld, announce, migrate
from shared.kit.engines import is_passing


async def add_mark(db: Database, service: Service, cutoff: str) -> None:
    async with db.write() as session:
        await session.execute(insert(service.marks_table).values(plan="fuzhou", cutoff=cutoff))


async def test_what_is_written_is_there_for_the_next_process(service: Service) -> None:
    await add_mark(service.db, service, "c1")
    await service.db.close()
    other = Database(url=service.url, migrations=service.migrations)
    async with other.read() as session:
        assert await session.scalar(select(func.count()).select_from(service.marks_table)) == 1
    await other.close()


async def test_a_transaction_that_fails_leaves_nothing(service: Service) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  # the whole transaction is meant
        async with service.db.write() as session:
            await session.execute(insert(service.marks_table).values(plan="fuzhou", cutoff="c1"))
            await session.flush()
            raise RuntimeError("no")
    assert await service.marks() == []


async def test_a_transaction_that_is_cancelled_leaves_nothing(service: Service) -> None:
    written = asyncio.Event()

    async def linger() -> None:
        async with service.db.write() as session:
            await session.execute(insert(service.marks_table).values(plan="fuzhou", cutoff="c1"))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(linger())
    await asyncio.wait_for(written.wait(), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await add_mark(service.db, service, "c2")
    assert await service.marks() == [("fuzhou", "c2")]


async def test_what_a_reading_transaction_writes_is_not_kept(service: Service) -> None:
    with suppress(DBAPIError):  # one engine refuses it, the other forgets it
        async with service.db.read() as session:
            await session.execute(insert(service.marks_table).values(plan="fuzhou", cutoff="c1"))
    assert await service.marks() == []


async def test_concurrent_read_modify_writes_lose_nothing(service: Service) -> None:
    table = service.marks_table
    await add_mark(service.db, service, "0")
    other = Database(url=service.url, migrations=service.migrations)  # as a second process has

    async def increment(db: Database) -> None:
        async with db.write("fuzhou") as session:
            count = int(await session.scalar(select(table.c.cutoff)) or 0)
            await asyncio.sleep(0)
            await session.execute(table.update().values(cutoff=str(count + 1)))

    await asyncio.gather(*(increment(db) for db in (service.db, other) for _ in range(25)))

    await other.close()
    assert await service.marks() == [("fuzhou", "50")]


async def test_a_reader_waits_for_no_writer_and_sees_one_state(service: Service) -> None:
    await add_mark(service.db, service, "c1")
    async with service.db.write() as writing:
        await writing.execute(insert(service.marks_table).values(plan="fuzhou", cutoff="c2"))
        assert await asyncio.wait_for(service.marks(), PATIENCE) == [("fuzhou", "c1")]
    async with service.db.read() as session:
        count = select(func.count()).select_from(service.marks_table)
        assert await session.scalar(count) == 2
        await add_mark(service.db, service, "c3")
        assert await session.scalar(count) == 2


async def test_commits_survive_a_power_cut(service: Service) -> None:
    async with service.db.write() as session:
        if service.url.startswith("sqlite"):
            assert await session.scalar(text("PRAGMA synchronous")) == 2
            assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        else:
            assert await session.scalar(text("SHOW synchronous_commit")) == "on"
            assert await session.scalar(text("SHOW fsync")) == "on"


async def test_whoever_listens_is_woken_by_a_commit_and_by_no_rollback(service: Service) -> None:
    bell = service.db.written.listener()
    with pytest.raises(RuntimeError):
        async with service.db.write():
            raise RuntimeError("no")
    assert not bell._event.is_set()
    await add_mark(service.db, service, "c1")
    assert bell._event.is_set()


async def test_an_instant_without_offset_is_refused(service: Service) -> None:
    naive = datetime(2022, 5, 10, 12, 0)  # noqa: DTZ001  # the point of the test
    with pytest.raises(StatementError, match="needs its offset"):
        async with service.db.write() as session:
            await session.execute(
                insert(service.tables.timers).values(kind="k", subject="s", due_at=naive)
            )


# --- the schema


async def test_an_empty_database_is_refused_and_after_migration_accepted(
    service: Service,
) -> None:
    with pytest.raises(SchemaTooOld, match="run migrate"):
        await service.db.check_schema()
    await migrate(url=service.url, migrations=service.migrations)
    await service.db.check_schema()


async def test_a_schema_older_than_the_code_is_refused(service: Service) -> None:
    await migrate(url=service.url, migrations=service.migrations)
    write_migrations(service.migrations, "0001", "0002")
    with pytest.raises(SchemaTooOld, match=r"at 0001, this code needs 0002"):
        await service.db.check_schema()
    await migrate(url=service.url, migrations=service.migrations)
    await service.db.check_schema()


async def test_a_schema_newer_than_the_code_is_accepted(service: Service, tmp_path: Path) -> None:
    newer = write_migrations(tmp_path / "newer", "0001", "0002")
    await migrate(url=service.url, migrations=newer)
    await service.db.check_schema()


async def test_migrating_twice_changes_nothing(service: Service) -> None:
    await migrate(url=service.url, migrations=service.migrations)
    await add_mark(service.db, service, "c1")
    await migrate(url=service.url, migrations=service.migrations)
    await service.db.check_schema()
    assert await service.marks() == [("fuzhou", "c1")]


async def test_a_failed_migration_leaves_the_schema_where_it_was(service: Service) -> None:
    write_migrations(service.migrations, "0001", "0002")
    second = service.migrations / "versions" / "0002.py"
    second.write_text(second.read_text() + "    raise RuntimeError('half way')\n")
    with pytest.raises(RuntimeError):
        await migrate(url=service.url, migrations=service.migrations)
    async with service.db.read() as session:
        connection = await session.connection()
        tables = await connection.run_sync(lambda one: inspect(one).get_table_names())
    assert not {name for name in tables if name.startswith("made_by")}


# --- several processes


async def end_connections(service: Service, which: str) -> None:
    """End the server's side of the connections that a condition on pg_stat_activity finds."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    async with service.db.write() as session:
        await session.execute(text(f"{end} WHERE pid <> pg_backend_pid() AND {which}"))


@on_postgresql
async def test_of_one_subject_there_is_one_writer_and_the_others_do_not_wait(
    service: Service,
) -> None:
    order: list[str] = []

    async def write(name: str, *subjects: str) -> None:
        async with service.db.write(*subjects):
            order.append(name)

    async with service.db.write("fuzhou", "xiamen"):
        second = asyncio.create_task(write("second", "xiamen", "putian"))
        await asyncio.wait_for(write("of another", "nanping"), PATIENCE)
        await asyncio.wait_for(write("of none"), PATIENCE)
        order.append("first")
    await asyncio.wait_for(second, PATIENCE)
    assert order == ["of another", "of none", "first", "second"]


@on_postgresql
async def test_writers_about_the_same_subjects_in_any_order_never_block_each_other(
    service: Service,
) -> None:
    async def write(*subjects: str) -> None:
        async with service.db.write(*subjects):
            pass

    async def both_wait() -> bool:
        async with service.db.read() as session:
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(await session.scalar(waiting) == 2)

    async with service.db.write("nanping", "ningde"):
        one = asyncio.create_task(write("fuzhou", "nanping", "xiamen"))
        other = asyncio.create_task(write("xiamen", "ningde", "fuzhou"))
        await until(both_wait)
    await asyncio.wait_for(asyncio.gather(one, other), PATIENCE)


@on_postgresql
async def test_a_seat_is_held_by_one_process_until_it_leaves(service: Service) -> None:
    async with another_process(service) as other:
        mine, theirs = service.db.seat("relay"), other.db.seat("relay")
        assert [await mine.held(), await theirs.held(), await mine.held()] == [True, False, True]
        async with asyncio.timeout(PATIENCE), service.db.write("relay"):
            pass  # a subject of the same name is another thing

        await mine.leave()

        await until(theirs.held)
        assert not await mine.held()
        await mine.leave()
        await theirs.leave()


@on_postgresql
async def test_a_seat_is_lost_with_its_connection_and_its_holder_knows(service: Service) -> None:
    async with another_process(service) as other:
        mine, theirs = service.db.seat("relay"), other.db.seat("relay")
        assert await mine.held()

        await end_connections(service, "pid IN (SELECT pid FROM pg_locks WHERE objsubid = 2)")

        await until(theirs.held)
        with pytest.raises(ConnectionError):
            await mine.held()
        assert not await mine.held()
        await mine.leave()
        await theirs.leave()


@on_postgresql
async def test_an_announced_commit_rings_in_the_processes_that_listen(service: Service) -> None:
    async with another_process(service) as other:
        bell = other.db.written.listener()

        async def rings() -> bool:
            async with service.db.write() as session:
                await announce(session)
            return bell._event.is_set()

        async with running(other.db.listen):
            await until(rings)  # it may take a moment until it listens


@on_postgresql
async def test_whoever_listens_is_told_when_the_connection_is_lost(service: Service) -> None:
    listening = asyncio.create_task(service.db.listen())

    async def lost() -> bool:
        await end_connections(service, "query LIKE 'LISTEN%'")
        return listening.done()

    await until(lost)
    with pytest.raises(ConnectionError):
        await listening


# --- errors


async def test_a_database_says_whether_it_answers(service: Service, tmp_path: Path) -> None:
    assert await service.db.answers()
    nowhere = Database(url=f"sqlite+aiosqlite:///{tmp_path}/gone/db", migrations=tmp_path)
    assert not await nowhere.answers()
    (tmp_path / "letter").write_text("a letter to the bureau\n" * 100)
    letter = Database(url=f"sqlite+aiosqlite:///{tmp_path}/letter", migrations=tmp_path)
    assert not await letter.answers()
    await letter.close()


@on_postgresql
async def test_a_server_that_is_silent_does_not_answer_and_is_not_waited_for_long(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_module, "_ANSWER_SECONDS", 0.1)
    hung_up = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"postgresql+asyncpg://duban@127.0.0.1:{port}/duban"
    silent = Database(url=url, migrations=service.migrations)
    assert not await asyncio.wait_for(silent.answers(), PATIENCE / 5)
    await silent.close()
    server.close()
    await asyncio.wait_for(hung_up.wait(), PATIENCE)


async def error_of(db: Database, *statements: str) -> BaseException:
    """What a transaction of these statements ends with."""
    with pytest.raises(Exception) as caught:  # noqa: PT011, PT012  # whichever it is
        async with db.write() as session:
            for statement in statements:
                await session.execute(text(statement))
    return caught.value


ENDING = "SELECT pg_terminate_backend(pg_backend_pid())"
PASSING = {
    "a connection that is lost": (ENDING,),
    "a lock not to be had": ("SET LOCAL lock_timeout = 1", "LOCK TABLE journal"),
    "a server that goes": ("DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$",),
    "a deadlock": ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$",),
    "a serialization failure": ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",),
    "too many connections": ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$",),
}


@on_postgresql
@pytest.mark.parametrize("statements", PASSING.values(), ids=PASSING)
async def test_what_another_try_may_mend_passes(
    service: Service, statements: tuple[str, ...]
) -> None:
    async with service.db.write() as session:
        await session.execute(text("LOCK TABLE journal"))
        assert is_passing(await error_of(service.db, *statements))
    assert await service.db.answers()


async def test_a_database_that_cannot_be_reached_passes(service: Service, tmp_path: Path) -> None:
    nowhere = (
        f"sqlite+aiosqlite:///{tmp_path}/gone/db"
        if service.url.startswith("sqlite")
        else "postgresql+asyncpg://duban@127.0.0.1:1/duban"
    )
    away = Database(url=nowhere, migrations=service.migrations)
    assert is_passing(await error_of(away, "SELECT 1"))
    await away.close()


@on_postgresql
async def test_a_database_that_is_not_made_yet_passes(service: Service) -> None:
    unmade = Database(url=f"{service.url}_to_come", migrations=service.migrations)
    assert is_passing(await error_of(unmade, "SELECT 1"))
    await unmade.close()


@on_postgresql
async def test_a_connection_that_was_ended_while_it_was_idle_is_not_used_again(
    service: Service,
) -> None:
    async with service.db._engine.connect() as idle:
        driver: Any = (await idle.get_raw_connection()).driver_connection
    async with another_process(service) as other:
        await end_connections(other, "datname = current_database()")
    await until(driver.is_closed)
    await add_mark(service.db, service, "c1")
    assert await service.marks() == [("fuzhou", "c1")]


@pytest.mark.parametrize("statement", ["SELECT * FROM nothing", "SELECT 1 / 'x' FROM"])
async def test_a_fault_does_not_pass(service: Service, statement: str) -> None:
    assert not is_passing(await error_of(service.db, statement))


async def test_what_the_tables_refuse_does_not_pass(service: Service) -> None:
    twice = "INSERT INTO marks (number) VALUES (7)"
    assert not is_passing(await error_of(service.db, twice, twice))
    assert not is_passing(ValueError("no"))


async def test_a_locked_file_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_BUSY_TIMEOUT_SECONDS", 0)
    db = Database(url=f"sqlite+aiosqlite:///{tmp_path}/locked", migrations=tmp_path)
    assert await db.answers()
    with closing(sqlite3.connect(tmp_path / "locked", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert is_passing(await error_of(db, "CREATE TABLE t (x)"))
    await db.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://duban:se/cret@db/duban",
        "postgresql+asyncpg://duban:se@cret@db:port/duban",
        "postgres+asyncpg://duban:secret@db/duban",
        "duban:secret@db",
    ],
)
async def test_a_wrong_address_is_refused_without_being_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the setting DATABASE is no address we know") as refused:
        Database(url=url, migrations=tmp_path)
    assert "cret" not in "".join(format_exception(refused.value))


@on_postgresql
async def test_no_error_tells_the_password(service: Service) -> None:
    secret = service.url.replace("//duban@", "//nobody:very-secret@")
    db = Database(url=secret, migrations=service.migrations)
    error = await error_of(db, "SELECT 1")
    assert "nobody" in str(error)
    assert "very-secret" not in "".join(format_exception(error)) + repr(db._engine)
    await db.close()

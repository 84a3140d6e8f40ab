"""A transaction is whole, loses no neighbour's change, and runs on a schema its code knows."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from kit_cast import PATIENCE, Service, write_migrations
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import StatementError

from shared.kit.db import Database, SchemaTooOld, migrate


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
    async with service.db.read() as session:
        await session.execute(insert(service.marks_table).values(plan="fuzhou", cutoff="c1"))
    assert await service.marks() == []


async def test_concurrent_read_modify_writes_lose_nothing(service: Service) -> None:
    table = service.marks_table
    await add_mark(service.db, service, "0")
    other = Database(url=service.url, migrations=service.migrations)  # as a second process has

    async def increment(db: Database) -> None:
        async with db.write() as session:
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
        assert await session.scalar(text("PRAGMA synchronous")) == 2
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"


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
        tables = await session.scalars(text("SELECT name FROM sqlite_master"))
        assert not {name for name in tables if name.startswith("made_by")}


async def test_a_database_says_whether_it_answers(service: Service, tmp_path: Path) -> None:
    assert await service.db.answers()
    nowhere = Database(url=f"sqlite+aiosqlite:///{tmp_path}/gone/db", migrations=tmp_path)
    assert not await nowhere.answers()
    (tmp_path / "letter").write_text("a letter to the bureau\n" * 100)
    letter = Database(url=f"sqlite+aiosqlite:///{tmp_path}/letter", migrations=tmp_path)
    assert not await letter.answers()
    await letter.close()

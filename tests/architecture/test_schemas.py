import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from peers.postgres import Postgres
from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.ext.asyncio import create_async_engine

import intake.config
import intake.store.tables
import notify.config
import notify.store.tables
import scoring.config
import scoring.store.tables
from shared.kit.db import migrate

T = TypeVar("T")

SERVICES = {
    "intake": (intake.store.tables.Base.metadata, intake.config.MIGRATIONS),
    "scoring": (scoring.store.tables.Base.metadata, scoring.config.MIGRATIONS),
    "notify": (notify.store.tables.Base.metadata, notify.config.MIGRATIONS),
}


services = pytest.mark.parametrize(("metadata", "migrations"), SERVICES.values(), ids=SERVICES)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.allow_hosts(["127.0.0.1"]))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each engine."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/fresh.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"schema_{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


async def ask(url: str, question: Callable[[Connection], T]) -> T:
    """What a database answers."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        answer = await connection.run_sync(question)
    await engine.dispose()
    return answer


@services
async def test_the_migrations_of_a_service_make_exactly_its_tables(
    metadata: MetaData, migrations: Path, database: str
) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    await migrate(url=database, migrations=migrations)
    assert await ask(database, differences) == []


def newest_of(migrations: Path) -> str:
    return max(file.stem.partition("_")[0] for file in migrations.glob("versions/0*.py"))


@services
async def test_migrating_again_and_at_once_changes_nothing(
    metadata: MetaData, migrations: Path, database: str
) -> None:
    def revision(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    def tables(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    await asyncio.gather(*(migrate(url=database, migrations=migrations) for _ in range(3)))
    await migrate(url=database, migrations=migrations)
    assert await ask(database, revision) == newest_of(migrations)
    assert await ask(database, tables) == {*metadata.tables, "alembic_version"}

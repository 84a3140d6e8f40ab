from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import BOTH, Databases, PostgresDatabases, SqliteDatabases, lent
from intake_cast import Town, running
from peers.postgres import Postgres

from intake.config import MIGRATIONS


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("intake"), MIGRATIONS)


@pytest.fixture(scope="session")
def on_postgres(postgres: Postgres) -> PostgresDatabases:
    return PostgresDatabases(postgres, "intake", MIGRATIONS)


@pytest.fixture(params=BOTH)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    yield from lent(request)


@pytest.fixture
async def empty_town(tmp_path: Path, databases: Databases) -> AsyncIterator[Town]:
    """Everybody has a token; there is no plan yet. It is 6 May 2022, 10:00."""
    async with running(tmp_path, databases=databases) as town:
        await town.open()
        yield town


@pytest.fixture
async def town(empty_town: Town) -> Town:
    """The plan is in force."""
    applied = await empty_town.apply()
    assert applied.status_code == 200, applied.text
    return empty_town

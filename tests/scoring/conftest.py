from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import BOTH, Databases, PostgresDatabases, SqliteDatabases, lent
from peers.postgres import Postgres
from scoring_house import House, Site, listening_house, open_site

from scoring.config import MIGRATIONS


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("scoring"), MIGRATIONS)


@pytest.fixture(scope="session")
def on_postgres(postgres: Postgres) -> PostgresDatabases:
    return PostgresDatabases(postgres, "scoring", MIGRATIONS)


@pytest.fixture(params=BOTH)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    yield from lent(request)


@pytest.fixture
async def house(tmp_path: Path, databases: Databases) -> AsyncIterator[House]:
    async with listening_house(tmp_path / "house", databases=databases) as made:
        yield made


@pytest.fixture
async def site(tmp_path: Path, databases: Databases) -> AsyncIterator[Site]:
    async with open_site(tmp_path / "site", databases=databases) as made:
        yield made

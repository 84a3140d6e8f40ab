from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import BOTH, Databases, PostgresDatabases, SqliteDatabases, lent
from notify_house import GROUP, HEAD, REPORTER, House, make_house, plan_events
from peers.postgres import Postgres

from notify.config import MIGRATIONS


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("notify"), MIGRATIONS)


@pytest.fixture(scope="session")
def on_postgres(postgres: Postgres) -> PostgresDatabases:
    return PostgresDatabases(postgres, "notify", MIGRATIONS)


@pytest.fixture(params=BOTH)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    yield from lent(request)


@pytest.fixture
async def house(tmp_path: Path, databases: Databases) -> AsyncIterator[House]:
    """It knows the plan and whom to tell; nothing is sent."""
    async with make_house(tmp_path / "house", databases=databases) as made:
        await made.hear(*plan_events())
        await made.set_contacts(REPORTER, HEAD, GROUP)
        yield made

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kit_cast import POSTGRESQL, Service, make_service
from peers.postgres import Postgres


@pytest.fixture(params=["sqlite", POSTGRESQL])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database: every suite of the kit runs on each engine."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/service.sqlite"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"kit_{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
async def service(tmp_path: Path, database: str) -> AsyncIterator[Service]:
    async with make_service(tmp_path, database) as made:
        yield made

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from scoring_house import House, Site, listening_house, migrated_database, open_site


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrating once is enough: every house copies it."""
    return migrated_database(tmp_path_factory.mktemp("scoring"))


@pytest.fixture
async def house(tmp_path: Path, migrated: Path) -> AsyncIterator[House]:
    async with listening_house(tmp_path / "house", migrated=migrated) as made:
        yield made


@pytest.fixture
async def site(tmp_path: Path, migrated: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path / "site", migrated=migrated) as made:
        yield made

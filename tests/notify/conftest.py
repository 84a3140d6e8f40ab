from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from notify_house import (
    GROUP,
    HEAD,
    REPORTER,
    House,
    make_house,
    migrated_database,
    plan_events,
)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrating once is enough: every house copies it."""
    return migrated_database(tmp_path_factory.mktemp("notify"))


@pytest.fixture
async def house(tmp_path: Path, migrated: Path) -> AsyncIterator[House]:
    """It knows the plan and whom to tell; nothing is sent."""
    async with make_house(tmp_path / "house", migrated=migrated) as made:
        await made.hear(*plan_events())
        await made.set_contacts(REPORTER, HEAD, GROUP)
        yield made

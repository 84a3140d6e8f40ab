from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from intake_cast import Town, running


@pytest.fixture
async def empty_town(tmp_path: Path) -> AsyncIterator[Town]:
    """Everybody has a token; there is no plan yet. It is 6 May 2022, 10:00."""
    async with running(tmp_path) as town:
        await town.open()
        yield town


@pytest.fixture
async def town(empty_town: Town) -> Town:
    """The plan is in force."""
    applied = await empty_town.apply()
    assert applied.status_code == 200, applied.text
    return empty_town

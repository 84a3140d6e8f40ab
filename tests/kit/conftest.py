from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kit_cast import Service, make_service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with make_service(tmp_path) as made:
        yield made

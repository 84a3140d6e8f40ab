"""An older database is brought to today's schema with all that it holds."""

import shutil
from pathlib import Path

import pytest
from peers import HOST
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from scoring.config import MIGRATIONS
from shared.kit.db import migrate


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.allow_hosts([HOST]))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/scoring.sqlite"
    made: str = request.getfixturevalue("postgres").create("scoring-migrations")
    return made


async def test_reports_of_the_first_release_are_found_by_their_unit_and_period(
    tmp_path: Path, url: str
) -> None:
    first = shutil.copytree(
        MIGRATIONS, tmp_path / "first", ignore=shutil.ignore_patterns("000[2-9]*", "__pycache__")
    )
    await migrate(url=url, migrations=first)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO reports (submission, plan, task, position, accepted) VALUES "
                "('s-1', 'town', 'T1', 7, :accepted)"
            ),
            {"accepted": '{"unit":"U1","period":"2022-B2","note":"三月、四月"}'},
        )
    await migrate(url=url, migrations=MIGRATIONS)
    async with engine.begin() as connection:
        rows = (await connection.execute(text("SELECT * FROM reports"))).mappings().all()
    await engine.dispose()
    assert [(row["submission"], row["unit"], row["period"]) for row in rows] == [
        ("s-1", "U1", "2022-B2")
    ]

"""An older database is brought to today's schema with all that it holds."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from peers import HOST
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from notify.config import MIGRATIONS
from shared.kit.db import migrate

ALERT = (
    "INSERT INTO alerts (id, plan, task, unit, action, kind, level, episode, period, state, since, "
    "raised_at, reason, correlation) VALUES (:id, 'harbour', 'quay', 'port', 'A1', 'lag', 'red', "
    "'e1', '2022-B2', :state, '2022-04-30', '2022-05-11 01:00:00+00', 'entered', 'c-1')"
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.allow_hosts([HOST]))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/notify.sqlite"
    made: str = request.getfixturevalue("postgres").create("notify-migrations")
    return made


async def test_what_the_first_release_left_open_is_watched_from_the_upgrade_on(
    tmp_path: Path, url: str
) -> None:
    first = shutil.copytree(
        MIGRATIONS, tmp_path / "first", ignore=shutil.ignore_patterns("000[2-9]*", "__pycache__")
    )
    await migrate(url=url, migrations=first)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for name, state in (("open", "raised"), ("over", "resolved")):
            await connection.execute(text(ALERT), {"id": name, "state": state})
    before = datetime.now(UTC).date()
    await migrate(url=url, migrations=MIGRATIONS)
    async with engine.begin() as connection:
        alerts = (await connection.execute(text("SELECT * FROM alerts ORDER BY id"))).mappings()
        kept = [(row["id"], row["entered"], row["step"]) for row in alerts]
        days = (await connection.execute(text("SELECT since_answer FROM alerts"))).scalars()
        assert {str(before), str(datetime.now(UTC).date())} >= {str(day) for day in days}
        timers = (await connection.execute(text("SELECT kind, subject FROM timers"))).all()
    await engine.dispose()
    assert kept == [("open", "2022-B2", 0), ("over", "2022-B2", 0)]
    assert [tuple(row) for row in timers] == [("watch", "harbour/open")]

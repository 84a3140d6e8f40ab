from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine

import intake.config
import intake.store.tables
import notify.config
import notify.store.tables
import scoring.config
import scoring.store.tables
from shared.kit.db import migrate

SERVICES = {
    "intake": (intake.store.tables.Base.metadata, intake.config.MIGRATIONS),
    "scoring": (scoring.store.tables.Base.metadata, scoring.config.MIGRATIONS),
    "notify": (notify.store.tables.Base.metadata, notify.config.MIGRATIONS),
}


@pytest.mark.parametrize(("metadata", "migrations"), SERVICES.values(), ids=SERVICES)
async def test_the_migrations_of_a_service_make_exactly_its_tables(
    metadata: MetaData, migrations: Path, tmp_path: Path
) -> None:
    file = tmp_path / "fresh.db"
    await migrate(url=f"sqlite+aiosqlite:///{file}", migrations=migrations)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.mark.parametrize(("metadata", "migrations"), SERVICES.values(), ids=SERVICES)
async def test_migrating_again_changes_nothing(
    metadata: MetaData, migrations: Path, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'twice.db'}"
    await migrate(url=url, migrations=migrations)
    await migrate(url=url, migrations=migrations)
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    assert current == "0001"
    assert metadata.tables

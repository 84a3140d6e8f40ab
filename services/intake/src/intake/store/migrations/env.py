"""Called by alembic: migrate intake's tables."""

from intake.store.tables import Base
from shared.kit.db import run_migrations

run_migrations(Base.metadata)

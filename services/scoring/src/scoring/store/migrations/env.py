"""Called by alembic: migrate scoring's tables."""

from scoring.store.tables import Base
from shared.kit.db import run_migrations

run_migrations(Base.metadata)

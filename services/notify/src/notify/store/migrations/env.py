"""Called by alembic: migrate notify's tables."""

from notify.store.tables import Base
from shared.kit.db import run_migrations

run_migrations(Base.metadata)

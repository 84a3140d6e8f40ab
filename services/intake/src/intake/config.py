"""The settings of intake: environment variables, each with its default."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.kit.foundation import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Read from `INTAKE_…`."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    database: str = Field(default="sqlite+aiosqlite:///var/intake.db", repr=False)
    """The service's own database: postgresql+asyncpg://user:password@host:5432/name."""
    port: int = Field(default=8001, ge=1, le=65535)
    """The port to listen at."""


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

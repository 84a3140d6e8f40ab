"""The settings of intake: environment variables, each with its default."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.kit.foundation import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Read from `INTAKE_…`."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_", env_ignore_empty=True)

    database: str = "sqlite+aiosqlite:///var/intake.db"


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

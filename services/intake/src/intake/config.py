"""The settings of intake: environment variables, each with its default."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class IntakeSettings(BaseSettings):
    """Read from `INTAKE_…`."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_", env_ignore_empty=True)

    database: str = "sqlite+aiosqlite:///var/intake.db"
    session_secret: SecretStr
    secure_cookie: bool = False


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

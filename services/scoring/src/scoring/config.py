"""The settings of scoring: environment variables, each with its default."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.kit.foundation import ServiceSettings


class ScoringSettings(ServiceSettings):
    """Read from `SCORING_…`."""

    model_config = SettingsConfigDict(env_prefix="SCORING_")

    database: str = Field(default="sqlite+aiosqlite:///var/scoring.db", repr=False)
    """The service's own database: postgresql+asyncpg://user:password@host:5432/name."""
    port: int = Field(default=8002, ge=1, le=65535)
    """The port to listen at."""
    intake_url: str = "http://127.0.0.1:8001"
    """Where a draft asks for its cut-off, with the token of whoever drafts."""
    public_bulletin: bool = False
    """Whether the bulletin can be read without a token."""


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

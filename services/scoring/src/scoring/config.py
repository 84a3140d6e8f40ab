"""The settings of scoring: environment variables, each with its default."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.kit.foundation import ServiceSettings


class ScoringSettings(ServiceSettings):
    """Read from `SCORING_…`."""

    model_config = SettingsConfigDict(env_prefix="SCORING_", env_ignore_empty=True)

    database: str = "sqlite+aiosqlite:///var/scoring.db"
    intake_url: str = "http://127.0.0.1:8001"
    """Where a draft asks for its cut-off, with the token of whoever drafts."""
    public_bulletin: bool = False
    """Whether the bulletin can be read without a token."""


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

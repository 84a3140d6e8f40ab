"""The settings of scoring: environment variables, each with its default."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from scoring.domain.signing import SigningKey
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
    signing_key: SecretStr | None = None
    """Signs what is published (Ed25519): 32 bytes in base64; without one nothing is signed."""

    @field_validator("signing_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value():
            return None
        SigningKey.read(key.get_secret_value())
        return key

    def key(self) -> SigningKey | None:
        """The key that signs."""
        return (
            None
            if self.signing_key is None
            else SigningKey.read(self.signing_key.get_secret_value())
        )


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

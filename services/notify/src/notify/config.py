"""The settings of notify: environment variables, each with its default."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from notify.channels.guard import AllowedTarget
from shared.kit.foundation import ServiceSettings


class NotifySettings(ServiceSettings):
    """Read from `NOTIFY_…`."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    database: str = Field(default="sqlite+aiosqlite:///var/notify.db", repr=False)
    """The service's own database: postgresql+asyncpg://user:password@host:5432/name."""
    port: int = Field(default=8003, ge=1, le=65535)
    """The port to listen at."""
    public_url: str = "http://127.0.0.1:8003"
    """Where the links in messages lead."""
    allow_targets: str = ""
    """Private webhook targets an operator allows: CIDR[:port], separated by commas."""
    smtp_host: str = "127.0.0.1"
    """The server that takes our mail."""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    """Its port."""
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    """How it is spoken to: none, starttls or tls."""
    smtp_username: str | None = None
    """Who the service is to it."""
    smtp_password: SecretStr | None = None
    """And its password."""
    mail_from: str = "duban@localhost.localdomain"
    """The sender of our mail."""

    def allowed(self) -> list[AllowedTarget]:
        """The targets in `allow_targets`.

        Raises:
            ValueError: one is not CIDR[:port].
        """
        named = (one.strip() for one in self.allow_targets.split(","))
        return [AllowedTarget.parse(one) for one in named if one]


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

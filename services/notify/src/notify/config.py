"""The settings of notify: environment variables, each with its default."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from notify.channels.guard import AllowedTarget
from shared.kit.foundation import ServiceSettings


class NotifySettings(ServiceSettings):
    """Read from `NOTIFY_…`."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_", env_ignore_empty=True)

    database: str = "sqlite+aiosqlite:///var/notify.db"
    public_url: str = "http://127.0.0.1:8003"
    """Where the links in messages lead."""
    allow_targets: str = ""
    """Private webhook targets an operator allows: CIDR[:port], separated by commas."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = "duban@localhost.localdomain"

    def allowed(self) -> list[AllowedTarget]:
        """The targets in `allow_targets`.

        Raises:
            ValueError: one is not CIDR[:port].
        """
        named = (one.strip() for one in self.allow_targets.split(","))
        return [AllowedTarget.parse(one) for one in named if one]


MIGRATIONS = Path(__file__).parent / "store" / "migrations"

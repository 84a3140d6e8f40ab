"""The tables every service has beside its own: how it remembers what it said and heard.

Core tables, made on a service's own metadata, so that three services fit into one process.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

Number: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A number that grows with time: 64 bits, as every number of SQLite's has."""


class UtcInstant(TypeDecorator[datetime]):
    """An instant with its offset in, UTC out; SQLite keeps none of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Keep UTC.

        Raises:
            ValueError: the instant carries no offset.
        """
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back its name."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class KitTables:
    """The kit's tables on one service's metadata."""

    def __init__(self, metadata: MetaData) -> None:
        self.journal = Table(
            "journal",
            metadata,
            Column("position", Number, primary_key=True, autoincrement=True),
            Column("event_id", String(64), nullable=False, unique=True),
            Column("topic", String(64), nullable=False),
            Column("key", String(64), nullable=False),
            Column("type", String(128), nullable=False),
            Column("subject", String(512), nullable=False),
            Column("time", UtcInstant, nullable=False),
            Column("correlation", String(64), nullable=False),
            Column("data", Text, nullable=False),
            Column("sequence", Number),
            Column("sent_at", UtcInstant),
            Column("parked", Text),
            sqlite_autoincrement=True,  # a position is never used twice
        )
        Index(
            "journal_unsent",
            self.journal.c.position,
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        )
        Index("journal_order", self.journal.c.topic, self.journal.c.key, self.journal.c.sequence)
        self.sequences = Table(
            "journal_sequences",
            metadata,
            Column("topic", String(64), primary_key=True),
            Column("key", String(64), primary_key=True),
            Column("last", Number, nullable=False),
        )
        self.inbox = Table(
            "inbox",
            metadata,
            Column("topic", String(64), primary_key=True),
            Column("key", String(64), primary_key=True),
            Column("last", Number, nullable=False),
        )
        self.held = Table(
            "inbox_held",
            metadata,
            Column("topic", String(64), primary_key=True),
            Column("key", String(64), primary_key=True),
            Column("sequence", Number, primary_key=True),
            Column("headers", Text, nullable=False),
            Column("data", LargeBinary, nullable=False),
            Column("since", UtcInstant, nullable=False),
        )
        self.dead_letters = Table(
            "dead_letters",
            metadata,
            Column("id", String(64), primary_key=True),
            Column("topic", String(64), nullable=False),
            Column("partition", Integer, nullable=False),
            Column("offset", Number, nullable=False),
            Column("key", String(512), nullable=False, index=True),
            Column("code", String(64), nullable=False),
            Column("reason", Text, nullable=False),
            Column("at", UtcInstant, nullable=False),
            Column("settled_by", String(200)),
            Column("settled_reason", Text),
        )
        self.timers = Table(
            "timers",
            metadata,
            Column("kind", String(64), primary_key=True),
            Column("subject", String(256), primary_key=True),
            Column("due_at", UtcInstant, nullable=False, index=True),
        )
        self.credentials = Table(
            "credentials",
            metadata,
            Column("token", String(64), primary_key=True),
            Column("holder", String(200), nullable=False),
            Column("unit", String(64)),
            Column("roles", String(128), nullable=False),
            Column("secret_sha256", String(64), nullable=False),
            Column("issued_at", UtcInstant, nullable=False),
            Column("expires_at", UtcInstant),
            Column("revoked_at", UtcInstant),
            Column("last_used_at", UtcInstant),
        )

"""A service's own database: short transactions, durable commits, a schema that is checked.

SQLite is the embedded default: WAL, synchronous=FULL, and BEGIN IMMEDIATE for what writes, since
the default upgrade from a read to a write lock loses updates silently. On PostgreSQL several
processes write at once: who writes names its subjects (a plan's id, mostly), and of one subject
there is one writer at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ARRAY, Connection, MetaData, String, bindparam, event, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from shared.kit.signals import Bell

_BUSY_TIMEOUT_SECONDS: Final = 30
_POOL: Final = 10
_POOL_SECONDS: Final = 10
_CONNECT_SECONDS: Final = 5
_COMMAND_SECONDS: Final = 30
_IDLE_SECONDS: Final = 60
"""A transaction idle for so long is ended: it would hold up the relay of every service."""

# In one order, so that two writers about the same subjects cannot wait for each other.
_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(subject, 0)) "
    "FROM (SELECT unnest(:subjects) AS subject ORDER BY 1) AS subjects"
).bindparams(bindparam("subjects", type_=ARRAY(String)))


class SchemaTooOld(Exception):  # noqa: N818  # it tells what to do: migrate
    """The database lacks a migration this code needs: run `migrate`, then start."""


class Database:
    """One database; every transaction goes through `read` or `write`.

    `written` rings after each commit, so that the relay and others need not wait for their poll.
    """

    def __init__(self, *, url: str, migrations: Path) -> None:
        """`url` is an asynchronous SQLAlchemy URL; `migrations` an alembic script folder."""
        self.written = Bell()
        self._migrations = migrations
        self._engine = _engine(url)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._sqlite = self._engine.dialect.name == "sqlite"
        # SQLite has one writer at a time; queueing here is fair, its busy handler is not.
        self._one_writer: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if self._sqlite else nullcontext()
        )

    @asynccontextmanager
    async def write(self, *subjects: str) -> AsyncIterator[AsyncSession]:
        """One transaction that may write; it commits at the end, or leaves nothing.

        Args:
            subjects: what it decides about (plan ids, mostly): who else writes about one of them,
                in whatever process, waits until this transaction has ended.
        """
        async with self._one_writer, self._sessions() as session, session.begin():
            if subjects and not self._sqlite:
                await session.execute(_LOCK, {"subjects": sorted(set(subjects))})
            yield session
        self.written.ring()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent view; nothing may be written."""
        async with self._sessions() as session:
            await session.connection(execution_options={"duban_read": True})
            yield session
            session.expunge_all()  # what was read outlives the transaction; a rollback expires it
            await session.rollback()

    async def check_schema(self) -> None:
        """Refuse a schema older than the code's; accept a newer one.

        Raises:
            SchemaTooOld: a migration this code knows has not been applied.
        """
        applied = await self._applied()
        known = [revision.revision for revision in self._script().walk_revisions()]
        if applied is None or (applied in known and applied != known[0]):
            raise SchemaTooOld(
                f"the database is at {applied or 'nothing'}, this code needs {known[0]}: "
                "run migrate, then start again"
            )

    async def answers(self) -> bool:
        """Whether the database answers now."""
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    async def close(self) -> None:
        """Let go of every connection."""
        await self._engine.dispose()

    async def _applied(self) -> str | None:
        def current(connection: Connection) -> str | None:
            return MigrationContext.configure(connection).get_current_revision()

        async with self._engine.connect() as connection:
            return await connection.run_sync(current)

    def _script(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(_alembic(self._migrations))


async def migrate(*, url: str, migrations: Path) -> None:
    """Bring the database at `url` to the newest schema; without effect when it is there."""
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, migrations)
    finally:
        await engine.dispose()


def run_migrations(metadata: MetaData) -> None:
    """What each service's alembic `env.py` calls: migrate the connection it was handed."""
    from alembic import context  # noqa: PLC0415  # exists only while alembic runs an env.py

    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,  # SQLite cannot alter a table in place
    )
    with context.begin_transaction():
        context.run_migrations()


def _alembic(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    return config


def _upgrade(connection: Connection, migrations: Path) -> None:
    if connection.dialect.name == "postgresql":  # replicas may migrate at once
        connection.execute(_LOCK, {"subjects": ["migrate"]})
    config = _alembic(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(url: str) -> AsyncEngine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_async_engine(url)
        _speak_sqlite(engine.sync_engine)
        return engine
    return create_async_engine(
        url,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_timeout=_POOL_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _COMMAND_SECONDS,
            "server_settings": {
                "application_name": "duban",
                "idle_in_transaction_session_timeout": str(_IDLE_SECONDS * 1000),
            },
        },
    )


def _speak_sqlite(engine: Engine) -> None:
    """Make SQLite durable and its transactions real."""

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("duban_read", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

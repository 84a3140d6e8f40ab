"""A service's own database: short transactions, durable commits, a schema that is checked.

SQLite is the embedded default: WAL, synchronous=FULL, and BEGIN IMMEDIATE for what writes, since
the default upgrade from a read to a write lock loses updates silently.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from shared.kit.signals import Bell

_BUSY_TIMEOUT_SECONDS = 30


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
        self._engine = create_async_engine(url)
        _speak_sqlite(self._engine.sync_engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        # SQLite has one writer at a time; queueing here is fair, its busy handler is not.
        self._one_writer: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if self._engine.dialect.name == "sqlite" else nullcontext()
        )

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write; it commits at the end, or leaves nothing."""
        async with self._one_writer, self._sessions() as session, session.begin():
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
    await asyncio.to_thread(_upgrade, url, migrations)


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


def _upgrade(url: str, migrations: Path) -> None:
    engine = create_engine(url.replace("+aiosqlite", ""))
    _speak_sqlite(engine)
    try:
        with engine.begin() as connection:
            config = _alembic(migrations)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


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

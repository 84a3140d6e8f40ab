"""A service's own database: short transactions, durable commits, a schema that is checked.

SQLite has one writer. On PostgreSQL several processes write at once: who writes names its subjects
(a plan's id, mostly), and of one subject there is one writer at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, Connection, MetaData, String, bindparam, text
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
)

from shared.kit.engines import READING, open_engine
from shared.kit.signals import Bell

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_ANSWER_SECONDS: Final = 5
_CHANNEL: Final = "duban_written"

_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(subject, 0)) FROM unnest(:subjects) AS subject"
).bindparams(bindparam("subjects", type_=ARRAY(String)))
# Two numbers: these locks and those of the subjects cannot meet.
_TAKE_SEAT: Final = "SELECT pg_try_advisory_lock(hashtext('duban'), hashtext($1))"
_BY_INDEX: Final = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)
_NOTIFY: Final = text(f"NOTIFY {_CHANNEL}")


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
        self._engine = open_engine(url)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._sqlite = self._engine.dialect.name == "sqlite"
        self._reading = READING[self._engine.dialect.name]
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
                # In one order, so that writers about the same subjects never block each other.
                await session.execute(_LOCK, {"subjects": sorted(set(subjects))})
            yield session
        self.written.ring()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent view; nothing may be written."""
        async with self._sessions() as session:
            await session.connection(execution_options=self._reading)
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
        """Whether the database answers now, or in five seconds at most."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), self.read() as session:
                await session.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001  # whatever keeps it from answering, it does not
            return False
        return True

    async def listen(self) -> None:
        """Ring `written` whenever another process commits what it announced, until cancelled.

        A hint beside a poll: what is announced while the connection is lost rings nobody. SQLite
        has one process, which needs no telling.

        Raises:
            ConnectionError: the connection is lost: listen again.
        """
        if self._sqlite:
            await asyncio.Event().wait()
        async with self._engine.connect() as connection:
            driver, lost = await _driver_of(connection), asyncio.Event()
            driver.add_termination_listener(lambda _: lost.set())
            try:
                await driver.add_listener(_CHANNEL, lambda *_: self.written.ring())
                await lost.wait()
            finally:
                await connection.invalidate()  # a listening connection is no good to others
        raise ConnectionError("the connection that listens for other processes is lost")

    def seat(self, name: str) -> "Seat":
        """A seat that one process of the service holds at a time."""
        return Seat(engine=self._engine, name=name)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._engine.dispose()

    async def create(self, metadata: MetaData) -> Any:  # noqa: ANN401  # drivers tell no types
        """Make the newest tables in an empty database that no migration will ever meet.

        Returns the driver's own connection; of a database in memory it is the only one.
        """
        async with self._engine.begin() as connection:
            await connection.run_sync(metadata.create_all, checkfirst=False)
            return await _driver_of(connection)

    async def _applied(self) -> str | None:
        from alembic.runtime.migration import MigrationContext  # noqa: PLC0415  # it takes long

        def current(connection: Connection) -> str | None:
            return MigrationContext.configure(connection).get_current_revision()

        async with self._engine.connect() as connection:
            return await connection.run_sync(current)

    def _script(self) -> "ScriptDirectory":
        from alembic.script import ScriptDirectory  # noqa: PLC0415  # it takes long

        return ScriptDirectory.from_config(_alembic(self._migrations))


class Seat:
    """Held by one process at a time: by a lock that ends with the process, or its connection.

    A process whose connection breaks unnoticed may believe for a while that it still sits here:
    what the seat protects must bear two for that while.
    """

    def __init__(self, *, engine: AsyncEngine, name: str) -> None:
        """`name` tells the seats of one database apart."""
        self._engine = engine
        self._name = name
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        self._mine = engine.dialect.name == "sqlite"

    async def held(self) -> bool:
        """Whether this process sits here; it takes the seat if it is free.

        Raises:
            ConnectionError: its connection is lost, and with it the seat: nothing that was known of
                the database need hold any more.
        """
        if self._engine.dialect.name == "sqlite":
            return True
        if self._connection is not None and self._driver.is_closed():
            await self.leave()
            raise ConnectionError("the connection to the database is lost")
        if self._connection is None:
            self._connection = await self._engine.connect()
            self._driver = await _driver_of(self._connection)
        if not self._mine:
            self._mine = await self._driver.fetchval(_TAKE_SEAT, self._name)
        return self._mine

    async def leave(self) -> None:
        """Let another process have it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._mine = False
            await connection.invalidate()  # the lock ends with the connection
            await connection.close()


async def go_by_index(session: AsyncSession) -> None:
    """Let this transaction find rows by index alone, in its order.

    PostgreSQL learns only now and then how many rows wait in a queue: a burst of them it would read
    and sort whole for every page.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(_BY_INDEX)


async def announce(session: AsyncSession) -> None:
    """Let this transaction's commit ring `written` in every process that listens."""
    if session.get_bind().dialect.name == "postgresql" and not session.info.get(_CHANNEL):
        session.info[_CHANNEL] = True  # once is enough, however much is written
        await session.execute(_NOTIFY)


async def migrate(*, url: str, migrations: Path) -> None:
    """Bring the database at `url` to the newest schema; without effect when it is there."""
    engine = open_engine(url)
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


def _alembic(migrations: Path) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  # it takes long

    config = Config()
    config.set_main_option("script_location", str(migrations))
    return config


def _upgrade(connection: Connection, migrations: Path) -> None:
    from alembic import command  # noqa: PLC0415  # it takes long

    if connection.dialect.name == "postgresql":  # replicas may migrate at once
        connection.execute(_LOCK, {"subjects": ["migrate"]})
    config = _alembic(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _driver_of(connection: AsyncConnection) -> Any:  # noqa: ANN401  # asyncpg tells no types
    return (await connection.get_raw_connection()).driver_connection

"""The two engines: how SQLite and PostgreSQL are opened, and which of their errors pass.

SQLite is the embedded default: WAL, synchronous=FULL, and BEGIN IMMEDIATE for what writes, since
the default upgrade from a read to a write lock loses updates silently.
"""

import sqlite3
import time
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CONNECT_SECONDS: Final = 10
"""Room for three more tries of a lost first packet, which come after 1, 3 and 7 seconds."""

_BUSY_TIMEOUT_SECONDS: Final = 30
_SWITCHES: Final = 100
_SWITCH_SECONDS: Final = 0.01
_POOL: Final = 10
_POOL_SECONDS: Final = 10
_COMMAND_SECONDS: Final = 30
_IDLE_SECONDS: Final = 60
"""A transaction idle for so long is ended: it would hold up the relay of every service."""

_DRIVERS: Final = frozenset(
    {("sqlite", "aiosqlite"), ("sqlite", "instant"), ("postgresql", "asyncpg")}
)
_READ_ONLY: Final = "duban_read"
READING: Final[Mapping[str, Mapping[str, Any]]] = {
    "sqlite": {_READ_ONLY: True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
"""The options of a connection that reads one consistent view, for each engine."""

_PASSING_ON_SQLITE: Final = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY,
})  # fmt: skip
_PASSING_ON_POSTGRESQL: Final = (
    "08",  # the connection is lost or was refused
    "25006",  # a standby: its primary is elsewhere now
    "25P03",  # our transaction was idle for too long
    "28",  # the password is wrong: whoever mends it mends no event of ours
    "3D000",  # there is no such database (yet)
    "40",  # rolled back: a serialization failure, a deadlock
    "53",  # too many connections, the disk is full
    "55P03",  # a lock was not to be had
    "55000",  # the database takes no connections
    "57P",  # the server shuts down, has crashed, or is starting
    "58",  # the server's disk fails
)


def open_engine(url: str) -> AsyncEngine:
    """The engine behind an asynchronous SQLAlchemy URL; nothing is connected yet.

    Raises:
        ValueError: this is no such URL; it is not repeated, since it may hold a password.
    """
    target = _read(url)
    if target.get_backend_name() == "sqlite":
        engine = create_async_engine(target)
        _speak_sqlite(engine.sync_engine)
        return engine
    engine = create_async_engine(
        target,
        isolation_level="READ COMMITTED",  # so that a lock once held, the newest state is seen
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_timeout=_POOL_SECONDS,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _COMMAND_SECONDS,
            "server_settings": {
                "application_name": "duban",
                "jit": "off",  # our statements are short: compiling them takes longer
                "idle_in_transaction_session_timeout": str(_IDLE_SECONDS * 1000),
            },
        },
    )
    _refuse_closed_connections(engine.sync_engine)
    return engine


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed later: the database is away, busy or had to undo it.

    A lost connection, a serialization failure, a deadlock, a lock or a connection not to be had, a
    server that shuts down: wait, then do all of the transaction again. Anything else is a fault.
    """
    if isinstance(error, NoConnectionLeft | OSError | TimeoutError):
        return True
    driver: BaseException | None = error
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        driver = error.orig
    if isinstance(driver, sqlite3.Error):
        code = getattr(driver, "sqlite_errorcode", sqlite3.SQLITE_PROTOCOL)  # none: it was closed
        return code & 0xFF in _PASSING_ON_SQLITE  # above them stand the details
    if state := getattr(driver, "sqlstate", None):
        return str(state).startswith(_PASSING_ON_POSTGRESQL)
    # The driver's own words for a connection that closed while it was used; they have no state.
    return type(driver).__name__ == "InterfaceError" and "closed" in str(driver)


def _read(url: str) -> URL:
    try:
        target = make_url(url)
        driver = target.get_backend_name(), target.get_driver_name()
    except (ArgumentError, ValueError):
        driver = ("", "")
    if driver not in _DRIVERS:
        raise ValueError(
            "the setting DATABASE is no address we know: write "
            "postgresql+asyncpg://user:password@host:5432/name, or sqlite+aiosqlite:///file"
        ) from None
    return target


def _refuse_closed_connections(engine: Engine) -> None:
    """Take no connection from the pool that has closed: it is known without asking the server."""

    @event.listens_for(engine, "checkout")
    def _on_checkout(dbapi_connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401  # the driver's
        if dbapi_connection.driver_connection.is_closed():
            raise DisconnectionError("the connection has closed while it was idle")


def _write_ahead(cursor: Any) -> None:  # noqa: ANN401  # the driver's
    """Switch to the write-ahead log.

    Two who open a new file at once are in each other's way, and SQLite does not wait here as it
    does elsewhere; whoever was first is done at once.
    """
    for attempt in range(_SWITCHES):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == _SWITCHES - 1:
                raise
            time.sleep(_SWITCH_SECONDS)
        else:
            return


def _speak_sqlite(engine: Engine) -> None:
    """Make SQLite durable and its transactions real."""

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_SECONDS * 1000}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

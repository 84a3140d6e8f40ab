"""SQLite in this process's memory, without a thread: a statement is a call, and nothing is kept.

For a simulation: SQLAlchemy's asynchronous engine on the driver of the standard library. There is
one connection, so that one transaction ends before the next begins.
"""

import sqlite3
from typing import Any, Final, Self

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool
from sqlalchemy.util import await_only

IN_MEMORY: Final = "sqlite+instant://"
"""The address of a new empty database."""


class InstantSqlite(SQLiteDialect_pysqlite):
    """The driver of the standard library under an asynchronous engine."""

    driver = "instant"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[StaticPool]:
        """One connection, which holds the database."""
        del url
        return StaticPool

    def connect(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # the driver's
        """Open it."""
        return sqlite3.connect(*arguments, **named, factory=_Connection)


async def _at_once() -> None:
    """What the engine waits for, since it insists on waiting."""


class _Cursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """Asked for by SQLAlchemy: there is nothing to let go of."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:  # noqa: ANN401  # the driver's
        await_only(_at_once())
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Self:  # noqa: ANN401  # the driver's
        await_only(_at_once())
        return super().executemany(sql, parameters)


class _Connection(sqlite3.Connection):
    def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]  # noqa: ANN401  # the driver's
        return super().cursor(_Cursor)


def register() -> None:
    """Let engines be opened at `IN_MEMORY`."""
    registry.register("sqlite.instant", __name__, InstantSqlite.__name__)

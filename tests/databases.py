"""The databases that the services' suites run on: the same tests on SQLite and on PostgreSQL."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
from peers import HOST
from peers.postgres import Postgres

from shared.kit.db import migrate

POSTGRES: Final = pytest.param("on_postgres", marks=pytest.mark.allow_hosts([HOST]))
"""The name of a fixture, and of sockets only those that reach this machine's server."""
BOTH: Final = ("on_sqlite", POSTGRES)
"""What `databases` is parametrised with: every suite of a service that touches its store."""


class Databases(Protocol):
    """The databases of one service; each belongs to a folder, and is empty when it is first asked.

    Emptied and used again, since making one takes longer than most tests.
    """

    def at(self, folder: Path) -> str:
        """The address of the folder's database; it has the newest schema."""

    def rows(self, folder: Path, table: str) -> list[dict[str, Any]]:
        """A table as anybody who opens the database reads it, in the order of its first column."""

    def execute(self, folder: Path, sql: str) -> None:
        """What a hand that knows SQL does to it."""

    def take_back(self) -> None:
        """The test is over."""


class SqliteDatabases:
    """A file in each folder, copied from one that was migrated."""

    def __init__(self, folder: Path, migrations: Path) -> None:
        self._empty = folder / "empty.sqlite"
        asyncio.run(migrate(url=f"sqlite+aiosqlite:///{self._empty}", migrations=migrations))

    def at(self, folder: Path) -> str:
        if not self._file(folder).exists():
            folder.mkdir(exist_ok=True)
            shutil.copy(self._empty, self._file(folder))
        return f"sqlite+aiosqlite:///{self._file(folder)}"

    def rows(self, folder: Path, table: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._file(folder))) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608  # ours

    def execute(self, folder: Path, sql: str) -> None:
        with closing(sqlite3.connect(self._file(folder))) as db, db:
            db.execute(sql)

    def take_back(self) -> None:
        """The folders are the test's own."""

    def _file(self, folder: Path) -> Path:
        return folder / "service.sqlite"


class PostgresDatabases:
    """A database for each folder, sorting text as a dictionary does: no order may rest on that."""

    def __init__(self, server: Postgres, name: str, migrations: Path) -> None:
        self._server = server
        self._name = name
        self._free: list[str] = []
        self._lent: dict[Path, str] = {}
        server.execute(
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        )
        asyncio.run(migrate(url=server.url(name), migrations=migrations))
        emptied = server.execute(
            "SELECT string_agg(format('DELETE FROM %I', tablename), ';') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
            database=name,
        )
        begun = server.execute(
            "SELECT string_agg(format('ALTER SEQUENCE %I RESTART', sequencename), ';') "
            "FROM pg_sequences",
            database=name,
        )
        self._empty = f"{emptied};{begun}"

    def at(self, folder: Path) -> str:
        if folder not in self._lent:
            folder.mkdir(exist_ok=True)
            self._lent[folder] = self._free.pop() if self._free else self._another()
        return self._server.url(self._lent[folder])

    def rows(self, folder: Path, table: str) -> list[dict[str, Any]]:
        query = f"SELECT json_agg(found) FROM (SELECT * FROM {table} ORDER BY 1) AS found"  # noqa: S608  # ours
        told = self._server.execute(f"SET timezone = 'UTC'; {query}", database=self._lent[folder])
        rows: list[dict[str, Any]] = json.loads(told) if told else []
        return rows

    def execute(self, folder: Path, sql: str) -> None:
        self._server.execute(sql, database=self._lent[folder])

    def take_back(self) -> None:
        for name in self._lent.values():
            self._server.execute(self._empty, database=name)
            self._free.append(name)
        self._lent.clear()

    def _another(self) -> str:
        name = f"{self._name}-{len(self._free) + len(self._lent) + 1}"
        self._server.create(name, like=self._name)
        return name


def lent(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The body of a `databases` fixture parametrised with `BOTH`."""
    databases: Databases = request.getfixturevalue(request.param)
    yield databases
    databases.take_back()

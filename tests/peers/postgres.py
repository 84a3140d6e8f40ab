"""A PostgreSQL server of the tests' own: fsync on, own folder and port, killed like a machine."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from peers import HOST, NotInstalled, free_ports

_USER: Final = "duban"
_STARTS_SECONDS: Final = 60


def binaries() -> Path:
    """The folder of initdb and pg_ctl.

    Raises:
        NotInstalled: no server is on this machine.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise NotInstalled("PostgreSQL is not installed: run make peers")
    return found[-1].parent


class Postgres:
    """One server, in a folder of its own until it is removed."""

    def __init__(self) -> None:
        """Make its files; nothing runs yet.

        Raises:
            NotInstalled: no server is on this machine.
        """
        self._binaries = binaries()
        # Not below the tests' own folders: the server's user could not enter them.
        folder = Path(tempfile.mkdtemp(prefix="duban-postgres-"))
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        (self.port,) = free_ports(1)
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", str(self._data), "-U", _USER, "-A", "trust", "-E", "UTF8")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '{HOST}'\n"
                f"unix_socket_directories = '{folder}'\nmax_connections = 200\n"
            )

    def start(self) -> None:
        """Start it, and return once it takes connections."""
        wait = ("-w", "-t", str(_STARTS_SECONDS))
        self._run("pg_ctl", "start", "-D", str(self._data), "-l", str(self._log), *wait)

    def stop(self) -> None:
        """End it in order, without waiting for its clients."""
        self._run("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w")

    def remove(self) -> None:
        """Stop it, and remove what it kept."""
        self.stop()
        shutil.rmtree(self._log.parent)

    def kill(self) -> None:
        """End it as a power cut would: nothing is flushed, nobody is told."""
        held = self._data / "postmaster.pid"
        first = int(held.read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        processes = (first, *map(int, children))
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(_lives, processes)):
            time.sleep(0.01)
        for lock in (held, *self._log.parent.glob(".s.PGSQL.*.lock")):
            lock.unlink()  # after a power cut no process has the number in it

    def url(self, database: str) -> str:
        """The address of a database, for the services' settings."""
        return f"postgresql+asyncpg://{_USER}@{HOST}:{self.port}/{database}"

    def create(self, database: str, *, like: str | None = None) -> str:
        """Make a database, empty or a copy of another that nobody has open; return its address."""
        copied = f' TEMPLATE "{like}"' if like else ""
        self.execute(f'CREATE DATABASE "{database}"{copied}')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever has it open."""
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def execute(self, sql: str, *, database: str = "postgres") -> str:
        """Run one statement as the superuser; return what psql prints."""
        return self._run("psql", *self._there(database), "-qAt", "-c", sql)

    def dump(self, database: str, to: Path) -> None:
        """Back a database up, as an operator would."""
        to.write_text(self._run("pg_dump", *self._there(database)))

    def restore(self, database: str, backup: Path) -> None:
        """Fill an empty database from a backup."""
        command = [
            str(self._binaries / "psql"),
            *self._there(database),
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        with backup.open() as text:
            subprocess.run(command, stdin=text, stdout=subprocess.DEVNULL, check=True)  # noqa: S603

    def _there(self, database: str) -> tuple[str, ...]:
        return "-h", HOST, "-p", str(self.port), "-U", _USER, "-d", database

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(self._binaries / program), *arguments]
        as_postgres = os.geteuid() == 0 and program in {"initdb", "pg_ctl"}
        if as_postgres:
            command = ["runuser", "-u", "postgres", "--", *command]
        # To a file: the server would keep a pipe open, and its reader waiting.
        with (self._log.parent / f"{program}.out").open("w+") as output:
            done = subprocess.run(  # noqa: S603  # our own command
                command, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False
            )
            output.seek(0)
            told = output.read()
        if done.returncode:
            raise RuntimeError(f"{program} failed: {told[-2000:]}")
        return told.strip()


def _lives(process: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"

"""After a loss: what an operator lets a service do, of Kafka's log or of its database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from shared.kit.adopt import Memory, adopt
from shared.kit.bus.kafka import KafkaBus
from shared.kit.clock import SystemClock
from shared.kit.db import Database
from shared.kit.foundation import ServiceSettings, topics_of
from shared.kit.log_guard import LogGuard
from shared.kit.reach import await_database, kafka_of
from shared.kit.republish import republish
from shared.kit.tables import KitTables


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """One service's way back after a loss.

    `memory` is what its own events can bring back.
    """

    name: str
    settings: ServiceSettings
    migrations: Path
    tables: KitTables
    memory: Memory

    async def republish(self, since: datetime) -> str:
        """Say again what was said since an instant; return in words what was done.

        Raises:
            Behind: the database has forgotten some of it: adopt first.
            BusUnavailable: Kafka does not answer; do it again.
        """
        async with self._engines() as (db, bus, guard):
            # What it said again would hide at the log's end what it has forgotten.
            await guard.refuse_if_behind()
            producer = bus.producer()
            sent = await republish(
                db=db,
                tables=self.tables,
                producer=producer,
                source=f"duban/{self.name}",
                since=since,
                progress=_tell,
            )
            await producer.close()
        return f"{sent:,} events of {self.name} were sent again"

    async def adopt(self, *, accept_losses: bool) -> Sequence[str]:
        """Take over from Kafka what the database has forgotten; return in words what was done.

        Raises:
            Irretrievable: something cannot be brought back; nothing was adopted.
            BusUnavailable: Kafka does not answer; do it again.
        """
        async with self._engines() as (db, bus, guard):
            adopted = await adopt(
                bus=bus,
                db=db,
                tables=self.tables,
                guard=guard,
                topics=topics_of(self.name),
                memory=self.memory,
                clock=SystemClock(),
                accept_losses=accept_losses,
                progress=_tell,
            )
        return adopted.lines()

    @asynccontextmanager
    async def _engines(self) -> AsyncIterator[tuple[Database, KafkaBus, LogGuard]]:
        await await_database(self.settings, self.migrations)
        bus = kafka_of(self.settings)
        db = Database(url=self.settings.database, migrations=self.migrations)
        guard = LogGuard(
            bus=bus, db=db, tables=self.tables, name=self.name, topics=topics_of(self.name)
        )
        try:
            await bus.start()
            yield db, bus, guard
        finally:
            await db.close()
            await bus.close()


def _tell(count: int) -> None:
    typer.echo(f"{count:,} events", err=True)

"""A service with one table of its own, which is all that the kit's tests need of a service."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import topics
from shared.contracts.envelope import Envelope, Event
from shared.contracts.intake import AccessRole, CredentialChanged, CutoffMarked
from shared.kit.app import build_app
from shared.kit.auth import Credentials, Gate, NewToken, new_token
from shared.kit.bus.base import Bus, Message, Producer, Record, Topic
from shared.kit.bus.local import LocalBus
from shared.kit.bus.loop import ConsumerLoop, Handler, Received
from shared.kit.clock import Clock, MovableClock
from shared.kit.db import Database
from shared.kit.dead_letters import DeadLetters
from shared.kit.figures import Figures, Reading
from shared.kit.inbox import Inbox
from shared.kit.journal import Journal, to_message
from shared.kit.log_guard import LogGuard
from shared.kit.metrics import KitMetrics
from shared.kit.parts import Parts
from shared.kit.relay import Relay
from shared.kit.tables import KitTables
from shared.kit.timers import Timer, TimerHandler, TimerLoop, Timers
from shared.kit.workers import Worker, Workers

PATIENCE: Final = 15.0
"""Seconds after which what was promised counts as not done; nothing takes that long."""

NOON: Final = datetime(2022, 5, 10, 4, 0, tzinfo=UTC)
"""Noon in Fuzhou on the day most tests play."""

TOPICS: Final = (
    Topic(name=topics.INTAKE, partitions=4),
    Topic(name=topics.CREDENTIALS, partitions=4, compacted=True),
    Topic(name=topics.DEAD, partitions=4),
)

POSTGRESQL: Final = pytest.param("postgresql", marks=pytest.mark.allow_hosts(["127.0.0.1"]))
on_postgresql = pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)
"""For what SQLite has not: several processes."""

Backup = Mapping[Table, Sequence[Mapping[str, Any]]]
"""The rows of each table."""

Mark = tuple[str, str]
"""A plan and the cut-off marked in it: the effect of one event."""


class Service:
    """The kit's parts on one database and one bus; `marks` is the service's own table."""

    def __init__(self, *, folder: Path, url: str, bus: Bus, clock: Clock) -> None:
        """On the empty database at `url`, whose tables `make_service` makes."""
        self.bus = bus
        self.clock = clock
        self.folder = folder
        self.url = url
        self.metadata = MetaData()
        self.tables = KitTables(self.metadata)
        self.marks_table = Table(
            "marks",
            self.metadata,
            Column("number", Integer, primary_key=True),
            Column("plan", String),
            Column("cutoff", String),
        )
        self.migrations = write_migrations(folder / "migrations", "0001")
        self.db = Database(url=url, migrations=self.migrations)
        self.metrics = KitMetrics(CollectorRegistry())
        self.journal = Journal(tables=self.tables)
        self.timers = Timers(tables=self.tables)
        self.inbox = Inbox(tables=self.tables, compacted=[topics.CREDENTIALS])
        self.dead_letters = DeadLetters(
            tables=self.tables, journal=self.journal, consumer="scoring"
        )
        self.credentials = Credentials(tables=self.tables)
        self.guard = self.new_guard()

    def new_guard(self) -> LogGuard:
        """A guard over the bus as it is now, that has not looked yet."""
        return LogGuard(bus=self.bus, db=self.db, tables=self.tables, name="intake", topics=TOPICS)

    async def say(
        self, *events: Event, correlation: str = "request-1", event_id: str | None = None
    ) -> None:
        """Write events into the journal, in a transaction of their own."""
        async with self.db.write() as session:
            await self.journal.record(
                session, *events, at=NOON, correlation=correlation, event_id=event_id
            )

    def relay(self, producer: Producer | None = None) -> Relay:
        return Relay(
            db=self.db,
            tables=self.tables,
            producer=producer or self.bus.producer(),
            guard=self.guard,
            source="duban/intake",
            clock=self.clock,
            metrics=self.metrics,
        )

    async def relay_everything(self) -> None:
        relay = self.relay()
        while await relay.send_page():
            pass

    async def back_up(self) -> Backup:
        return await back_up(self.db, self.metadata)

    async def restore(self, backup: Backup) -> None:
        await restore(self.db, backup)

    async def said(self) -> list[dict[str, Any]]:
        """The journal as it was told, whatever its rows' places and when each was sent."""
        journal = self.tables.journal
        order = select(journal).order_by(journal.c.topic, journal.c.key, journal.c.sequence)
        async with self.db.read() as session:
            rows = (await session.execute(order)).mappings().all()
        apart = {"position", "sent_at"}
        return [{name: one for name, one in row.items() if name not in apart} for row in rows]

    async def mark(self, session: AsyncSession, received: Received[CutoffMarked]) -> None:
        """The handler: one row for each event."""
        row = {"plan": received.event.plan, "cutoff": received.event.cutoff}
        await session.execute(insert(self.marks_table).values(**row))

    async def fire(self, session: AsyncSession, timer: Timer) -> None:
        """The handler of timers: one row for each."""
        row = {"plan": timer.kind, "cutoff": timer.subject}
        await session.execute(insert(self.marks_table).values(**row))

    async def marks(self, plan: str | None = None) -> list[Mark]:
        """What the handler has written, in order."""
        table = self.marks_table
        query = select(table.c.plan, table.c.cutoff).order_by(table.c.number)
        if plan is not None:
            query = query.where(table.c.plan == plan)
        async with self.db.read() as session:
            return [(row.plan, row.cutoff) for row in await session.execute(query)]

    def loop(
        self, handlers: Mapping[type[Event], Handler] | None = None, *, group: str = "scoring"
    ) -> ConsumerLoop:
        return ConsumerLoop(
            bus=self.bus,
            group=group,
            member="one",
            topics=[topics.INTAKE, topics.CREDENTIALS],
            handlers={CutoffMarked: self.mark} if handlers is None else handlers,
            db=self.db,
            inbox=self.inbox,
            dead_letters=self.dead_letters,
            clock=self.clock,
            metrics=self.metrics,
        )

    async def take_in(self, loop: ConsumerLoop | None = None) -> None:
        """Consume until every record in the log has been committed."""
        loop = loop or self.loop()
        async with running(loop.run):
            await until(lambda: loop.caught_up)

    async def gaps(self, key: str | None = None) -> int:
        async with self.db.read() as session:
            return await self.inbox.gaps(session, key=key)

    async def letters(self) -> list[tuple[str, str]]:
        """Key and code of the open dead letters."""
        async with self.db.read() as session:
            rows = await self.dead_letters.list_open(session)
        return sorted((row["key"], row["code"]) for row in rows)

    def timer_loop(self, handlers: Mapping[str, TimerHandler]) -> TimerLoop:
        return TimerLoop(
            db=self.db,
            tables=self.tables,
            clock=self.clock,
            handlers=handlers,
            metrics=self.metrics,
        )

    def gate(self) -> Gate:
        return Gate(
            db=self.db, credentials=self.credentials, clock=self.clock, session_secret="secret"
        )

    async def issue(
        self,
        *roles: AccessRole,
        unit: str | None = None,
        expires_at: datetime | None = None,
        revoked_at: datetime | None = None,
        token: NewToken | None = None,
    ) -> NewToken:
        """Issue a token, or change the given one."""
        token = token or new_token()
        changed = CredentialChanged(
            token=token.id,
            holder="Ms Lin",
            unit=unit,
            roles=roles,
            secret_sha256=token.secret_sha256,
            issued_at=NOON,
            expires_at=expires_at,
            revoked_at=revoked_at,
        )
        async with self.db.write() as session:
            await self.credentials.store(session, changed)
        return token

    def app(
        self,
        *routers: APIRouter,
        workers: Mapping[str, Worker] | None = None,
        consumer: ConsumerLoop | None = None,
        db: Database | None = None,
    ) -> FastAPI:
        gate = self.gate()
        parts = Parts(
            db=db or self.db,
            tables=self.tables,
            bus=self.bus,
            guard=self.guard,
            inbox=self.inbox,
            dead_letters=self.dead_letters,
            consumer=consumer,
            workers=Workers(workers or {}),
            gate=gate,
            templates=None,
            secure_cookie=False,
            metrics=self.metrics,
            figures=self.figures(),
        )
        return build_app(name="kit", summary="The kit.", parts=parts, routers=routers, bodies=[])

    def figures(self, *readings: Reading) -> Figures:
        return Figures(
            db=self.db,
            tables=self.tables,
            bus=self.bus,
            inbox=self.inbox,
            dead_letters=self.dead_letters,
            clock=self.clock,
            metrics=self.metrics,
            readings=readings,
        )

    def figure(self, name: str, **labels: str) -> float | None:
        """A figure of the service's metrics."""
        return self.metrics.registry.get_sample_value(name, labels)


async def back_up(db: Database, metadata: MetaData) -> Backup:
    """What every table holds."""
    async with db.read() as session:
        return {
            table: [dict(row) for row in (await session.execute(select(table))).mappings()]
            for table in metadata.sorted_tables
        }


async def restore(db: Database, backup: Backup) -> None:
    """Let every table hold what it held then, and nothing else."""
    async with db.write() as session:
        for table, rows in backup.items():
            await session.execute(delete(table))
            if rows:
                await session.execute(insert(table), rows)


@asynccontextmanager
async def another_process(service: Service) -> AsyncIterator[Service]:
    """The service once more, with connections of its own to the same database and bus."""
    other = Service(folder=service.folder, url=service.url, bus=service.bus, clock=service.clock)
    yield other
    await other.db.close()


@asynccontextmanager
async def make_service(folder: Path, url: str) -> AsyncIterator[Service]:
    """A service on the empty database at `url` and an empty bus in `folder`."""
    bus = LocalBus(path=folder / "bus.sqlite", topics=TOPICS)
    await bus.start()
    clock = MovableClock(path=folder / "clock", start=NOON)
    service = Service(folder=folder, url=url, bus=bus, clock=clock)
    async with service.db.write() as session:
        await (await session.connection()).run_sync(service.metadata.create_all)
    yield service
    await service.db.close()
    await bus.close()


def write_migrations(folder: Path, *revisions: str) -> Path:
    """An alembic folder whose revisions follow one another; each makes a table of its name."""
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "env.py").write_text(
        "from sqlalchemy import MetaData\n"
        "from shared.kit.db import run_migrations\n"
        "run_migrations(MetaData())\n"
    )
    for before, revision in zip((None, *revisions), revisions, strict=False):
        (folder / "versions" / f"{revision}.py").write_text(
            "from alembic import op\n"
            f"revision, down_revision = {revision!r}, {before!r}\n"
            "def upgrade():\n"
            f"    op.execute('CREATE TABLE made_by_{revision} (x INTEGER)')\n"
        )
    return folder


def cutoff(plan: str, name: str) -> CutoffMarked:
    return CutoffMarked(plan=plan, cutoff=name, marked_at=NOON, by="Ms Lin")


def message(event: Event, number: int) -> Message:
    """The event as its producer's relay sends it."""
    envelope = Envelope(
        id=f"{event.key}-{number}",
        source="duban/intake",
        type=event.TYPE,
        subject=event.subject,
        time=NOON,
        key=event.key,
        sequence=number,
        correlation="request-1",
        data=event.model_dump_json(by_alias=True).encode(),
    )
    return to_message(event.TOPIC, envelope)


def marks_of(plan: str, *numbers: int) -> list[Message]:
    """The events with these numbers of one plan: number 3 marks the cut-off c3."""
    return [message(cutoff(plan, f"c{number}"), number) for number in numbers]


def with_header(sent: Message, name: str, value: str | None) -> Message:
    """The message with one header changed, or without it."""
    headers = [(one, was) for one, was in sent.headers if one != name]
    if value is not None:
        headers.append((name, value.encode()))
    return replace(sent, headers=tuple(headers))


def write_foreign(folder: Path, topic: str, key: bytes | None, value: bytes | None) -> None:
    """Append a record that no producer of ours would make."""
    with sqlite3.connect(folder / "bus.sqlite") as db:
        db.execute(
            "INSERT INTO records SELECT ?, 0, ifnull(max(offset) + 1, 0), ?, ?, '[]' "
            "FROM records WHERE topic = ? AND partition = 0",
            (topic, key, value, topic),
        )
    db.close()


async def read_topic(bus: Bus, topic: str) -> list[Record]:
    """Everything in a topic, partition after partition."""
    consumer = await bus.consumer(group=f"reader of {topic}", topics=[topic], member="one")
    found: list[Record] = []
    while batches := await consumer.poll(limit=1000, wait=0):
        found += [record for batch in batches.values() for record in batch]
    await consumer.close()
    return found


async def say_again(bus: Bus, topic: str) -> None:
    """All that a topic holds comes once more, as a producer says it again."""
    await bus.producer().send(
        [
            Message(
                topic=topic,
                key=(one.key or b"").decode(),
                value=one.value or b"",
                headers=one.headers,
            )
            for one in await read_topic(bus, topic)
        ]
    )


def header(record: Record, name: str) -> str:
    return (dict(record.headers)[name] or b"").decode()


def numbers_of(records: Sequence[Record], key: str) -> list[int]:
    """The numbers of one key's events, as they stand in the log."""
    mine = [record for record in records if record.key == key.encode()]
    return [int(header(record, "ce_sequence")) for record in mine]


@asynccontextmanager
async def running(*workers: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run loops in the background; what one raises is raised at the end."""
    tasks = [asyncio.ensure_future(worker()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.01)


async def waits_for_a_lock(service: Service) -> bool:
    """Whether a transaction waits for another, on PostgreSQL."""
    async with service.db.read() as session:
        return bool(await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def browser(app: FastAPI, **options: Any) -> httpx.AsyncClient:  # noqa: ANN401  # httpx's own
    """A client of the app; what the app raises fails the test."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://duban.test", **options
    )

"""The three services in one process: on SQLite and the local bus, unless told otherwise."""

import asyncio
import base64
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from pydantic import SecretStr

import intake.app
import intake.config
import intake.wiring
import notify.app
import notify.config
import notify.wiring
import scoring.app
import scoring.config
import scoring.wiring
from scoring.service.intake_client import IntakeClient
from shared.kit.bus.base import Bus
from shared.kit.bus.local import LocalBus
from shared.kit.clock import Clock
from shared.kit.db import migrate
from shared.kit.foundation import TOPICS
from shared.kit.serving import Server

HOST: Final = "127.0.0.1"
_LOOK_SECONDS: Final = 0.02
MEMBER: Final = "local"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where the services listen, on this machine only."""

    intake: int = 8001
    scoring: int = 8002
    notify: int = 8003

    def url(self, service: str) -> str:
        """The address of a service."""
        return f"http://{HOST}:{getattr(self, service)}"


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """Where messages may go: SMTP server, and private webhook targets an operator lists."""

    smtp_host: str = HOST
    smtp_port: int = 25
    allow_targets: str = ""


@dataclass(frozen=True, kw_only=True)
class House:
    """The three wired services, and the apps in front of them."""

    intake: intake.wiring.Intake
    scoring: scoring.wiring.Scoring
    notify: notify.wiring.Notify
    apps: Sequence[tuple[FastAPI, int]]


@dataclass(frozen=True, kw_only=True)
class Engines:
    """What the services meet in, and the address of each one's database."""

    bus: Bus
    databases: Mapping[str, str]


def embedded(folder: Path) -> Engines:
    """The embedded default: the local bus and three SQLite files in a folder."""
    return Engines(
        bus=LocalBus(path=folder / "bus.db", topics=TOPICS),
        databases={name: database_url(folder, name) for name in ("intake", "scoring", "notify")},
    )


@asynccontextmanager
async def open_house(
    *,
    folder: Path,
    clock: Clock,
    ports: Ports,
    outgoing: Outgoing | None = None,
    public_bulletin: bool = False,
    engines: Engines | None = None,
) -> AsyncIterator[House]:
    """Migrate the databases, start the bus, wire the services; nothing listens yet.

    Without `engines` it is the embedded default in `folder`, where in any case the secrets are kept
    that sign sessions and publications.

    Raises:
        BusUnavailable: another process has this folder open.
    """
    outgoing = outgoing or Outgoing()
    secret = SecretStr(_kept(folder, "session-secret", lambda: secrets.token_hex(32)))
    signing = SecretStr(_kept(folder, "signing-key", _new_key))
    engines = engines or embedded(folder)
    inputs = intake.config.IntakeSettings(
        database=engines.databases["intake"], session_secret=secret
    )
    results = scoring.config.ScoringSettings(
        database=engines.databases["scoring"],
        session_secret=secret,
        intake_url=ports.url("intake"),
        public_bulletin=public_bulletin,
        signing_key=signing,
    )
    messages = notify.config.NotifySettings(
        database=engines.databases["notify"],
        session_secret=secret,
        public_url=ports.url("notify"),
        smtp_host=outgoing.smtp_host,
        smtp_port=outgoing.smtp_port,
        allow_targets=outgoing.allow_targets,
    )
    async with AsyncExitStack() as stack:
        bus = engines.bus
        await bus.start()  # first, for it refuses a folder that another process has open
        stack.push_async_callback(bus.close)
        await migrate(url=inputs.database, migrations=intake.config.MIGRATIONS)
        await migrate(url=results.database, migrations=scoring.config.MIGRATIONS)
        await migrate(url=messages.database, migrations=notify.config.MIGRATIONS)
        cutoffs = IntakeClient(url=results.intake_url)
        stack.push_async_callback(cutoffs.close)
        yield _wired(
            intake.wiring.build(settings=inputs, bus=bus, clock=clock, member=MEMBER),
            scoring.wiring.build(
                settings=results, bus=bus, clock=clock, member=MEMBER, cutoffs=cutoffs
            ),
            notify.wiring.build(settings=messages, bus=bus, clock=clock, member=MEMBER),
            ports,
        )


def _wired(
    inputs: intake.wiring.Intake,
    results: scoring.wiring.Scoring,
    messages: notify.wiring.Notify,
    ports: Ports,
) -> House:
    return House(
        intake=inputs,
        scoring=results,
        notify=messages,
        apps=[
            (intake.app.create_app(inputs), ports.intake),
            (scoring.app.create_app(results), ports.scoring),
            (notify.app.create_app(messages), ports.notify),
        ],
    )


@asynccontextmanager
async def listening(apps: Sequence[tuple[FastAPI, int]]) -> AsyncIterator[None]:
    """The apps answer at their ports inside this block.

    Raises:
        OSError: a port is taken.
    """
    sockets = [_bound(port) for _, port in apps]
    servers = [Server(app) for app, _ in apps]
    tasks = [
        asyncio.create_task(server.serve(sockets=[one]))
        for server, one in zip(servers, sockets, strict=True)
    ]
    try:
        while not all(server.started for server in servers):
            for task in tasks:
                if task.done():
                    task.result()
                    raise OSError("a service ended before it had started")
            await asyncio.sleep(_LOOK_SECONDS)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    """A socket at the port; uvicorn would end the process where it is taken."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind((HOST, port))
    except OSError as error:
        one.close()
        raise OSError(f"port {port} is taken: end what listens there, or choose another") from error
    return one


def database_url(folder: Path, service: str) -> str:
    """Where a service's database is in a folder of the embedded default."""
    return f"sqlite+aiosqlite:///{(folder / service).absolute()}.db"


def _kept(folder: Path, name: str, make: Callable[[], str]) -> str:
    """A secret of this folder, made where there is none yet; only its owner can read it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text()


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()

"""The command of one service, alone on its engines: `python -m <service> serve` and the rest."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Final, Generic, NoReturn, TypeVar

import structlog
import typer
from fastapi import FastAPI
from pydantic import AwareDatetime, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined

from shared.kit.bus.base import Bus, BusUnavailable
from shared.kit.bus.kafka import KafkaBus, KafkaSecurity
from shared.kit.clock import Clock, SystemClock
from shared.kit.db import Database, SchemaTooOld, migrate
from shared.kit.foundation import TOPICS, ServiceSettings
from shared.kit.logs import set_up
from shared.kit.republish import republish
from shared.kit.serving import Server
from shared.kit.tables import KitTables

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 60
_LOOK_SECONDS: Final = 1.0
_WIDTH: Final = 96

S = TypeVar("S", bound=ServiceSettings)
OpenApp = Callable[[S, Bus, Clock, str], AbstractAsyncContextManager[FastAPI]]
"""Settings, bus, clock and member in; the service's app, for as long as the block lasts."""


@dataclass(frozen=True, kw_only=True)
class Service(Generic[S]):
    """What the command must know of a service."""

    name: str
    summary: str
    settings: type[S]
    migrations: Path
    tables: KitTables
    open_app: OpenApp[S]


def build_command(service: Service[S]) -> typer.Typer:
    """The service's commands; its settings come from the environment."""
    app = typer.Typer(
        help=f"{service.summary}\n\n{settings_help(service.settings)}",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def about() -> None:
        """Without it, a command with one verb would not name it."""

    @app.command("serve", help=f"Run {service.name} until it is interrupted.")
    def serve() -> None:
        _run(_serve(service, read_settings(service)))

    @app.command("migrate", help="Bring the database to the newest schema, and make the topics.")
    def migrate_all() -> None:
        _run(_migrate(service, read_settings(service)))

    @app.command(
        "republish",
        help="Send again what was said since an instant, after Kafka has lost its log.\n\n"
        "Whoever has heard it already drops it.",
    )
    def say_again(
        since: Annotated[
            str, typer.Option(metavar="INSTANT", help="As 2027-01-01T00:00:00+08:00.")
        ],
    ) -> None:
        try:
            instant = TypeAdapter(AwareDatetime).validate_python(since)
        except ValidationError:
            stop(f"--since {since!r}: write an instant with its offset", status=2)
        _run(_republish(service, read_settings(service), instant))

    return app


def read_settings(service: Service[S]) -> S:
    """The settings in the environment; ends the process where they are wrong, naming each."""
    try:
        return service.settings()
    except ValidationError as error:
        prefix = service.settings.model_config["env_prefix"]
        lines = [
            f"{prefix}{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}"
            for one in error.errors()
        ]
        stop(*lines, f"python -m {service.name} --help lists every setting", status=2)


def settings_help(settings: type[ServiceSettings]) -> str:
    """Every setting as an environment variable, with its default and what it means."""
    prefix = settings.model_config["env_prefix"]
    lines = ["\b", "Settings, from the environment:"]
    for name, field in settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr) or default is None:
            default = ""
        told = "required" if default is PydanticUndefined else f"default: {default}"
        lines.append(f"  {prefix}{name.upper()}" + (f"  ({told})" if default != "" else ""))
        words = " ".join((field.description or "").split())
        lines += wrap(words, _WIDTH, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines)


def stop(*lines: str, status: int = 1) -> NoReturn:
    """End the process with these lines on standard error."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(status)


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except (BusUnavailable, SchemaTooOld, ValueError) as error:
        stop(str(error))


async def _serve(service: Service[S], settings: S) -> None:
    set_up(form=settings.logs)
    bus = _bus(service, settings)
    await _await_database(service, settings)
    try:
        await bus.start()
    except BusUnavailable as error:  # reports are taken without it; readiness tells the truth
        log.warning("Kafka does not answer yet; the service starts without it", error=str(error))
    member = settings.member or f"{socket.gethostname()}-{settings.port}"
    try:
        async with service.open_app(settings, bus, SystemClock(), member) as app:
            log.info("the service starts", service=service.name, member=member, port=settings.port)
            server = Server(app, host=settings.host, port=settings.port)
            server.end_on_signals()
            await server.serve()
    finally:
        await bus.close()
    if not server.started:
        stop(f"{service.name} could not start: see its log")


async def _migrate(service: Service[S], settings: S) -> None:
    set_up(form=settings.logs)
    await _await_answer(service, settings)
    await migrate(url=settings.database, migrations=service.migrations)
    typer.echo(f"the database of {service.name} is at its newest schema")
    bus = _bus(service, settings)
    try:
        await _patiently(bus)
    finally:
        await bus.close()
    typer.echo("every topic is there")


async def _republish(service: Service[S], settings: S, since: datetime) -> None:
    set_up(form=settings.logs)
    await _await_database(service, settings)
    bus = _bus(service, settings)
    db = Database(url=settings.database, migrations=service.migrations)
    try:
        await bus.start()
        producer = bus.producer()
        sent = await republish(
            db=db,
            tables=service.tables,
            producer=producer,
            source=f"duban/{service.name}",
            since=since,
            progress=lambda count: typer.echo(f"{count:,} events", err=True),
        )
        await producer.close()
    finally:
        await db.close()
        await bus.close()
    typer.echo(f"{sent:,} events of {service.name} were sent again")


def _bus(service: Service[S], settings: S) -> KafkaBus:
    if settings.kafka is None:
        prefix = service.settings.model_config["env_prefix"]
        stop(f"{prefix}KAFKA is not set: name Kafka's addresses, as kafka:9092", status=2)
    password = settings.kafka_password
    return KafkaBus(
        servers=settings.kafka,
        topics=TOPICS,
        security=KafkaSecurity(
            protocol=settings.kafka_security,
            mechanism=settings.kafka_mechanism,
            username=settings.kafka_username,
            password=password.get_secret_value() if password else None,
            ca=settings.kafka_ca,
        ),
        replication=settings.kafka_replication,
    )


async def _await_answer(service: Service[S], settings: S) -> None:
    """Wait a minute at most for the database; whoever starts it beside us may need that long."""
    db = Database(url=settings.database, migrations=service.migrations)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await db.answers():  # noqa: ASYNC110  # another process cannot set our event
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        stop(f"the database of {service.name} does not answer: see the setting DATABASE")
    finally:
        await db.close()


async def _await_database(service: Service[S], settings: S) -> None:
    """Wait for the database, and refuse one whose schema is too old.

    Raises:
        SchemaTooOld: it has to be migrated first.
    """
    await _await_answer(service, settings)
    db = Database(url=settings.database, migrations=service.migrations)
    try:
        await db.check_schema()
    finally:
        await db.close()


async def _patiently(bus: KafkaBus) -> None:
    """Start the bus, and wait a minute at most for Kafka.

    Raises:
        BusUnavailable: it does not answer.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            return await bus.start()
        except BusUnavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_LOOK_SECONDS)

"""The command of one service, alone on its engines: `python -m <service> serve` and the rest."""

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
import uvloop
from fastapi import FastAPI
from pydantic import AwareDatetime, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined

from shared.kit.adopt import Irretrievable, Memory
from shared.kit.bus.base import Bus, BusUnavailable
from shared.kit.clock import Clock, SystemClock
from shared.kit.db import SchemaTooOld, migrate
from shared.kit.foundation import ServiceSettings
from shared.kit.log_guard import Behind
from shared.kit.logs import set_up
from shared.kit.reach import await_answer, await_database, kafka_of, patiently
from shared.kit.recovery import Recovery
from shared.kit.serving import Server
from shared.kit.tables import KitTables

log = structlog.get_logger(__name__)

_WIDTH: Final = 96
_ADOPT: Final = """After a restore from a backup, learn from Kafka what the database forgot.

A service whose database knows less than the service has said is not ready, takes nothing in and
sends nothing: new events would get numbers that were used, and would be dropped as repeats.

This reads what the service has said from the first record on, and writes into the journal, and into
the service's own tables as far as events tell of them, whatever is missing there. What no event can
bring back is named first, with what to do about it, and nothing is adopted: restore a newer backup,
or accept the loss. It may be done again, and while the service runs; that goes on by itself then.

Last, let those it listens to say again what it has missed: republish --since the backup's time.
"""

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
    memory: Memory

    def recovery(self) -> Recovery:
        """Its way back after a loss."""
        return Recovery(
            name=self.name,
            settings=read_settings(self),
            migrations=self.migrations,
            tables=self.tables,
            memory=self.memory,
        )


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
        _run(_republish(service, instant))

    @app.command("adopt", help=_ADOPT)
    def adopt(
        accept_losses: Annotated[
            bool,
            typer.Option(
                "--accept-losses", help="Adopt although something cannot be brought back."
            ),
        ] = False,
    ) -> None:
        _run(_adopt(service, accept_losses=accept_losses))

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
        uvloop.run(work)
    except (Behind, BusUnavailable, Irretrievable, SchemaTooOld, ValueError) as error:
        stop(str(error))


async def _serve(service: Service[S], settings: S) -> None:
    set_up(form=settings.logs)
    bus = kafka_of(settings)
    await await_database(settings, service.migrations)
    try:
        await bus.start()
    except BusUnavailable as error:  # reports are taken without it; readiness tells the truth
        log.warning("Kafka does not answer yet; the service starts without it", error=str(error))
    member = settings.member or f"{socket.gethostname()}-{settings.port}"
    try:
        async with service.open_app(settings, bus, SystemClock(), member) as app:
            log.info("the service starts", service=service.name, member=member, port=settings.port)
            server = Server(app, host=settings.host, port=settings.port)
            server.own_the_process()
            await server.serve()
    finally:
        await bus.close()
    if not server.started:
        stop(f"{service.name} could not start: see its log")


async def _migrate(service: Service[S], settings: S) -> None:
    set_up(form=settings.logs)
    await await_answer(settings, service.migrations)
    await migrate(url=settings.database, migrations=service.migrations)
    typer.echo(f"the database of {service.name} is at its newest schema")
    bus = kafka_of(settings)
    try:
        await patiently(bus)
    finally:
        await bus.close()
    typer.echo("every topic is there")


async def _republish(service: Service[S], since: datetime) -> None:
    recovery = service.recovery()
    set_up(form=recovery.settings.logs)
    typer.echo(await recovery.republish(since))


async def _adopt(service: Service[S], *, accept_losses: bool) -> None:
    recovery = service.recovery()
    set_up(form=recovery.settings.logs)
    for line in await recovery.adopt(accept_losses=accept_losses):
        typer.echo(line)

"""`python -m intake`: the service alone, on Kafka and its own database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from fastapi import FastAPI

from intake.app import create_app
from intake.config import MIGRATIONS, IntakeSettings
from intake.service.caller import Refused
from intake.service.first_token import first_token
from intake.service.restoring import MEMORY
from intake.store.tables import kit
from intake.wiring import build
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.command import Service, build_command, read_settings, stop
from shared.kit.db import SchemaTooOld


@asynccontextmanager
async def _open(
    settings: IntakeSettings, bus: Bus, clock: Clock, member: str
) -> AsyncIterator[FastAPI]:
    yield create_app(build(settings=settings, bus=bus, clock=clock, member=member))


SERVICE = Service(
    name="intake",
    summary="Every input: plans, rulebooks, tokens, submissions and what is owed.",
    settings=IntakeSettings,
    migrations=MIGRATIONS,
    tables=kit,
    open_app=_open,
    memory=MEMORY,
)
command = build_command(SERVICE)


@command.command()
def bootstrap(
    holder: Annotated[str, typer.Option(help="The person or system it is for.")],
) -> None:
    """Make the very first token, an operator's, and print it; it works once."""
    settings = read_settings(SERVICE)
    try:
        typer.echo(asyncio.run(first_token(url=settings.database, holder=holder)))
    except ValueError as error:
        stop(str(error), status=2)
    except (SchemaTooOld, Refused) as reason:
        stop(str(reason))


if __name__ == "__main__":
    command(prog_name="python -m intake")

"""`python -m notify`: the service alone, on Kafka and its own database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from notify.app import create_app
from notify.config import MIGRATIONS, NotifySettings
from notify.service.restoring import MEMORY
from notify.store.tables import kit
from notify.wiring import build
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.command import Service, build_command


@asynccontextmanager
async def _open(
    settings: NotifySettings, bus: Bus, clock: Clock, member: str
) -> AsyncIterator[FastAPI]:
    yield create_app(build(settings=settings, bus=bus, clock=clock, member=member))


SERVICE = Service(
    name="notify",
    summary="Every message: contacts, routes, alerts, deliveries.",
    settings=NotifySettings,
    migrations=MIGRATIONS,
    tables=kit,
    open_app=_open,
    memory=MEMORY,
)
command = build_command(SERVICE)


if __name__ == "__main__":
    command(prog_name="python -m notify")

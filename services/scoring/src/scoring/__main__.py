"""`python -m scoring`: the service alone, on Kafka and its own database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from scoring.app import create_app
from scoring.config import MIGRATIONS, ScoringSettings
from scoring.service.intake_client import IntakeClient
from scoring.service.restoring import MEMORY
from scoring.store.tables import kit
from scoring.wiring import build
from shared.kit.bus.base import Bus
from shared.kit.clock import Clock
from shared.kit.command import Service, build_command


@asynccontextmanager
async def _open(
    settings: ScoringSettings, bus: Bus, clock: Clock, member: str
) -> AsyncIterator[FastAPI]:
    cutoffs = IntakeClient(url=settings.intake_url)
    try:
        yield create_app(
            build(settings=settings, bus=bus, clock=clock, member=member, cutoffs=cutoffs)
        )
    finally:
        await cutoffs.close()


SERVICE = Service(
    name="scoring",
    summary="Every result: the live board, publications, explanations.",
    settings=ScoringSettings,
    migrations=MIGRATIONS,
    tables=kit,
    open_app=_open,
    memory=MEMORY,
)
command = build_command(SERVICE)


if __name__ == "__main__":
    command(prog_name="python -m scoring")

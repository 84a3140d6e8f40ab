"""One server in a process of its own.

`python -m bench.serve ours|textbook|idle PORT URL FOLDER`
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import uvloop
from fastapi import FastAPI
from pydantic import SecretStr

import intake.app
import intake.wiring
from bench.textbook import idle_app, make_tables, storing_app
from intake.config import MIGRATIONS, IntakeSettings
from intake.service.caller import Caller, Refused
from shared.contracts.submission import Submission
from shared.kit.auth import Principal
from shared.kit.bus.base import Bus, Record
from shared.kit.clock import MovableClock
from shared.kit.db import migrate
from shared.kit.logs import set_up
from shared.kit.serving import Server

PLAN: Final = "fuzhou-3820"
PERIOD: Final = "2021-B2"
_FILE: Final = Path(__file__).parent.parent / "examples/fuzhou/plan.yaml"
NOW: Final = datetime.fromisoformat("2021-05-06T10:00+08:00")
OFFICE: Final = Caller(
    principal=Principal(
        token="bench",  # noqa: S106  # the id of one, no secret
        holder="bench",
        unit=None,
        roles=frozenset({"office"}),
    ),
    correlation="bench",
)


class SilentBus:
    """A bus that never answers: what is measured is the intake alone."""

    async def start(self) -> None:
        """Nothing to connect to."""

    def producer(self) -> Any:  # noqa: ANN401  # stands for any part of a bus
        """Itself."""
        return self

    async def consumer(self, **_asked: object) -> Any:  # noqa: ANN401  # likewise
        """Never comes."""
        return await self.send()

    async def send(self, *_messages: object) -> Any:  # noqa: ANN401  # likewise
        """Wait for ever."""
        await asyncio.Event().wait()

    async def history(self, *_asked: object, **_more: object) -> AsyncIterator[list[Record]]:
        """Never tells."""
        await self.send()
        yield []

    async def healthy(self) -> bool:
        """Never."""
        return False

    async def close(self) -> None:
        """Nothing to let go of."""


def wired(url: str, folder: Path, bus: Bus) -> intake.wiring.Intake:
    """Our intake, on a spring day of 2021."""
    settings = IntakeSettings(database=url, session_secret=SecretStr("s" * 32))
    clock = MovableClock(path=folder / "clock", start=NOW)
    return intake.wiring.build(settings=settings, bus=bus, clock=clock, member="bench")


async def prepare(url: str, folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """Migrate, apply the plan of Fuzhou; return a token and one report for each obligation."""
    await migrate(url=url, migrations=MIGRATIONS)
    house = wired(url, folder, SilentBus())
    await house.plans.apply(PLAN, _FILE.read_bytes(), dry_run=False, caller=OFFICE)
    _, token = await house.access.issue(
        holder="bench", unit=None, roles=["office"], expires_at=None, caller=OFFICE
    )
    bodies = []
    for owed in await house.duties.owed(PLAN, unit=None, period=PERIOD):
        duty = owed.obligation
        body: dict[str, Any] = {
            "plan": PLAN,
            "task": duty.task.id,
            "unit": duty.unit,
            "period": PERIOD,
        }
        body |= {"values": dict.fromkeys(duty.figures, "12.5")}
        report = Submission.model_validate(body)
        try:
            await house.submissions.rehearse(report, caller=OFFICE)
        except Refused:
            continue
        bodies.append(body)
    await house.parts.db.close()
    return token, bodies


async def serve(which: str, port: int, url: str, folder: Path, bus: Bus | None = None) -> None:
    """Serve one of the three until interrupted."""
    set_up(form="json", level="WARNING")
    apps = {
        "ours": lambda: intake.app.create_app(wired(url, folder, bus or SilentBus())),
        "textbook": lambda: storing_app(url),
        "idle": idle_app,
    }
    app: FastAPI = apps[which]()
    if which == "textbook":
        await make_tables(url)
    server = Server(app, port=port)
    server.own_the_process()
    await server.serve()


if __name__ == "__main__":
    name, at, database, home = sys.argv[1:]
    uvloop.run(serve(name, int(at), database, Path(home)))

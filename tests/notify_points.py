"""Notify in a process of its own that kills itself, without a word, at a point of a message's way.

    python notify_points.py FOLDER DATABASE POINT SMTP_PORT HOOK_PORT

It goes on with what stands in FOLDER (database, log, clock). At no point it ends when it is told.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from notify_house import NOON, TOPICS, HandClock
from pydantic import SecretStr

from notify.app import create_app
from notify.config import NotifySettings
from notify.service.dispatch import Dispatcher
from notify.service.flushing import Flushing
from notify.service.notices import Notices
from notify.service.writing import Writing
from notify.wiring import build
from shared.kit.bus.local import LocalBus

POINTS: Final[dict[str, tuple[type[Any], str, bool]]] = {
    "heard": (Notices, "tell", True),
    "noticed": (Flushing, "on_flush", False),
    "written": (Writing, "write", True),
    "claimed": (Dispatcher, "_send", False),
    "sent": (Dispatcher, "_send", True),
    "stored": (Dispatcher, "_deliver", True),
}
"""By name: where, and whether behind it. heard: the notices are written, and not committed;
noticed: they are, and their group's time has come; written: the message is, and not committed;
claimed: it is about to be sent; sent: it is, and nobody knows; stored: it is known, not told."""


def die_at(point: str) -> None:
    """Arm a point."""
    owner, name, behind = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)

    async def armed(self: object, *args: object, **more: object) -> object:
        if behind:
            await original(self, *args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(owner, name, armed)


async def live(folder: Path, url: str, smtp_port: int, hook_port: int) -> None:
    """Notify as it runs, until it is killed."""
    bus = LocalBus(path=folder / "bus.sqlite", topics=TOPICS)
    await bus.start()
    clock = HandClock(path=folder / "clock", start=NOON)
    settings = NotifySettings(
        database=url,
        session_secret=SecretStr("s" * 32),
        smtp_port=smtp_port,
        allow_targets=f"127.0.0.1/32:{hook_port}",
    )
    app = create_app(build(settings=settings, bus=bus, clock=clock, member="one"))
    async with app.router.lifespan_context(app):
        await asyncio.Event().wait()


if __name__ == "__main__":
    place, address, armed_point, smtp, hook = sys.argv[1:]
    if armed_point in POINTS:
        die_at(armed_point)
    asyncio.run(live(Path(place), address, int(smtp), int(hook)))

"""What comes after the intake: the relay to Kafka, and scoring's consumer, each in its process.

`python -m bench.chain fill|relay|consume URL SERVERS FOLDER` prints events and seconds as JSON.
One plan is one key, one partition and one lane: this is the narrowest way through the chain.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import func, select

import scoring.wiring
from bench.serve import NOW, OFFICE, SilentBus, prepare, wired
from scoring.config import MIGRATIONS, ScoringSettings
from shared.contracts.submission import Submission
from shared.kit.app import Parts
from shared.kit.bus.kafka import KafkaBus
from shared.kit.clock import MovableClock
from shared.kit.db import migrate
from shared.kit.foundation import TOPICS
from shared.kit.journal import backlog
from shared.kit.logs import set_up

EVENTS: Final = 10_000
_LOOK_SECONDS: Final = 0.02


class NoCutoffs:
    """Nobody asks for one here."""

    async def mark(self, *_asked: Any) -> str:  # noqa: ANN401  # whatever is asked
        """Refuse."""
        raise NotImplementedError


async def fill(url: str, _servers: str, folder: Path) -> dict[str, float]:
    """Reports in batches straight into the service, so that the journal has something to tell."""
    _, bodies = await prepare(url, folder)
    house = wired(url, folder, SilentBus())
    reports = [
        Submission.model_validate_json(json.dumps(bodies[at % len(bodies)] | {"note": str(at)}))
        for at in range(EVENTS)
    ]
    started = time.perf_counter()
    await house.submissions.submit_batch(reports, caller=OFFICE)
    seconds = time.perf_counter() - started
    await house.parts.db.close()
    return {"events": EVENTS, "seconds": seconds}


async def relay(url: str, servers: str, folder: Path) -> dict[str, float]:
    """From a full journal to the last acknowledgement of Kafka."""
    bus = KafkaBus(servers=servers, topics=TOPICS)
    await bus.start()
    parts = wired(url, folder, bus).parts

    async def unsent() -> int:
        async with parts.db.read() as session:
            return (await backlog(session, parts.tables))[0]

    waiting = await unsent()
    seconds = await _emptied(parts, bus, unsent, waiting)
    return {"events": waiting, "seconds": seconds}


async def consume(url: str, servers: str, folder: Path) -> dict[str, float]:
    """From the first event that scoring has stored to the last."""
    bus = KafkaBus(servers=servers, topics=TOPICS)
    await bus.start()
    await migrate(url=url, migrations=MIGRATIONS)
    parts = scoring.wiring.build(
        settings=ScoringSettings(database=url, session_secret=SecretStr("s" * 32)),
        bus=bus,
        clock=MovableClock(path=folder / "clock", start=NOW),
        member="bench",
        cutoffs=NoCutoffs(),
    ).parts
    heard = parts.tables.inbox.c.last

    async def left() -> int:
        async with parts.db.read() as session:
            return EVENTS - ((await session.scalar(select(func.max(heard)))) or 0)

    seconds = await _emptied(parts, bus, left, EVENTS)
    return {"events": EVENTS, "seconds": seconds}


async def _emptied(
    parts: Parts, bus: KafkaBus, left: Callable[[], Awaitable[int]], full: int
) -> float:
    """Seconds from the first that is done to the last."""
    parts.workers.start()
    while await left() >= full:  # noqa: ASYNC110  # another task's database tells
        await asyncio.sleep(_LOOK_SECONDS)
    started = time.perf_counter()
    while await left() > 0:  # noqa: ASYNC110  # likewise
        await asyncio.sleep(_LOOK_SECONDS)
    seconds = time.perf_counter() - started
    await parts.workers.stop()
    await parts.db.close()
    await bus.close()
    return seconds


if __name__ == "__main__":
    set_up(form="json", level="WARNING")
    stages = {"fill": fill, "relay": relay, "consume": consume}
    name, database, brokers, home = sys.argv[1:]
    found = asyncio.run(stages[name](database, brokers, Path(home)))
    sys.stdout.write(json.dumps(found))

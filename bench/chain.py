"""What comes after the intake: the relay to Kafka, and scoring's consumer, each in its process.

`python -m bench.chain fill|relay|hear|score URL SERVERS FOLDER` prints events and seconds as JSON.
One plan is one key, one partition and one lane: this is the narrowest way through the chain.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import uvloop
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import scoring.wiring
from bench.serve import NOW, OFFICE, SilentBus, prepare, wired
from bench.textbook import Outbox, make_tables
from scoring.config import MIGRATIONS, ScoringSettings
from scoring.store.tables import kit
from shared.contracts import topics
from shared.contracts.intake import SubmissionAccepted
from shared.contracts.submission import Submission
from shared.kit.bus.kafka import KafkaBus
from shared.kit.bus.loop import Received
from shared.kit.clock import MovableClock
from shared.kit.db import migrate
from shared.kit.foundation import TOPICS, lay
from shared.kit.journal import backlog
from shared.kit.logs import set_up
from shared.kit.parts import Parts

EVENTS: Final = 10_000
_LOOK_SECONDS: Final = 0.02
_AT_MOST_SECONDS: Final = 30


class NoCutoffs:
    """Nobody asks for one here."""

    async def mark(self, plan: str, *, headers: dict[str, str]) -> str:
        """Refuse."""
        raise NotImplementedError(plan, headers)


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
    bus = await _kafka(servers)
    parts = wired(url, folder, bus).parts

    async def unsent() -> int:
        async with parts.db.read() as session:
            return (await backlog(session, parts.tables))[0]

    return await _emptied(parts, bus, unsent)


async def hear(url: str, servers: str, folder: Path) -> dict[str, float]:
    """The kit's consumer with the smallest effect: of each report one row, and the inbox mark."""
    await migrate(url=url, migrations=MIGRATIONS)
    await make_tables(url)

    async def keep(session: AsyncSession, received: Received[SubmissionAccepted]) -> None:
        event = received.event
        session.add(
            Outbox(
                event_id=event.submission,
                type=event.TYPE,
                key=event.plan,
                time=event.received_at,
                data=event.digest,
            )
        )

    bus = await _kafka(servers)
    base = lay(
        name="bench",
        settings=_settings(url),
        migrations=MIGRATIONS,
        tables=kit,
        bus=bus,
        clock=_clock(folder),
        member="bench",
    )
    consumer = base.consumer([topics.INTAKE], {SubmissionAccepted: keep})
    return await _heard(base.parts(consumer=consumer, workers={}), bus)


async def score(url: str, servers: str, folder: Path) -> dict[str, float]:
    """Scoring itself: the fact, and where its task stands now."""
    await migrate(url=url, migrations=MIGRATIONS)
    bus = await _kafka(servers)
    parts = scoring.wiring.build(
        settings=_settings(url),
        bus=bus,
        clock=_clock(folder),
        member="bench",
        cutoffs=NoCutoffs(),
    ).parts
    return await _heard(parts, bus)


async def _kafka(servers: str) -> KafkaBus:
    bus = KafkaBus(servers=servers, topics=TOPICS)
    await bus.start()
    return bus


def _settings(url: str) -> ScoringSettings:
    return ScoringSettings(database=url, session_secret=SecretStr("s" * 32))


def _clock(folder: Path) -> MovableClock:
    return MovableClock(path=folder / "clock", start=NOW)


async def _heard(parts: Parts, bus: KafkaBus) -> dict[str, float]:
    last = func.max(parts.tables.inbox.c.last)

    async def left() -> int:
        async with parts.db.read() as session:
            return EVENTS - ((await session.scalar(select(last))) or 0)

    return await _emptied(parts, bus, left)


async def _emptied(
    parts: Parts, bus: KafkaBus, left: Callable[[], Awaitable[int]]
) -> dict[str, float]:
    """What was done of what is left, from the first on, in half a minute at most."""
    full = await left()
    parts.workers.start()
    while (begun := await left()) >= full:  # noqa: ASYNC110  # the database tells
        await asyncio.sleep(_LOOK_SECONDS)
    started = time.perf_counter()
    while (now := await left()) > 0 and time.perf_counter() - started < _AT_MOST_SECONDS:  # noqa: ASYNC110  # likewise
        await asyncio.sleep(_LOOK_SECONDS)
    seconds = time.perf_counter() - started
    await parts.workers.stop()
    await parts.db.close()
    await bus.close()
    return {"events": begun - now, "seconds": seconds}


if __name__ == "__main__":
    set_up(form="json", level="WARNING")
    stages = {"fill": fill, "relay": relay, "hear": hear, "score": score}
    name, database, brokers, home = sys.argv[1:]
    found = uvloop.run(stages[name](database, brokers, Path(home)))
    sys.stdout.write(json.dumps(found))

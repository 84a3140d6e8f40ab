"""The demo's year for tests: played live, or told as a scenario."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml
from peers import free_ports

from duban.demo import cast
from duban.demo.progress import Progress
from duban.demo.receivers import Received, receivers
from duban.demo.script import Entry, script
from duban.demo.stage import Stage
from duban.house import Engines, House, Outgoing, Ports, listening, open_house
from intake.service.files import read_plan
from shared.kit.clock import MovableClock

EXAMPLES: Final = Path(__file__).parents[1] / "examples" / "fuzhou"
SEED: Final = 20


def entries(*, through: str | None = None) -> Sequence[Entry]:
    """The script of the year; `through` a period, up to its first publication."""
    plan = read_plan((EXAMPLES / "plan.yaml").read_bytes()).plan
    every = script(plan, seed=SEED)
    if through is None:
        return every
    last = next(
        place for place, one in enumerate(every) if one.get("publish", {}).get("period") == through
    )
    return every[: last + 1]


def scenario(folder: Path, timeline: Sequence[Entry]) -> Path:
    """The same entries as a scenario file."""
    rulebook = yaml.safe_load((EXAMPLES / "rulebook.yaml").read_text())["rulebook"]
    told = {
        "start": cast.OPENING.isoformat(),
        "plan": "plan.yaml",
        "rulebook": rulebook,
        "timeline": list(timeline),
    }
    (folder / "plan.yaml").write_bytes((EXAMPLES / "plan.yaml").read_bytes())
    path = folder / "year.json"
    path.write_text(json.dumps(told, ensure_ascii=False))
    return path


@asynccontextmanager
async def on_stage(
    folder: Path,
    ports: Ports,
    *,
    timeline: Sequence[Entry],
    engines: Engines | None = None,
    hook: tuple[int, int] | None = None,
) -> AsyncIterator[tuple[Stage, House, Received]]:
    """A house that listens, with the demo's year ready to be played, or to go on."""
    hook_port, smtp_port = hook or free_ports(2)
    outgoing = Outgoing(smtp_port=smtp_port, allow_targets=f"127.0.0.1/32:{hook_port}")
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    clock = MovableClock(path=folder / "business-time", start=cast.OPENING)
    progress = Progress(path=folder / "demo.json", seed=SEED)
    async with receivers(http_port=hook_port, smtp_port=smtp_port) as received:
        received.keep_in(folder)
        received.secret = progress.secret
        opened = open_house(
            folder=folder, clock=clock, ports=ports, outgoing=outgoing, engines=engines
        )
        async with opened as house, listening(house.apps):
            stage = Stage(
                house=house,
                ports=ports,
                clock=clock,
                received=received,
                hook_url=f"http://127.0.0.1:{hook_port}/hook",
                examples=EXAMPLES,
                progress=progress,
                tell=_nobody,
            )
            stage.script = timeline
            try:
                yield stage, house, received
            finally:
                await stage.close()


async def released(stage: Stage) -> list[tuple[str, int, str]]:
    """Period or year, version and digest of all that was published, in order of periods."""
    listed: list[dict[str, Any]] = (await stage.ask("scoring", "/v1/publications", plan=cast.PLAN))[
        "items"
    ]
    return sorted((one["period"], one["version"], one["digest"]) for one in listed)


def _nobody(_moment: datetime, _step: str, _done: int, _of: int) -> None:
    """Nobody watches."""

"""`duban demo`: a year of the real plan, played on the embedded default in about a minute."""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from duban.demo import cast
from duban.demo.account import Account, account_of, print_account
from duban.demo.progress import Progress
from duban.demo.receivers import receivers
from duban.demo.stage import Stage, Tell
from duban.house import HOST, Outgoing, Ports, listening, open_house
from shared.kit import logs
from shared.kit.clock import MovableClock

HOOK_PORT: Final = 8004
SMTP_PORT: Final = 8025
SEED: Final = 20
_EXAMPLES: Final = Path("examples/fuzhou")
_NOTES: Final = "demo.json"
_QUIET: Final = frozenset({"submit", "verify"})


def run_demo(*, folder: Path, once: bool, fresh: bool, seed: int, as_json: bool) -> int:
    """Play the demo in `folder`, or what is left of it there; then stay up, unless `once`.

    Returns the exit status: 0, or 1 where a port is taken or the example is not to be found.
    """
    logs.set_up(form="plain", level="ERROR")
    console = Console(stderr=as_json)
    if not (_EXAMPLES / "plan.yaml").exists():
        Console(stderr=True).print(f"{_EXAMPLES} is not here: run it from the project's folder")
        return 1
    try:
        uvloop.run(
            _demo(folder, once=once, fresh=fresh, seed=seed, machine=as_json, console=console)
        )
    except (OSError, ConnectionError) as error:
        Console(stderr=True).print(
            f"the demo cannot start: {error}\nIt needs the ports 8001 to 8004 and {SMTP_PORT} of "
            "this machine: end what uses them, perhaps another demo."
        )
        return 1
    return 0


async def _demo(
    folder: Path, *, once: bool, fresh: bool, seed: int, machine: bool, console: Console
) -> None:
    ports = Ports()
    inbox_url = f"http://{HOST}:{HOOK_PORT}"
    outgoing = Outgoing(smtp_port=SMTP_PORT, allow_targets=f"{HOST}/32:{HOOK_PORT}")
    async with AsyncExitStack() as stack:
        received = await stack.enter_async_context(
            receivers(http_port=HOOK_PORT, smtp_port=SMTP_PORT)
        )
        # Only now: whoever has the ports may be a demo that plays in this folder.
        progress = await asyncio.to_thread(_notes, folder, fresh=fresh, seed=seed)
        received.keep_in(folder)
        received.secret = progress.secret
        clock = MovableClock(path=folder / "business-time", start=cast.OPENING)
        house = await stack.enter_async_context(
            open_house(
                folder=folder, clock=clock, ports=ports, outgoing=outgoing, public_bulletin=True
            )
        )
        await stack.enter_async_context(listening(house.apps))
        if progress.done:
            console.print(
                f"A demo is under way here: it goes on after entry {progress.done}. "
                "`duban demo --fresh` begins anew."
            )
        with _shown(console) as tell:
            stage = Stage(
                house=house,
                ports=ports,
                clock=clock,
                received=received,
                hook_url=f"{inbox_url}/hook",
                examples=_EXAMPLES,
                progress=progress,
                tell=tell,
            )
            await stage.play()
        account = await account_of(stage, progress, received)
        await stage.close()
        _give(console, account, ports, inbox_url, machine=machine)
        if not once:
            console.print("\nThe services stay up; Ctrl-C ends them.")
            await _until_stopped()


def _notes(folder: Path, *, fresh: bool, seed: int) -> Progress:
    """Where the demo in this folder is; whatever was not furnished is begun anew."""
    progress = Progress(path=folder / _NOTES, seed=seed)
    if fresh or not progress.opened:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        progress = Progress(path=folder / _NOTES, seed=seed)
    return progress


@contextmanager
def _shown(console: Console) -> Iterator[Tell]:
    """A bar with the day it is, and a line for each decision and publication."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(moment: datetime, step: str, done: int, of: int) -> None:
            local = moment.astimezone(cast.OPENING.tzinfo)
            bar.update(task, description=f"{local:%d %b %Y}", completed=done, total=of)
            if step.partition(" ")[0] not in _QUIET:
                bar.console.print(f"[dim]{local:%d %b %Y %H:%M}[/dim]  {step}", highlight=False)

        yield tell


def _give(
    console: Console, account: Account, ports: Ports, inbox_url: str, *, machine: bool
) -> None:
    if machine:
        json.dump(account.as_json(), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        print_account(console, account, ports, inbox_url)


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(one, stopped.set)
    await stopped.wait()

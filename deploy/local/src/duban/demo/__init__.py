"""`duban demo`: one period of the real plan, played on the embedded default in under a minute."""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console

from duban.demo import cast
from duban.demo.account import as_json, print_account
from duban.demo.receivers import Received, receivers
from duban.demo.stage import Played, Stage
from duban.house import HOST, Outgoing, Ports, listening, open_house
from shared.kit import logs
from shared.kit.clock import MovableClock

HOOK_PORT: Final = 8004
SMTP_PORT: Final = 8025
_EXAMPLES: Final = Path("examples/fuzhou")


def run_demo(*, folder: Path, once: bool, as_json: bool) -> int:
    """Play the demo afresh in `folder`; then stay up, unless `once`.

    Returns the exit status: 0, or 1 where a port is taken or the example is not to be found.
    """
    logs.set_up(form="plain", level="ERROR")
    console = Console(stderr=as_json)
    if not (_EXAMPLES / "plan.yaml").exists():
        Console(stderr=True).print(f"{_EXAMPLES} is not here: run it from the project's folder")
        return 1
    try:
        uvloop.run(_demo(folder, once=once, machine=as_json, console=console))
    except (OSError, ConnectionError) as error:
        Console(stderr=True).print(
            f"the demo cannot start: {error}\nIt needs the ports 8001 to 8004 and {SMTP_PORT} of "
            "this machine: end what uses them, perhaps another demo."
        )
        return 1
    return 0


async def _demo(folder: Path, *, once: bool, machine: bool, console: Console) -> None:
    ports = Ports()
    inbox_url = f"http://{HOST}:{HOOK_PORT}"
    outgoing = Outgoing(smtp_port=SMTP_PORT, allow_targets=f"{HOST}/32:{HOOK_PORT}")
    async with AsyncExitStack() as stack:
        received = await stack.enter_async_context(
            receivers(http_port=HOOK_PORT, smtp_port=SMTP_PORT)
        )
        # Only now: whoever has the ports may be a demo that plays in this folder.
        clock = await asyncio.to_thread(_begin_afresh, folder)
        house = await stack.enter_async_context(
            open_house(
                folder=folder, clock=clock, ports=ports, outgoing=outgoing, public_bulletin=True
            )
        )
        await stack.enter_async_context(listening(house.apps))
        with console.status("starting") as status:
            stage = Stage(
                house=house,
                ports=ports,
                clock=clock,
                received=received,
                hook_url=f"{inbox_url}/hook",
                examples=_EXAMPLES,
                tell=lambda step: _tell(console, status.update, clock, step),
            )
            played = await stage.play()
        _account(console, played, received, ports, inbox_url, machine=machine)
        if not once:
            console.print("\nThe services stay up; Ctrl-C ends them.")
            await _until_stopped()


def _begin_afresh(folder: Path) -> MovableClock:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return MovableClock(path=folder / "business-time", start=cast.OPENING)


def _tell(console: Console, update: object, clock: MovableClock, step: str) -> None:
    local = clock.business_now().astimezone(cast.OPENING.tzinfo)
    console.print(f"[dim]{local:%d %b %Y %H:%M}[/dim]  {step}", highlight=False, soft_wrap=True)
    if callable(update):
        update(step)


def _account(
    console: Console,
    played: Played,
    received: Received,
    ports: Ports,
    inbox_url: str,
    *,
    machine: bool,
) -> None:
    if machine:
        json.dump(as_json(played, received), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        print_account(console, played, received, ports, inbox_url)


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(one, stopped.set)
    await stopped.wait()

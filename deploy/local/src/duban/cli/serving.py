"""The house from its opening to a clean end, as `duban up` runs it."""

import asyncio
import signal
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from duban.cli.door import SERVICES, Stop, say
from duban.house import HOST, House, Outgoing, Ports, listening, open_house
from notify.channels.guard import AllowedTarget
from shared.kit.bus.base import BusUnavailable
from shared.kit.clock import SystemClock
from shared.kit.logs import set_up

__all__ = ["Ports", "outgoing", "serve"]


async def serve(
    *, folder: Path, ports: Ports, outgoing: Outgoing, public_bulletin: bool, as_json: bool
) -> None:
    """Run the three services until SIGINT or SIGTERM.

    Raises:
        Stop: a port is taken, or the folder cannot be used.
    """
    set_up(form="plain")
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    _refuse_taken(ports)
    try:
        async with (
            open_house(
                folder=folder,
                clock=SystemClock(),
                ports=ports,
                outgoing=outgoing,
                public_bulletin=public_bulletin,
            ) as house,
            listening(house.apps),
        ):
            await _greet(house, folder, ports, as_json=as_json)
            await ended.wait()
    except BusUnavailable as error:
        raise Stop("folder_in_use", str(error)) from None
    except OSError as error:
        raise Stop("cannot_start", str(error)) from None


def outgoing(*, smtp: str | None, allow_targets: Sequence[str]) -> Outgoing:
    """Where messages may go, as the options say it.

    Raises:
        Stop: an option cannot be read.
    """
    try:
        for target in allow_targets:
            AllowedTarget.parse(target)
    except ValueError as error:
        raise Stop("bad_target", f"--allow-target {error}", status=2) from None
    allowed = ",".join(allow_targets)
    if smtp is None:
        return Outgoing(allow_targets=allowed)
    try:
        place = urlsplit(f"//{smtp}")
        host, port = place.hostname, place.port
    except ValueError:
        host = port = None
    if not host or not port or place.path or place.username:
        raise Stop("bad_smtp", f"--smtp {smtp!r} is not HOST:PORT", status=2)
    return Outgoing(smtp_host=host, smtp_port=port, allow_targets=allowed)


def _refuse_taken(ports: Ports) -> None:
    """A server that cannot bind ends the whole process; this says why before it comes to that."""
    with ExitStack() as held:
        for service in SERVICES:
            port = getattr(ports, service)
            try:
                held.enter_context(socket.create_server((HOST, port)))
            except OSError as error:
                why = (
                    f"{service} cannot have port {port} ({error.strerror}): stop what listens "
                    f"there, or choose another with --{service}-port"
                )
                raise Stop("port_taken", why) from None


async def _greet(house: House, folder: Path, ports: Ports, *, as_json: bool) -> None:
    urls: dict[str, str] = {service: ports.url(service) for service in SERVICES}
    lines = [f"{service:8} {url}" for service, url in urls.items()]
    if not await house.intake.access.all():
        lines.append(f"the first token: duban token bootstrap --holder NAME --folder {folder}")
    lines.append("end with Ctrl-C")
    say(urls, *lines, as_json=as_json)

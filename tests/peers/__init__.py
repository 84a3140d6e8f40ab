"""The real parts that suites run on: Apache Kafka and PostgreSQL, each in a folder of its own.

`make peers` installs them; the classes here start, kill and restart them on ports of their own.
"""

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
_PORTS: Final = range(10_000, 30_000)


class NotInstalled(Exception):  # noqa: N818  # it tells what to do: install it, or run without
    """The real part is not on this machine: `make peers` installs it."""


def cache() -> Path:
    """Where `make peers` keeps what it fetched."""
    return Path(os.environ.get("DUBAN_PEERS", Path.home() / ".cache" / "duban"))


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, below those the system gives to clients."""
    held: list[socket.socket] = []
    while len(held) < count:
        with suppress(OSError):
            held.append(socket.create_server((HOST, secrets.choice(_PORTS))))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports

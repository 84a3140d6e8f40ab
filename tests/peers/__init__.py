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
_given: Final[set[int]] = set()


class NotInstalled(Exception):  # noqa: N818  # it tells what to do: install it, or run without
    """The real part is not on this machine: `make peers` installs it."""


def cache() -> Path:
    """Where `make peers` keeps what it fetched."""
    return Path(os.environ.get("DUBAN_PEERS", Path.home() / ".cache" / "duban"))


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, below those the system gives to clients.

    None is given twice: whoever got one may not listen yet, or be away for a while.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = secrets.choice(_PORTS)
        if port not in _given:
            _given.add(port)
            with suppress(OSError), socket.create_server((HOST, port)):
                ports.append(port)
    return ports

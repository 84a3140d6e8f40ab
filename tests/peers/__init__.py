"""The real parts that suites run on: Apache Kafka and PostgreSQL, each in a folder of its own.

`make peers` installs them; the classes here start, kill and restart them on ports of their own.
"""

import os
import socket
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"


class NotInstalled(Exception):  # noqa: N818  # it tells what to do: install it, or run without
    """The real part is not on this machine: `make peers` installs it."""


def cache() -> Path:
    """Where `make peers` keeps what it fetched."""
    return Path(os.environ.get("DUBAN_PEERS", Path.home() / ".cache" / "duban"))


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports

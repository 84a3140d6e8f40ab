"""The whole house as its users have it: real processes and ports, a receiver, a mailbox."""

import socket

import pytest

from duban.house import Ports


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:  # asking for it is using it
    """System tests talk over loopback."""


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


@pytest.fixture
def ports() -> Ports:
    """Ports of the three services."""
    intake, scoring, notify = free_ports(3)
    return Ports(intake=intake, scoring=scoring, notify=notify)

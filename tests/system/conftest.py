"""The whole house as its users have it: real processes and ports, a receiver, a mailbox."""

import pytest
from peers import free_ports

from duban.house import Ports


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:  # asking for it is using it
    """System tests talk over loopback."""


@pytest.fixture
def ports() -> Ports:
    """Ports of the three services."""
    intake, scoring, notify = free_ports(3)
    return Ports(intake=intake, scoring=scoring, notify=notify)

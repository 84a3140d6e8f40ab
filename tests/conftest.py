"""The real servers, started once for all suites that ask for them, and what was not run without."""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest
from peers import NotInstalled
from peers.kafka import Kafka
from peers.postgres import Postgres
from peers.prometheus import tool


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; the tests make databases of their own on it."""
    try:
        server = Postgres()
    except NotInstalled as error:
        _do_without(str(error))
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A running Kafka; the tests make topics of their own on it."""
    try:
        broker = Kafka(tmp_path_factory.mktemp("kafka"))
    except NotInstalled as error:
        _do_without(str(error))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def promtool() -> str:
    """Where promtool is, which checks and tries alert rules."""
    try:
        return tool("promtool")
    except NotInstalled as error:
        return _do_without(str(error))


def _do_without(reason: str) -> NoReturn:
    """Skip, aloud; where REQUIRE_REAL is set the suites on real servers must run."""
    if os.environ.get("REQUIRE_REAL"):
        pytest.fail(f"{reason} (REQUIRE_REAL is set)", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what did not run on real servers."""
    skipped = terminalreporter.stats.get("skipped", [])
    unreal = [one for one in skipped if "is not installed: run make peers" in str(one.longrepr)]
    if unreal:
        terminalreporter.section("not run on real servers")
        terminalreporter.line(
            f"{len(unreal)} tests need Apache Kafka, PostgreSQL or Prometheus, which this machine "
            "lacks: make peers installs them (apt, Maven), then make test runs everything"
        )

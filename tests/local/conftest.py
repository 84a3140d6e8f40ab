import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from duban.cli.app import build_app
from duban.house import HOST, Ports, listening, open_house
from shared.kit.clock import MovableClock

NOBODY = f"http://{HOST}:9"
"""Where nothing listens: the port is a privileged one."""

REPORTING_TIME = datetime(2021, 5, 6, 2, 0, tzinfo=UTC)
"""Within the window of 2021-B2, before it is due."""


@dataclass(frozen=True, kw_only=True)
class Duban:
    """The command, as it is typed by somebody with an environment."""

    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: object) -> Result:
        environment: dict[str, str | None] = dict.fromkeys(
            name for name in os.environ if name.startswith("DUBAN_")
        )
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(build_app(), words, env=environment | self.environment)

    def answer(self, *arguments: object) -> dict[str, Any]:
        """The JSON answer of a command that has to succeed."""
        result = self(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def refusal(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        """The exit status and the JSON problem of a command that has to fail."""
        result = self(*arguments, "--json")
        assert result.exit_code != 0, result.output
        problem: dict[str, Any] = json.loads(result.stderr)
        return result.exit_code, problem


@dataclass(frozen=True, kw_only=True)
class Running:
    """The three services on this machine, and who may speak to them."""

    folder: Path
    operator: Duban
    drafter: Duban
    approver: Duban
    releaser: Duban


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as a condition holds; events take their time between services."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.02)


def free_ports() -> Ports:
    with ExitStack() as held:
        taken = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(3)]
        intake, scoring, notify = (one.getsockname()[1] for one in taken)
    return Ports(intake=intake, scoring=scoring, notify=notify)


def _is_known(duban: Duban) -> bool:
    """Whether every service has heard of a token."""
    headers = {"Authorization": f"Bearer {duban.environment['DUBAN_TOKEN']}"}
    asked = (
        ("DUBAN_INTAKE_URL", "/v1/plans"),
        ("DUBAN_SCORING_URL", "/v1/board"),
        ("DUBAN_NOTIFY_URL", "/v1/alerts"),
    )
    return all(
        httpx.get(duban.environment[name] + path, headers=headers).status_code == HTTPStatus.OK
        for name, path in asked
    )


@contextmanager
def _standing(folder: Path, ports: Ports) -> Iterator[None]:
    """The house answers inside this block, on a loop and a thread of its own."""
    ended = asyncio.Event()
    up: Future[asyncio.AbstractEventLoop] = Future()

    async def stand() -> None:
        clock = MovableClock(path=folder / "clock", start=REPORTING_TIME)
        house = open_house(folder=folder, clock=clock, ports=ports)
        async with house as opened, listening(opened.apps):
            up.set_result(asyncio.get_running_loop())
            await ended.wait()

    def fell(done: Future[None]) -> None:
        if not up.done():
            up.set_exception(done.exception() or RuntimeError("the house has ended already"))

    with ThreadPoolExecutor(max_workers=1) as thread:
        done = thread.submit(asyncio.run, stand())
        done.add_done_callback(fell)
        loop = up.result(timeout=30)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(ended.set)
            done.result(timeout=30)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A house with an operator and three members of the office, who have their tokens."""
    folder, ports = tmp_path_factory.mktemp("house"), free_ports()
    urls = {
        f"DUBAN_{name.upper()}_URL": ports.url(name) for name in ("intake", "scoring", "notify")
    }

    def holding(token: str) -> Duban:
        return Duban(environment={**urls, "DUBAN_TOKEN": token})

    with _standing(folder, ports):
        first = Duban().answer("token", "bootstrap", "--holder", "Desk", "--folder", folder)
        operator = holding(first["token"])
        office = [
            holding(
                operator.answer("token", "issue", "--holder", name, "--role", "office")["token"]
            )
            for name in ("Drafter", "Approver", "Releaser")
        ]
        until(lambda: all(_is_known(one) for one in (operator, *office)))
        yield Running(
            folder=folder,
            operator=operator,
            drafter=office[0],
            approver=office[1],
            releaser=office[2],
        )


@pytest.fixture
def duban() -> Duban:
    """The command of somebody without a token and without services."""
    names = ("DUBAN_INTAKE_URL", "DUBAN_SCORING_URL", "DUBAN_NOTIFY_URL")
    return Duban(environment=dict.fromkeys(names, NOBODY))

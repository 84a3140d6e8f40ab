"""kill -9 at random moments: what was acknowledged stays, and no alert gets a second id.

The long form: KILLS=100 pytest tests/system/test_kill.py
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from system.conftest import free_ports

from duban.demo.receivers import Received, receivers
from duban.house import Ports

KILLS = int(os.environ.get("KILLS", "8"))
TASKS = 12
YEAR = datetime.now(UTC).year


def a_plan() -> dict[str, Any]:
    """A plan of this year whose every task is far behind as soon as it is reported."""
    tasks = [
        {
            "id": f"T{number}",
            "title": f"Task {number}",
            "weight": "10",
            "start": f"{YEAR - 1}-01-01",
            "due": f"{YEAR}-12-31",
            "assignments": [{"unit": f"u{number}", "role": "lead"}],
            "indicators": [
                {
                    "id": f"T{number}.a",
                    "title": f"Figure {number}",
                    "kind": "cumulative",
                    "target": "1000000",
                    "unit": "items",
                }
            ],
        }
        for number in range(TASKS)
    ]
    units = [
        {"id": f"u{number}", "title": f"Unit {number}", "group": "g"} for number in range(TASKS)
    ]
    return {
        "plan": {
            "id": "kill-plan",
            "title": "A plan for a hard night",
            "start": f"{YEAR - 1}-01-01",
            "end": f"{YEAR}-12-31",
            "calendar": {
                "cadence": "annual",
                # Ordinary weekends, so that this test does not wait for an official table.
                "holidays": [{"year": year} for year in range(YEAR - 1, YEAR + 2)],
            },
        },
        "groups": [{"id": "g", "title": "Everybody"}],
        "units": units,
        "actions": [{"id": "A", "title": "One action", "tasks": tasks}],
    }


class Night:
    """A house that is killed and started again, what it acknowledged, and of which tasks."""

    def __init__(self, *, folder: Path, ports: Ports, hook_port: int, smtp_port: int) -> None:
        self._command = [
            *(sys.executable, "-m", "duban", "up", "--folder", str(folder)),
            *("--intake-port", str(ports.intake), "--scoring-port", str(ports.scoring)),
            *("--notify-port", str(ports.notify), "--smtp", f"127.0.0.1:{smtp_port}"),
            *("--allow-target", f"127.0.0.1/32:{hook_port}"),
        ]
        self._folder = folder
        self.intake = ports.url("intake")
        self.notify = ports.url("notify")
        self.hook = f"http://127.0.0.1:{hook_port}/hook"
        self.acknowledged: dict[str, str] = {}
        self.reported: set[str] = set()
        self._turn = itertools.cycle(range(TASKS))  # goes on over a kill: every task has its turn
        self._totals = dict.fromkeys(range(TASKS), 0)

    @asynccontextmanager
    async def house(self) -> AsyncIterator[httpx.AsyncClient]:
        """A running house; it is killed at the end, without a word."""
        with (self._folder / "house.log").open("a") as log:
            process = subprocess.Popen(self._command, stdout=log, stderr=log)  # noqa: S603, ASYNC220
        try:
            async with httpx.AsyncClient(base_url=self.intake, timeout=10) as client:
                await eventually(lambda: self.is_ready(client, process))
                yield client
        finally:
            process.kill()
            process.wait()  # it is dead already

    async def is_ready(self, client: httpx.AsyncClient, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, (self._folder / "house.log").read_text()[-3000:]
        with contextlib.suppress(httpx.HTTPError):
            ready = [await client.get(f"{url}/readyz") for url in (self.intake, self.notify)]
            return all(one.status_code == 200 for one in ready)
        return False

    def first_token(self) -> str:
        command = [sys.executable, "-m", "duban", "token", "bootstrap", "--json"]
        done = subprocess.run(  # noqa: S603  # our own command
            [*command, "--holder", "operator", "--folder", str(self._folder)],
            check=True,
            capture_output=True,
        )
        return str(json.loads(done.stdout)["token"])

    async def report_until_killed(
        self, client: httpx.AsyncClient, headers: dict[str, str], seconds: float
    ) -> None:
        """Report rising totals as fast as it goes; note what was acknowledged."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self.report(client, headers, next(self._turn))

    async def report(self, client: httpx.AsyncClient, headers: dict[str, str], number: int) -> None:
        self._totals[number] += 1
        value = str(self._totals[number])
        answer = await client.post(
            "/v1/submissions",
            json={
                "plan": "kill-plan",
                "task": f"T{number}",
                "unit": f"u{number}",
                "period": str(YEAR),
                "values": {f"T{number}.a": value},
                "as_of": f"{YEAR}-01-01",
            },
            headers=headers,
        )
        assert answer.status_code == 202, answer.text
        self.acknowledged[answer.json()["id"]] = value
        self.reported.add(f"T{number}")


async def eventually(check: Any, *, seconds: float = 60) -> None:  # noqa: ANN401  # a coroutine
    """Wait until `check()` holds."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110  # another process cannot set our event
            await asyncio.sleep(0.1)


async def set_up(night: Night, received: Received) -> dict[str, str]:
    """Tokens, the plan, a route to the receiver; the office's headers."""
    async with night.house() as client:
        operator = {"authorization": f"Bearer {night.first_token()}"}
        token = await client.post(
            "/v1/tokens", json={"holder": "office", "roles": ["office"]}, headers=operator
        )
        office = {"authorization": f"Bearer {token.json()['token']}"}
        put = await client.put("/v1/plans/kill-plan", json=a_plan(), headers=office)
        assert put.status_code == 200, put.text

        async def both_are_known() -> bool:
            asked = [
                await client.get(f"{night.notify}/v1/alerts", headers=holder)
                for holder in (operator, office)
            ]
            return all(answer.status_code == 200 for answer in asked)

        await eventually(both_are_known)
        made = await client.post(
            f"{night.notify}/v1/endpoints",
            json={"id": "receiver", "url": night.hook},
            headers=operator,
        )
        assert made.status_code == 201, made.text
        received.secret = made.json()["secret"]
        route = {"notify": {"default": {"to": [{"endpoint": "receiver"}]}}}
        routed = await client.put(f"{night.notify}/v1/routes", json=route, headers=office)
        assert routed.status_code == 200, routed.text
    return office


@pytest.mark.system
@pytest.mark.timeout(60 + KILLS * 60)
async def test_a_killed_house_loses_no_acknowledged_report_and_renames_no_alert(
    tmp_path: Path, ports: Ports
) -> None:
    chance = random.Random(20211231)  # noqa: S311  # moments, not secrets
    hook_port, smtp_port = free_ports(2)
    night = Night(folder=tmp_path, ports=ports, hook_port=hook_port, smtp_port=smtp_port)
    async with receivers(http_port=hook_port, smtp_port=smtp_port) as received:
        office = await set_up(night, received)
        for _ in range(KILLS):
            async with night.house() as client:
                await night.report_until_killed(client, office, chance.uniform(0.05, 1.5))
        async with night.house() as client:
            for submission, value in night.acknowledged.items():
                answer = await client.get(f"/v1/submissions/{submission}", headers=office)
                assert answer.status_code == 200, f"{submission} was acknowledged and is lost"
                assert list(answer.json()["values"].values()) == [value]

            async def everybody_was_told() -> bool:
                return night.reported <= {
                    one.body["data"]["task"]["id"] for one in received.webhooks
                }

            await eventually(everybody_was_told, seconds=240)  # a retry may be due in 2 minutes
    assert len(night.acknowledged) > KILLS
    assert all(one.verified for one in received.webhooks)
    alerts: dict[str, set[str]] = defaultdict(set)
    messages: dict[str, set[str]] = defaultdict(set)
    for one in received.webhooks:
        alerts[one.body["data"]["task"]["id"]].add(one.body["data"]["alert"])
        messages[one.body["data"]["alert"]].add(one.id)
    assert {task: len(ids) for task, ids in alerts.items()} == dict.fromkeys(alerts, 1)
    assert {alert: len(ids) for alert, ids in messages.items()} == dict.fromkeys(messages, 1)

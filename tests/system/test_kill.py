"""kill -9 at random moments: what was acknowledged stays, and no alert gets a second id.

The long form: KILLS=100 pytest tests/system/test_kill.py
"""

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from peers import free_ports
from system.night import Departments, Office, eventually, tasks_told, told_once

from duban.demo.receivers import receivers
from duban.house import Ports

KILLS = int(os.environ.get("KILLS", "8"))


class House:
    """The embedded default as a process, killed without a word and started again."""

    def __init__(self, *, folder: Path, ports: Ports, hook_port: int, smtp_port: int) -> None:
        self._command = [
            *(sys.executable, "-m", "duban", "up", "--folder", str(folder)),
            *("--intake-port", str(ports.intake), "--scoring-port", str(ports.scoring)),
            *("--notify-port", str(ports.notify), "--smtp", f"127.0.0.1:{smtp_port}"),
            *("--allow-target", f"127.0.0.1/32:{hook_port}"),
        ]
        self._folder = folder
        self._log = folder / "house.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = ports

    async def start(self) -> None:
        """Start it, and return when it is ready."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)  # noqa: S603, ASYNC220
        await eventually(self._ready)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def first_token(self) -> str:
        """An operator's token."""
        command = [sys.executable, "-m", "duban", "token", "bootstrap", "--json"]
        done = subprocess.run(  # noqa: S603  # our own command
            [*command, "--holder", "operator", "--folder", str(self._folder)],
            check=True,
            capture_output=True,
        )
        return str(json.loads(done.stdout)["token"])

    async def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=10) as client:
                ready = [
                    await client.get(f"{self._ports.url(service)}/readyz")
                    for service in ("intake", "notify")
                ]
            return all(one.is_success for one in ready)
        return False


@pytest.mark.system
@pytest.mark.timeout(300 + KILLS * 60)
async def test_a_killed_house_loses_no_acknowledged_report_and_renames_no_alert(
    tmp_path: Path, ports: Ports
) -> None:
    chance = random.Random(20211231)  # noqa: S311  # moments, not secrets
    hook_port, smtp_port = free_ports(2)
    house = House(folder=tmp_path, ports=ports, hook_port=hook_port, smtp_port=smtp_port)
    intake, notify = ports.url("intake"), ports.url("notify")
    async with receivers(http_port=hook_port, smtp_port=smtp_port) as received:
        try:
            await house.start()
            office = Office(intake=intake, notify=notify, operator=house.first_token())
            await office.prepare(hook=f"http://127.0.0.1:{hook_port}/hook", received=received)
            departments = Departments(intakes=[intake], headers=office.headers)
            async with departments.reporting():
                for _ in range(KILLS):
                    await asyncio.sleep(chance.uniform(0.05, 1.5))  # the moment is the point
                    house.kill()
                    await house.start()

            async with httpx.AsyncClient(headers=office.headers, timeout=30) as client:
                for submission, (task, total) in departments.acknowledged.items():
                    answer = await client.get(f"{intake}/v1/submissions/{submission}")
                    assert answer.status_code == 200, f"{submission} was acknowledged and is lost"
                    assert answer.json()["values"] == {f"{task}.a": str(total)}

            async def everybody_was_told() -> bool:
                return departments.reported <= tasks_told(received)

            await eventually(everybody_was_told, seconds=240)  # a retry may be due in 2 minutes
        finally:
            house.kill()
    assert len(departments.acknowledged) > KILLS
    told_once(received)

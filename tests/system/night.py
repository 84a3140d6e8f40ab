"""A hard night: a plan whose every task is behind as soon as it is reported, clients that report
without pause while parts of the house die, and what must be true in the morning.
"""

import asyncio
import contextlib
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx

from duban.demo.receivers import Received

PLAN: Final = "kill-plan"
TASKS: Final = 12
YEAR: Final = datetime.now(UTC).year

Check = Callable[[], Awaitable[bool]]


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
            "id": PLAN,
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


async def eventually(check: Check, *, seconds: float = 60) -> None:
    """Wait until `check()` holds."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110  # another process cannot set our event
            await asyncio.sleep(0.1)


AT_ONCE: Final = {
    "default": {
        "to": [{"endpoint": "receiver"}],
        "group_by": ["kind", "task", "unit"],
        "group_wait": "0s",
        "group_interval": "0s",
    },
    "hours": {"from": "00:00", "to": "24:00", "working_days_only": False},
    "daily_cap": 1000,
}
"""Each alert is told at once, alone, whatever hour of whatever day a test is run."""


class Office:
    """The office's hands on a house: tokens, the plan, a route to the receiver."""

    def __init__(self, *, intake: str, notify: str, operator: str) -> None:
        self._intake = intake
        self._notify = notify
        self.operator = {"authorization": f"Bearer {operator}"}
        self.headers: dict[str, str] = {}

    async def prepare(self, *, hook: str, received: Received) -> None:
        """Issue the office's token, apply the plan, and send every alert to the receiver."""
        async with httpx.AsyncClient(timeout=30) as client:
            token = await client.post(
                f"{self._intake}/v1/tokens",
                json={"holder": "office", "roles": ["office"]},
                headers=self.operator,
            )
            self.headers = {"authorization": f"Bearer {token.json()['token']}"}
            put = await client.put(
                f"{self._intake}/v1/plans/{PLAN}", json=a_plan(), headers=self.headers
            )
            assert put.status_code == 200, put.text
            await eventually(lambda: self._both_are_known(client))
            made = await client.post(
                f"{self._notify}/v1/endpoints",
                json={"id": "receiver", "url": hook},
                headers=self.operator,
            )
            assert made.status_code == 201, made.text
            received.secret = made.json()["secret"]
            routed = await client.put(
                f"{self._notify}/v1/routes",
                json={"notify": AT_ONCE},
                headers=self.headers,
            )
            assert routed.status_code == 200, routed.text

    async def _both_are_known(self, client: httpx.AsyncClient) -> bool:
        asked = [
            await client.get(f"{self._notify}/v1/alerts", headers=holder)
            for holder in (self.operator, self.headers)
        ]
        return all(answer.status_code == 200 for answer in asked)


class Departments:
    """Systems that report rising totals, each task in its turn, and never give up on a report."""

    def __init__(self, *, intakes: Sequence[str], headers: dict[str, str]) -> None:
        """`intakes` are tried in turn, as behind a load balancer."""
        self.acknowledged: dict[str, tuple[str, int]] = {}
        """By submission: its task, and the total it reported."""
        self._doors = itertools.cycle(intakes)
        self._headers = headers
        self._turn = itertools.cycle(range(TASKS))  # goes on over a kill: all have their turn
        self._totals = dict.fromkeys(range(TASKS), 0)
        self._client = httpx.AsyncClient(timeout=15)

    @property
    def reported(self) -> set[str]:
        """The tasks of which something was acknowledged."""
        return {task for task, _ in self.acknowledged.values()}

    @asynccontextmanager
    async def reporting(self) -> AsyncIterator[None]:
        """Report as fast as it goes inside this block; what was begun is finished."""
        ended = asyncio.Event()
        task = asyncio.create_task(self._report_until(ended))
        try:
            yield
            ended.set()
            await asyncio.wait_for(task, 60)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._client.aclose()

    async def _report_until(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            await self._report()

    async def _report(self) -> None:
        """Report the next task's next total until it is acknowledged."""
        number = next(self._turn)
        self._totals[number] += 1
        key = {"idempotency-key": uuid4().hex}
        body = {
            "plan": PLAN,
            "task": f"T{number}",
            "unit": f"u{number}",
            "period": str(YEAR),
            "values": {f"T{number}.a": str(self._totals[number])},
            "as_of": f"{YEAR}-01-01",
        }
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._client.post(
                    f"{next(self._doors)}/v1/submissions", json=body, headers=self._headers | key
                )
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    break
            await asyncio.sleep(0.05)
        assert answer.status_code == 202, answer.text
        self.acknowledged[answer.json()["id"]] = f"T{number}", self._totals[number]


def told_once(received: Received) -> None:
    """Each task has one alert, each alert one message, and every signature holds."""
    assert all(one.verified for one in received.webhooks)
    alerts: dict[str, set[str]] = defaultdict(set)
    messages: dict[str, set[str]] = defaultdict(set)
    for one in received.webhooks:
        alerts[one.body["data"]["task"]["id"]].add(one.body["data"]["alert"])
        messages[one.body["data"]["alert"]].add(one.id)
    assert {task: len(ids) for task, ids in alerts.items()} == dict.fromkeys(alerts, 1)
    assert {alert: len(ids) for alert, ids in messages.items()} == dict.fromkeys(messages, 1)


def tasks_told(received: Received) -> set[str]:
    """The tasks of which a message has arrived."""
    return {one.body["data"]["task"]["id"] for one in received.webhooks}

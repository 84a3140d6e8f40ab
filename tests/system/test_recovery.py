"""What an operator does after a loss: of Kafka's whole log, or of one service's database."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from peers.kafka import Kafka
from peers.postgres import Postgres
from system.night import PLAN, TASKS, YEAR, Departments, Office, eventually, tasks_told, told_once
from system.stack import SERVICES, Replica, Stack, open_stack

from duban.demo.receivers import Received

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

_STATE = {
    "intake": ("submissions", "plan_versions", "journal"),
    "scoring": ("reports", "standings", "plan_heads", "task_parts", "journal"),
    "notify": ("alerts", "decisions", "plan_heads", "task_parts", "deliveries"),
}
_TOUCHED = ("sent_at", "position", "number", "claimed_by", "next_attempt_at")
"""Columns that tell when a process did something, not what is so."""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Postgres, Kafka]]:
    """A database server and a broker that may lose what they hold."""
    postgres, kafka = Postgres(), Kafka(tmp_path / "kafka")
    postgres.start()
    kafka.start()
    yield postgres, kafka
    kafka.kill()
    postgres.remove()


def digest(stack: Stack, service: str) -> str:
    """What a service's tables hold, whoever wrote it and when."""
    found = []
    for table in _STATE[service]:
        rows = stack.ask(service, f'SELECT to_jsonb(t) FROM "{table}" t')  # noqa: S608  # ours
        for row in rows.splitlines():
            kept = {name: one for name, one in json.loads(row).items() if name not in _TOUCHED}
            found.append(f"{table} {json.dumps(kept, sort_keys=True)}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def digests(stack: Stack) -> dict[str, str]:
    return {service: digest(stack, service) for service in SERVICES}


async def quiet(stack: Stack, departments: Departments) -> None:
    """Wait until every acknowledged report is in scoring, and nothing waits to be sent."""
    wanted = len(departments.acknowledged)

    async def all_in() -> bool:
        unsent = "SELECT count(*) FROM journal WHERE sent_at IS NULL"
        return (
            int(stack.ask("scoring", "SELECT count(*) FROM reports")) == wanted
            and all(stack.ask(service, unsent) == "0" for service in SERVICES)
            and stack.ask("notify", "SELECT count(*) FROM deliveries WHERE state = 'pending'")
            == "0"
            and stack.ask("scoring", "SELECT count(*) FROM inbox_held") == "0"
        )

    await eventually(all_in, seconds=120)
    before: dict[str, str] = {}

    async def still() -> bool:
        nonlocal before
        now = digests(stack)
        same, before = now == before, now
        await asyncio.sleep(1)
        return same

    await eventually(still)


@pytest.mark.usefixtures("postgres", "kafka")  # skipped aloud where they are not installed
async def test_a_lost_log_is_told_again_from_the_journals(
    tmp_path: Path, servers: tuple[Postgres, Kafka]
) -> None:
    async with open_stack(tmp_path, *servers) as (stack, office, received):
        departments = Departments(intakes=stack.urls("intake"), headers=office.headers)
        async with departments.reporting():
            await eventually(lambda: _all_told(received))
        await quiet(stack, departments)
        before, told = digests(stack), len(received.webhooks)

        stack.kafka.wipe()
        await asyncio.to_thread(stack.kafka.start)
        since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
        for service in SERVICES:
            (replica,) = stack.replicas[service]
            said = await asyncio.to_thread(replica.run, "republish", "--since", since)
            assert "sent again" in said
        await stack.all_ready()
        await quiet(stack, departments)
        assert digests(stack) == before
        assert len(received.webhooks) == told


@pytest.mark.usefixtures("postgres", "kafka")  # skipped aloud where they are not installed
async def test_a_restored_scoring_adopts_what_it_had_said_and_nobody_is_told_twice(
    tmp_path: Path, servers: tuple[Postgres, Kafka]
) -> None:
    async with open_stack(tmp_path, *servers) as (stack, office, received):
        departments = Departments(intakes=stack.urls("intake"), headers=office.headers)
        backup = tmp_path / "scoring.sql"
        taken = datetime.now(UTC)
        stack.postgres.dump(stack.databases["scoring"], backup)
        async with departments.reporting():
            await eventually(lambda: _all_told(received))
        await quiet(stack, departments)
        before, told = digests(stack), len(received.webhooks)

        await _restore(stack, "scoring", backup)
        assert stack.ask("scoring", "SELECT count(*) FROM journal") == "0"
        await _adopt(stack, "scoring")
        (intake,) = stack.replicas["intake"]
        since = (taken - timedelta(minutes=1)).isoformat()
        await asyncio.to_thread(intake.run, "republish", "--since", since)
        await stack.all_ready()
        await quiet(stack, departments)
        assert digests(stack) == before
        assert len(received.webhooks) == told
        told_once(received)


@pytest.mark.usefixtures("postgres", "kafka")  # skipped aloud where they are not installed
async def test_a_restored_intake_adopts_the_reports_it_had_acknowledged(
    tmp_path: Path, servers: tuple[Postgres, Kafka]
) -> None:
    async with open_stack(tmp_path, *servers) as (stack, office, received):
        departments = Departments(intakes=stack.urls("intake"), headers=office.headers)
        backup = tmp_path / "intake.sql"
        async with departments.reporting():
            await eventually(lambda: _all_told(received))
            stack.postgres.dump(stack.databases["intake"], backup)
            in_it = len(departments.acknowledged)
            await eventually(lambda: _more_than(departments, in_it + 20))
        await quiet(stack, departments)
        before = digests(stack)

        await _restore(stack, "intake", backup)
        kept = int(stack.ask("intake", "SELECT count(*) FROM submissions"))
        assert 0 < kept < len(departments.acknowledged)
        refused = await _report(stack, office, "T0", "900000")
        assert (refused.status_code, refused.json()["code"]) == (503, "behind_the_log")
        await _adopt(stack, "intake")
        await stack.all_ready()

        assert await _shown(stack, office) == departments.acknowledged.keys()
        assert digests(stack) == before
        accepted = await _report(stack, office, "T0", "900000")
        assert accepted.status_code == 202, accepted.text
        departments.acknowledged[accepted.json()["id"]] = "T0", 900000
        await quiet(stack, departments)


async def _restore(stack: Stack, service: str, backup: Path) -> None:
    """Start a service on an older state of its database; it says that it is behind, steadily."""
    (replica,) = stack.replicas[service]
    replica.kill()
    stack.postgres.drop(stack.databases[service])
    stack.postgres.create(stack.databases[service])
    stack.postgres.restore(stack.databases[service], backup)
    replica.start()

    async def behind() -> bool:
        return "restored from a backup" in await _journal_of(replica)

    await eventually(behind)
    for _ in range(50):
        assert await behind()


async def _journal_of(replica: Replica) -> str:
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{replica.url}/readyz")
            return "" if answer.is_success else str(answer.json()["checks"]["journal"])
    return ""


async def _adopt(stack: Stack, service: str) -> None:
    """What the operator is told to do; a republish before it is refused."""
    (replica,) = stack.replicas[service]
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    with pytest.raises(AssertionError, match=f"python -m {service} adopt"):
        await asyncio.to_thread(replica.run, "republish", "--since", since)
    said = await asyncio.to_thread(replica.run, "adopt")
    assert "events were adopted in all" in said
    assert f"duban.{service} {PLAN}: " in said
    again = await asyncio.to_thread(replica.run, "adopt")
    assert again == "0 events were adopted in all"


async def _report(stack: Stack, office: Office, task: str, total: str) -> httpx.Response:
    body = {
        "plan": PLAN,
        "task": task,
        "unit": task.replace("T", "u"),
        "period": str(YEAR),
        "values": {f"{task}.a": total},
        "as_of": f"{YEAR}-01-01",
    }
    async with httpx.AsyncClient(timeout=15) as client:
        (intake,) = stack.urls("intake")
        return await client.post(f"{intake}/v1/submissions", json=body, headers=office.headers)


async def _shown(stack: Stack, office: Office) -> set[str]:
    """The ids of every report that intake lists."""
    found: set[str] = set()
    query: dict[str, str | int] = {"plan": PLAN, "limit": 500}
    async with httpx.AsyncClient(timeout=15, headers=office.headers) as client:
        while True:
            (intake,) = stack.urls("intake")
            page = (await client.get(f"{intake}/v1/submissions", params=query)).json()
            found |= {one["id"] for one in page["items"]}
            if page["cursor"] is None:
                return found
            query["cursor"] = page["cursor"]


async def _more_than(departments: Departments, reports: int) -> bool:
    return len(departments.acknowledged) > reports


async def _all_told(received: Received) -> bool:
    return len(tasks_told(received)) == TASKS

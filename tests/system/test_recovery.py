"""What an operator does after a loss: of Kafka's whole log, or of one service's database."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peers.kafka import Kafka
from peers.postgres import Postgres
from system.night import TASKS, Departments, eventually, tasks_told
from system.stack import SERVICES, Stack, open_stack

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
async def test_a_database_restored_from_its_backup_catches_up(
    tmp_path: Path, servers: tuple[Postgres, Kafka]
) -> None:
    async with open_stack(tmp_path, *servers) as (stack, office, received):
        departments = Departments(intakes=stack.urls("intake"), headers=office.headers)
        (scoring,) = stack.replicas["scoring"]
        backup = tmp_path / "scoring.sql"
        async with departments.reporting():
            await eventually(lambda: _all_told(received))
            taken = datetime.now(UTC)
            stack.postgres.dump(stack.databases["scoring"], backup)
            await asyncio.sleep(2)
        await quiet(stack, departments)
        before = digest(stack, "scoring")

        scoring.kill()
        _replace(stack, "scoring")
        stack.postgres.restore(stack.databases["scoring"], backup)
        behind = int(stack.ask("scoring", "SELECT count(*) FROM reports"))
        assert 0 < behind < len(departments.acknowledged)
        scoring.start()
        since = (taken - timedelta(minutes=1)).isoformat()
        (intake,) = stack.replicas["intake"]
        await asyncio.to_thread(intake.run, "republish", "--since", since)
        await stack.all_ready()
        await quiet(stack, departments)
        assert digest(stack, "scoring") == before


async def _all_told(received: Received) -> bool:
    return len(tasks_told(received)) == TASKS


def _replace(stack: Stack, service: str) -> None:
    """Put an empty database in the place of a service's."""
    stack.postgres.drop(stack.databases[service])
    stack.postgres.create(stack.databases[service])

"""Two processes of each service on one Kafka and PostgreSQL, and what dies among them.

The long form: KILLS=100 pytest tests/system/test_replicas.py
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers.kafka import Kafka
from peers.postgres import Postgres
from system.night import Departments, eventually, tasks_told, told_once
from system.stack import Stack, first_times, in_the_log, open_stack

from duban.demo.receivers import Received

KILLS = int(os.environ.get("KILLS", "6"))

pytestmark = [pytest.mark.system, pytest.mark.timeout(400 + KILLS * 60)]


async def everything_arrived(stack: Stack, departments: Departments, received: Received) -> None:
    """Every acknowledged report is in scoring once, in order; every task was told of once."""
    wanted = len(departments.acknowledged)

    async def scored() -> bool:
        return int(stack.ask("scoring", "SELECT count(*) FROM reports")) >= wanted

    await eventually(scored, seconds=120)

    async def told() -> bool:
        return departments.reported <= tasks_told(received)

    await eventually(told, seconds=240)  # a retry may be due in 2 minutes
    told_once(received)
    stored = stack.ask("intake", "SELECT id FROM submissions ORDER BY number").split()
    assert len(stored) == len(set(stored))
    assert set(departments.acknowledged) <= set(stored)
    by_task: dict[str, list[int]] = defaultdict(list)
    for submission in stored:
        if submission in departments.acknowledged:
            task, total = departments.acknowledged[submission]
            by_task[task].append(total)
    for totals in by_task.values():
        assert totals == list(range(1, len(totals) + 1))  # none lost, doubled or reordered
    assert len(stored) == wanted
    for service in ("intake", "scoring", "notify"):
        assert stack.ask(service, "SELECT count(*) FROM dead_letters") == "0"
        assert stack.ask(service, "SELECT count(*) FROM inbox_held") == "0"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Postgres, Kafka]]:
    """A database server and a broker that may be killed."""
    postgres, kafka = Postgres(), Kafka(tmp_path / "kafka")
    postgres.start()
    kafka.start()
    yield postgres, kafka
    kafka.kill()
    postgres.remove()


@pytest.mark.usefixtures("postgres", "kafka")  # skipped aloud where they are not installed
async def test_nothing_is_lost_doubled_or_reordered_while_anything_dies(
    tmp_path: Path, servers: tuple[Postgres, Kafka]
) -> None:
    chance = random.Random(20211231)  # noqa: S311  # moments, not secrets
    async with open_stack(tmp_path, *servers, replicas=2) as (stack, office, received):
        departments = Departments(intakes=stack.urls("intake"), headers=office.headers)
        async with departments.reporting():
            for number in range(KILLS):
                await asyncio.sleep(chance.uniform(0.2, 2))  # the moment is the point
                await kill_one(number, chance, stack)
            await stack.all_ready()
        await everything_arrived(stack, departments, received)
        for topic in ("duban.intake", "duban.scoring", "duban.notify"):
            for numbers in (await in_the_log(stack.kafka, topic)).values():
                assert first_times(numbers) == list(range(1, max(numbers) + 1))
    assert len(departments.acknowledged) > KILLS


async def kill_one(number: int, chance: random.Random, stack: Stack) -> None:
    """Kill the broker, the database, or a service's process; start it again."""
    if number % 6 == 2:
        stack.kafka.kill()
        await asyncio.to_thread(stack.kafka.start)
    elif number % 6 == 5:
        stack.postgres.kill()
        await asyncio.to_thread(stack.postgres.start)
    else:
        victim = chance.choice(stack.everybody)
        victim.kill()
        await asyncio.sleep(chance.uniform(0, 1))
        victim.start()

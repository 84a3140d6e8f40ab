"""Two replicas of each service on Kafka and PostgreSQL, and what only one of them may do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from peers.kafka import Kafka
from peers.postgres import Postgres
from system.night import PLAN, YEAR, Departments, Office, eventually
from system.stack import SERVICES, Stack, open_stack

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

SECONDS = 5.0
"""Within which a revocation has reached every process."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, kafka: Kafka
) -> AsyncIterator[tuple[Stack, Office]]:
    folder: Path = tmp_path_factory.mktemp("stack")
    async with open_stack(folder, postgres, kafka, replicas=2) as (stack, office, _):
        yield stack, office


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as one:
        yield one


async def test_a_revoked_token_is_refused_by_every_process_within_seconds(
    running: tuple[Stack, Office], client: httpx.AsyncClient
) -> None:
    stack, office = running
    issued = await client.post(
        f"{stack.urls('intake')[0]}/v1/tokens",
        json={"holder": "auditor", "roles": ["office"]},
        headers=office.operator,
    )
    token = issued.json()
    auditor = {"authorization": f"Bearer {token['token']}"}
    asked = {
        "intake": "/v1/submissions",
        "scoring": f"/v1/board?plan={PLAN}",
        "notify": "/v1/alerts",
    }
    doors = [f"{one.url}{asked[one.service]}" for one in stack.everybody]

    async def all_answer(status: int) -> bool:
        answers = [(await client.get(door, headers=auditor)).status_code for door in doors]
        return answers == [status] * len(doors)

    await eventually(lambda: all_answer(200), seconds=30)
    revoked = await client.post(
        f"{stack.urls('intake')[1]}/v1/tokens/{token['id']}/revoke", headers=office.operator
    )
    assert revoked.is_success, revoked.text
    await eventually(lambda: all_answer(401), seconds=SECONDS)


async def test_a_timer_fires_once_among_the_replicas(running: tuple[Stack, Office]) -> None:
    stack, _ = running
    stack.ask("intake", "UPDATE timers SET due_at = due_at - interval '14 days'")

    async def caught_up() -> bool:
        return stack.ask("intake", "SELECT count(*) FROM timers WHERE due_at <= now()") == "0"

    await eventually(caught_up)
    days = stack.ask(
        "intake", "SELECT data::json->>'day' FROM journal WHERE type LIKE '%workday.began%'"
    ).split()
    assert len(days) >= 8
    assert len(days) == len(set(days))


async def test_a_draft_asked_of_every_replica_at_once_is_computed_and_published_once(
    running: tuple[Stack, Office], client: httpx.AsyncClient
) -> None:
    stack, office = running
    path = f"/v1/publications/{PLAN}/{YEAR}"
    other = await client.post(
        f"{stack.urls('intake')[0]}/v1/tokens",
        json={"holder": "second office", "roles": ["office"]},
        headers=office.operator,
    )
    second = {"authorization": f"Bearer {other.json()['token']}"}
    force = {"force": "a rehearsal before the close"}
    asked = await asyncio.gather(
        *(
            client.post(f"{url}{path}/draft", json=force, headers=office.headers)
            for url in stack.urls("scoring")
        )
    )
    assert 202 in {one.status_code for one in asked}
    here, there = (f"{url}{path}" for url in stack.urls("scoring"))

    async def approved() -> bool:
        return (await client.post(f"{here}/approve", headers=second)).is_success

    await eventually(approved)
    released = await asyncio.gather(
        *(client.post(f"{url}/release", headers=office.headers) for url in (here, there))
    )
    assert 200 in {one.status_code for one in released}
    said = stack.ask("scoring", "SELECT data FROM journal WHERE type LIKE '%publication.released%'")
    assert len(said.splitlines()) == 1
    read = [(await client.get(url, headers=office.headers)).json() for url in (here, there)]
    assert read[0] == read[1]
    assert (read[0]["state"], read[0]["version"]) == ("published", 1)


async def test_a_service_that_has_not_caught_up_is_not_ready(
    running: tuple[Stack, Office], client: httpx.AsyncClient
) -> None:
    stack, office = running
    replicas = stack.replicas["notify"]
    for one in replicas:
        one.stop()
    stack.ask("notify", "ALTER TABLE inbox RENAME TO inbox_away")  # nothing can be taken in
    try:
        await client.post(
            f"{stack.urls('intake')[0]}/v1/tokens",
            json={"holder": "newcomer", "roles": ["observer"]},
            headers=office.operator,
        )
        for one in replicas:
            one.start()

        async def alive() -> bool:
            try:
                return (await client.get(f"{replicas[0].url}/healthz")).is_success
            except httpx.HTTPError:
                return False

        await eventually(alive)
        answer = await client.get(f"{replicas[0].url}/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["events"] != "ok"
    finally:
        stack.ask("notify", "ALTER TABLE inbox_away RENAME TO inbox")
    await stack.all_ready()


async def test_reports_taken_by_either_replica_make_one_order(
    running: tuple[Stack, Office],
) -> None:
    stack, office = running
    departments = Departments(intakes=stack.urls("intake"), headers=office.headers)
    async with departments.reporting():
        await asyncio.sleep(2)

    async def all_sent() -> bool:
        unsent = "SELECT count(*) FROM journal WHERE sent_at IS NULL"
        return all(stack.ask(service, unsent) == "0" for service in SERVICES)

    await eventually(all_sent)
    order = "SELECT sequence FROM journal WHERE topic = 'duban.intake' ORDER BY position"
    numbers = stack.ask("intake", order).split()
    assert list(map(int, numbers)) == list(range(1, len(numbers) + 1))

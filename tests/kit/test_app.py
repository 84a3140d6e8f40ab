"""What all three services show of themselves, and when they say that they are ready."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from kit_cast import (
    PATIENCE,
    Service,
    browser,
    cutoff,
    marks_of,
    running,
    until,
    write_migrations,
)

from shared.contracts import topics
from shared.contracts.intake import AccessRole
from shared.kit.auth import NewToken
from shared.kit.bus.base import Message
from shared.kit.db import Database, SchemaTooOld, migrate
from shared.kit.problems import PROBLEM_JSON


@pytest.fixture
async def migrated(service: Service) -> Service:
    await migrate(url=service.url, migrations=service.migrations)
    await service.guard.sure()
    return service


async def get(app: FastAPI, path: str) -> httpx.Response:
    async with browser(app) as client:
        return await client.get(path)


async def not_ready(app: FastAPI) -> dict[str, str]:
    """What keeps the service from being ready."""
    answer = await get(app, "/readyz")
    document = answer.json()
    assert (answer.status_code, document["ready"]) == (503, False)
    return {name: why for name, why in document["checks"].items() if why != "ok"}


async def test_a_living_process_says_so(service: Service) -> None:
    answer = await get(service.app(), "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_service_is_ready_when_all_it_depends_on_answers(migrated: Service) -> None:
    answer = await get(migrated.app(), "/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


async def test_a_service_without_its_database_is_alive_but_not_ready(
    migrated: Service, tmp_path: Path
) -> None:
    gone = Database(url=f"sqlite+aiosqlite:///{tmp_path}/gone/db", migrations=migrated.migrations)
    app = migrated.app(db=gone)
    assert await not_ready(app) == {"database": "does not answer"}
    assert (await get(app, "/healthz")).status_code == 200


async def test_a_service_on_an_old_schema_is_not_ready(migrated: Service) -> None:
    write_migrations(migrated.migrations, "0001", "0002")
    assert "run migrate" in (await not_ready(migrated.app()))["database"]


async def test_a_service_without_its_bus_is_not_ready(migrated: Service) -> None:
    await migrated.bus.close()
    assert await not_ready(migrated.app()) == {"bus": "does not answer"}


async def test_a_service_whose_worker_fails_is_not_ready_and_names_it(migrated: Service) -> None:
    async def broken() -> None:
        raise ValueError("no such planet")

    app = migrated.app(workers={"relay": broken})
    async with app.router.lifespan_context(app):

        async def told() -> bool:
            return (await get(app, "/readyz")).status_code == 503

        await until(told)
        assert await not_ready(app) == {"workers": "relay: ValueError: no such planet"}


async def test_a_service_that_is_behind_with_its_events_is_not_ready(migrated: Service) -> None:
    await migrated.bus.producer().send(marks_of("fuzhou", 1))
    loop = migrated.loop()
    app = migrated.app(consumer=loop)
    assert await not_ready(app) == {"events": "still catching up"}
    async with running(loop.run):
        await until(lambda: loop.caught_up)
    assert (await get(app, "/readyz")).status_code == 200


async def test_a_service_refuses_to_start_on_an_old_schema(service: Service) -> None:
    started: list[str] = []

    async def worker() -> None:
        started.append("worker")

    app = service.app(workers={"worker": worker})
    with pytest.raises(SchemaTooOld):
        async with app.router.lifespan_context(app):
            pass
    assert started == []


async def test_the_workers_live_as_long_as_the_app(migrated: Service) -> None:
    life: list[str] = []
    begun = asyncio.Event()

    async def worker() -> None:
        life.append("begun")
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            life.append("ended")

    app = migrated.app(workers={"worker": worker})
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(begun.wait(), PATIENCE)
        assert life == ["begun"]
    assert life == ["begun", "ended"]


# --- figures


async def figures(service: Service) -> dict[str, float]:
    """What a scrape finds, without labels."""
    answer = await get(service.app(), "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found = re.findall(r"^(duban_\w+) ([0-9.e+]+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in found if not name.endswith("_created")}


async def test_every_figure_starts_at_zero(service: Service) -> None:
    found = await figures(service)
    assert {
        "duban_journal_unsent",
        "duban_journal_parked",
        "duban_inbox_gaps",
        "duban_dead_letters_open",
    } <= found.keys()
    assert set(found.values()) == {0.0}


async def test_gaps_dead_letters_and_parked_events_show_in_the_figures(service: Service) -> None:
    stray = Message(topic=topics.INTAKE, key="putian", value=b"", headers=())
    await service.bus.producer().send([*marks_of("fuzhou", 1, 3), stray])
    await service.take_in()
    await service.say(cutoff("xiamen", "c1"))
    async with service.db.write() as session:
        journal = service.tables.journal
        await session.execute(journal.update().values(sequence=1, parked="too large"))
    await service.figures().read()

    found = await figures(service)

    assert found["duban_inbox_gaps"] == 1
    assert found["duban_dead_letters_open"] == 1
    assert found["duban_journal_unsent"] == 2  # the dead letter's own event waits too
    assert found["duban_journal_parked"] == 2


# --- dead letters


async def bury_one(service: Service) -> str:
    stray = Message(topic=topics.INTAKE, key="putian", value=b"", headers=())
    await service.bus.producer().send([stray])
    await service.take_in()
    async with service.db.read() as session:
        return str((await service.dead_letters.list_open(session))[0]["id"])


def bearer(token: NewToken) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.text}"}


async def test_an_operator_sees_a_dead_letter_and_settles_it_once(service: Service) -> None:
    letter = await bury_one(service)
    async with browser(service.app(), headers=bearer(await service.issue("operator"))) as client:
        (item,) = (await client.get("/v1/dead-letters")).json()["items"]
        assert (item["id"], item["key"], item["code"]) == (letter, "putian", "empty_record")

        path = f"/v1/dead-letters/{letter}/settle"
        settled = await client.post(path, json={"reason": "sent again by hand"})
        assert settled.json() == {"id": letter, "settled_by": "Ms Lin"}
        assert (await client.get("/v1/dead-letters")).json() == {"items": []}
        again = await client.post(path, json={"reason": "once more"})
        assert (again.status_code, again.headers["content-type"]) == (404, PROBLEM_JSON)


@pytest.mark.parametrize("role", ["submit", "observer"])
async def test_dead_letters_are_for_the_office_and_operators_only(
    service: Service, role: AccessRole
) -> None:
    token = await service.issue(role)
    async with browser(service.app(), headers=bearer(token)) as client:
        assert (await client.get("/v1/dead-letters")).status_code == 403
        settle = await client.post("/v1/dead-letters/x/settle", json={"reason": "no"})
        assert settle.status_code == 403
    assert (await get(service.app(), "/v1/dead-letters")).status_code == 401


# --- documentation


async def test_the_documentation_page_takes_nothing_from_another_host(service: Service) -> None:
    app = service.app()
    page = await get(app, "/docs")
    assert page.status_code == 200
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+", page.text, re.IGNORECASE)
    references = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert references
    for reference in references:
        assert (await get(app, reference)).status_code == 200


async def test_every_model_named_in_the_openapi_document_is_in_it(service: Service) -> None:
    document = (await get(service.app(), "/openapi.json")).json()
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert "Settlement" in named
    assert named <= document["components"]["schemas"].keys()


@pytest.mark.parametrize("path", ["/nowhere", "/static/nowhere.css"])
async def test_what_is_not_there_is_a_problem(service: Service, path: str) -> None:
    answer = await get(service.app(), path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM_JSON)

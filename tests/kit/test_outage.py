"""A database that goes away is waited for: nothing is lost, doubled or set aside meanwhile."""

import pytest
from kit_cast import NOON, Service, browser, cutoff, on_postgresql, until
from peers.postgres import Postgres

from shared.kit import workers as workers_module
from shared.kit.bus import loop as loop_module
from shared.kit.db import migrate
from shared.kit.timers import Timer

pytestmark = on_postgresql


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(loop_module, "_BATCH", 10)  # so that it dies in the middle of its work
    monkeypatch.setattr(workers_module, "_LONGEST_WAIT_SECONDS", 0.2)


class House:
    """A service at work: relay, consumer, listener and timers."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.loop = service.loop()
        rounds = service.timer_loop({"workday": service.fire})
        self.app = service.app(
            consumer=self.loop,
            workers={
                "relay": service.relay().run,
                "consumer": self.loop.run,
                "listener": service.db.listen,
                "timers": rounds.run,
            },
        )

    async def complaints(self) -> set[str]:
        """Which checks fail."""
        async with browser(self.app) as client:
            answer = await client.get("/readyz")
        checks = answer.json()["checks"]
        return {name for name, why in checks.items() if why != "ok"}


async def test_killed_under_load_the_database_costs_no_event_and_is_told_until_it_is_back(
    service: Service, postgres: Postgres
) -> None:
    await migrate(url=service.url, migrations=service.migrations)
    house = House(service)
    numbers = range(1, 301)

    async def all_is_taken_in() -> bool:
        return len(await service.marks("fuzhou")) == len(numbers)

    async def some_are_taken_in() -> bool:
        return 0 < len(await service.marks("fuzhou")) < len(numbers)

    async def complains() -> bool:
        return await house.complaints() >= {"database", "workers"}

    async def is_content() -> bool:
        return await house.complaints() == set()

    async with house.app.router.lifespan_context(house.app):
        await service.say(*(cutoff("fuzhou", f"c{number}") for number in numbers))
        await until(some_are_taken_in)
        postgres.kill()
        try:
            await until(complains)
        finally:
            postgres.start()
        await until(is_content)
        await until(all_is_taken_in)
        async with service.db.write() as session:
            await service.timers.set(session, Timer(kind="workday", subject="xiamen", due_at=NOON))
        await until(lambda: fired(service))

    assert await service.marks("fuzhou") == [("fuzhou", f"c{number}") for number in numbers]
    assert await service.letters() == []


async def fired(service: Service) -> bool:
    return await service.marks("workday") == [("workday", "xiamen")]

"""Scoring restored from a backup hears again what it forgot, and tells nobody of it twice."""

from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from kit_cast import Backup, back_up, numbers_of, read_topic, restore, say_again, until
from scoring_house import AFTER_B1, PLAN, House, open_site, workday
from sqlalchemy import func, select

from scoring.config import MIGRATIONS
from scoring.service.restoring import MEMORY
from scoring.store.tables import Base, kit
from shared.contracts import topics
from shared.kit import log_guard as guard_module
from shared.kit.adopt import Adopted, Irretrievable, adopt
from shared.kit.db import Database
from shared.kit.foundation import topics_of


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "_AGAIN_SECONDS", 0.05)


async def adopt_it(house: House, **options: Any) -> Adopted:  # noqa: ANN401  # as `adopt` takes them
    return await adopt(
        bus=house.bus,
        db=house.db,
        tables=kit,
        guard=house.scoring.parts.guard,
        topics=topics_of("scoring"),
        memory=MEMORY,
        clock=house.clock,
        **options,
    )


async def all_sent(house: House) -> None:
    async def nothing_waits() -> bool:
        unsent = select(func.count()).where(kit.journal.c.sent_at.is_(None))
        async with house.db.read() as session:
            return not await session.scalar(unsent)

    await until(nothing_waits)


async def put_back(house: House, backup: Backup) -> None:
    db = Database(url=house.url, migrations=MIGRATIONS)
    await restore(db, backup)
    await db.close()


async def a_task_that_falls_behind_and_recovers(house: House) -> None:
    """An episode begins and ends, and another begins: by reports, and as time passes."""
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "10"})
    await house.hear_report(period="2022-B1", values={"T1.I": "17"})
    house.at("2022-04-29T09:00")
    await house.hear(workday(house.clock))
    await house.hear_report(values={"T1.I": "34"})
    await all_sent(house)


@pytest.mark.parametrize("hears_first", [False, True], ids=["adopts first", "hears first"])
async def test_what_it_makes_of_events_it_hears_again_is_not_said_again(
    tmp_path: Path, databases: Databases, hears_first: bool
) -> None:
    async with open_site(tmp_path, databases=databases) as site:
        await site.house.hear_plan()
        await all_sent(site.house)
        backup = await back_up(site.house.db, Base.metadata)
        await a_task_that_falls_behind_and_recovers(site.house)
        told, board = await site.house.changes(), await site.house.board()
        assert [light for _, _, light, _ in told] == ["red", "green", "red", "green"]
    before = site.house
    await put_back(before, backup)

    async with open_site(tmp_path, databases=databases) as site:
        house = site.house
        house.voice._last = before.voice._last  # intake itself has forgotten nothing
        await until(lambda: house.scoring.parts.guard.refusal() is not None)
        if not hears_first:
            await adopt_it(house)
        await say_again(house.bus, topics.INTAKE)
        await house.take_in()
        if hears_first:
            await adopt_it(house)
        await until(lambda: not house.scoring.parts.guard.finding)
        await all_sent(house)
        assert await house.board() == board
        assert sorted(await house.changes()) == sorted(told)
        numbers = numbers_of(await read_topic(house.bus, topics.SCORING), PLAN)
        assert numbers == list(range(1, len(told) + 1)), "nothing was said again"

        await house.hear_report(values={"T1.I": "35"})
        await house.hear_report(values={"T1.I": "20"})
        await all_sent(house)
        numbers = numbers_of(await read_topic(house.bus, topics.SCORING), PLAN)
        assert numbers == list(range(1, len(told) + 2)), "what is new goes on behind it"


async def test_a_publication_no_event_can_bring_back_is_named_and_nothing_is_adopted(
    tmp_path: Path, databases: Databases
) -> None:
    async with open_site(tmp_path, databases=databases) as site:
        await site.house.hear_plan()
        site.house.at("2022-03-01T09:00")
        await site.house.hear_report(period="2022-B1", values={"T1.I": "17"})
        site.house.at(AFTER_B1)
        await all_sent(site.house)
        backup = await back_up(site.house.db, Base.metadata)
        released = await site.publish("2022-B1")
        await all_sent(site.house)
    await put_back(site.house, backup)

    async with open_site(tmp_path, databases=databases) as site:
        with pytest.raises(Irretrievable) as refused:
            await adopt_it(site.house)
        assert f"{PLAN} 2022-B1 v1" in str(refused.value)
        assert str(released["digest"]) in str(refused.value)
        guard = site.house.scoring.parts.guard
        await until(lambda: guard.refusal() is not None)

        await adopt_it(site.house, accept_losses=True)

        await until(lambda: not guard.finding)

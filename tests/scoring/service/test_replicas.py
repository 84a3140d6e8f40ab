"""Two processes of scoring on one PostgreSQL: every event has one effect, every draft one run."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from databases import POSTGRES, Databases
from scoring_cast import a_task
from scoring_house import (
    AFTER_B2,
    PLAN,
    House,
    accepted,
    caller,
    listening_house,
    plan_events,
    verified,
)
from sqlalchemy import func, select

from scoring.service.caller import Refused
from scoring.store.tables import PublicationRow, ReportRow, ReviewRow
from shared.contracts.scoring import PublicationReleased, StandingChanged

pytestmark = pytest.mark.parametrize("databases", [POSTGRES], indirect=True)

ROUNDS = 5


@pytest.fixture
async def twin(house: House, tmp_path: Path, databases: Databases) -> AsyncIterator[House]:
    """Another process on the same database; its bus delivers what the test says again."""
    async with listening_house(tmp_path / "twin", databases=databases, twin_of=house) as other:
        yield other


async def drafted(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-09T09:00")
    await house.hear_report(values={"T1.I": "30"})
    house.at(AFTER_B2)
    await house.draft("2022-B2")


async def test_what_two_members_hear_at_once_has_one_effect(house: House, twin: House) -> None:
    tasks = [a_task(f"T{number}") for number in range(ROUNDS)]
    house.at("2022-05-09T09:00")
    reports = [
        accepted(str(task["id"]), clock=house.clock, values={f"{task['id']}.I": "30"})
        for task in tasks
    ]
    reviews = [verified(one.submission, one.task, marks="1", clock=house.clock) for one in reports]
    said = [*plan_events(*tasks, activate_from="2022-B2"), *reports, *reviews]
    await asyncio.gather(house.hear(*said), twin.hear(*said))
    async with house.db.read() as session:
        for table in (ReportRow, ReviewRow):
            count = await session.scalar(select(func.count()).select_from(table))
            assert count == ROUNDS
    assert len(await house.said(StandingChanged)) == ROUNDS
    assert await house.letters() == []


async def test_each_draft_is_computed_by_one_of_two_workers(house: House, twin: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    for _ in range(ROUNDS):
        await house.ask("2022-B2")
        computed = await asyncio.gather(
            *(one.runs.compute_next() for one in (house, twin, house, twin))
        )
        assert sorted(computed) == [False, False, False, True]
        assert (await house.found("2022-B2")).state == "draft"


async def test_two_drafts_asked_for_at_once_leave_one(house: House, twin: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await asyncio.gather(
        *(
            one.scoring.drafts.draft(PLAN, "2022-B2", forced=None, caller=caller("Ms Lin"))
            for one in (house, twin)
            for _ in range(ROUNDS)
        )
    )
    async with house.db.read() as session:
        rows = (await session.execute(select(PublicationRow))).scalars().all()
    assert [(row.period, row.version, row.state) for row in rows] == [("2022-B2", 1, "waiting")]


async def test_a_publication_is_released_once_however_many_release_it(
    house: House, twin: House
) -> None:
    await drafted(house)
    await house.approve("2022-B2", "Mr Chen")
    answers = await asyncio.gather(
        *(one.release("2022-B2", "Ms Wu") for one in (house, twin) for _ in range(ROUNDS)),
        return_exceptions=True,
    )
    refused = [one.code for one in answers if isinstance(one, Refused)]
    assert refused == ["already_published"] * (2 * ROUNDS - 1)
    assert len(await house.said(PublicationReleased)) == 1

"""Events that share a transaction: each has the effect it would have alone, one after another."""

import random
from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from scoring_cast import a_task
from scoring_house import (
    House,
    accepted,
    adopted,
    listening_house,
    plan_events,
    returned,
    verified,
    workday,
)

from shared.contracts.envelope import Event
from shared.contracts.scoring import StandingChanged
from shared.kit.clock import Clock

TASKS = ("T1", "T2", "T3")
PERIODS = ("2022-B1", "2022-B2")


def story(chance: random.Random, clock: Clock) -> list[Event]:
    """Reports, mostly; what else may come between them, among it a version without T3."""
    told: list[Event] = []
    reports: list[Any] = []
    for _ in range(60):
        kind = chance.choices(
            ("report", "returned", "verified", "workday", "rulebook", "plan"),
            (40, 6, 6, 4, 2, 2),
        )[0]
        if kind == "report" or not reports:
            task = chance.choice(TASKS)
            values = {f"{task}.I": str(chance.randint(0, 100))}
            report = accepted(task, chance.choice(PERIODS), clock=clock, values=values)
            reports.append(report)
            told.append(report)
        elif kind in {"returned", "verified"}:
            one = reports.pop(chance.randrange(len(reports)))
            about = {"task": one.task, "period": one.period, "clock": clock}
            told.append(
                returned(one.submission, **about)
                if kind == "returned"
                else verified(one.submission, **about, marks="2")
            )
        elif kind == "workday":
            told.append(workday(clock))
        elif kind == "rulebook":
            told.append(adopted(version=len(told) + 2))
        else:
            tasks = TASKS[: chance.randint(2, 3)]
            told += plan_events(*map(a_task, tasks), version=len(told) + 2)
    return told


async def outcome(house: House) -> tuple[Any, ...]:
    """Where tasks stand, what was told, and what was set aside."""
    board = {task: row.model_dump() for task, row in (await house.board()).items()}
    return board, await house.said(StandingChanged), [code for _, code in await house.letters()]


@pytest.mark.parametrize("seed", range(6))
async def test_any_story_has_the_same_outcome_in_batches_as_one_by_one(
    tmp_path: Path, databases: Databases, seed: int
) -> None:
    async with (
        listening_house(tmp_path / "batch", databases=databases) as batch,
        listening_house(tmp_path / "singly", databases=databases) as singly,
    ):
        for house in (batch, singly):
            house.at("2022-04-30T12:00")
        await batch.hear_plan(*map(a_task, TASKS))
        await singly.hear_plan(*map(a_task, TASKS))
        told = story(random.Random(seed), batch.clock)  # noqa: S311  # nothing secret
        await batch.hear(*told)
        for event in told:
            await singly.hear(event)
        assert await outcome(batch) == await outcome(singly)
        assert databases.rows(tmp_path / "batch", "reports") == databases.rows(
            tmp_path / "singly", "reports"
        )
        assert len(await batch.changes()) > 1


async def test_a_report_no_rule_can_judge_does_not_take_its_neighbours_with_it(
    house: House,
) -> None:
    await house.hear_plan()
    house.at("2022-04-30T12:00")
    sound = [accepted(values={"T1.I": str(number)}, clock=house.clock) for number in (30, 33)]
    alien = accepted(clock=house.clock).model_copy(update={"period": "never"})
    await house.hear(sound[0], alien, sound[1])
    assert [code for _, code in await house.letters()] == ["handler_failed"]
    assert (await house.board())["T1"].a == "0.3300"

"""Intake's journal is read in order: all that it said, but for tokens."""

import hashlib
import json
from typing import Any

import pytest
from intake_cast import PLAN, Town, edited, trees

from shared.contracts.intake import PlanVersioned


async def lines(town: Town, *, by: str = "office", **query: str) -> list[dict[str, Any]]:
    answer = await town.get("/v1/journal", by=by, **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_every_event_of_intake_stands_there_in_order(town: Town) -> None:
    sent = await town.accepted(trees("40", note="三月\n四月"))
    found = await lines(town)
    assert [one["type"].split(".")[2] for one in found] == ["task"] * 5 + ["plan", "submission"]
    last = found[-1]
    assert last.keys() == {"id", "type", "time", "subject", "key", "number", "data"}
    assert (last["id"], last["key"]) == (sent["id"], PLAN)
    assert last["subject"] == f"{PLAN}/trees/water/2022-B2"
    assert last["time"] == "2022-05-06T02:00:00+00:00"
    assert last["data"]["note"] == "三月\n四月"
    numbers = [one["number"] for one in found]
    assert numbers == sorted(set(numbers))


async def test_nothing_of_a_token_stands_there(town: Town) -> None:
    assert "secret" not in (await town.get("/v1/journal")).text
    assert "credential" not in (await town.get("/v1/journal")).text


async def test_it_is_read_in_pages_behind_a_number(town: Town) -> None:
    whole = await lines(town)
    found: list[dict[str, Any]] = []
    while page := await lines(town, limit="4", after=str(found[-1]["number"] if found else 0)):
        assert len(page) <= 4
        found += page
    assert found == whole


async def test_one_plan_is_read_by_itself(town: Town) -> None:
    await town.put("/v1/plans/sea-plan", edited("id: lake-plan", "id: sea-plan"))
    assert {one["key"] for one in await lines(town)} == {PLAN, "sea-plan"}
    assert {one["key"] for one in await lines(town, plan="sea-plan")} == {"sea-plan"}
    assert await lines(town, plan="moon") == []


async def test_the_data_stands_as_it_was_written(town: Town) -> None:
    text = (await town.get("/v1/journal")).text
    tasks = [line for line in text.splitlines() if ".task.defined." in line]
    data = [line.partition('"data": ')[2].removesuffix("}") for line in tasks]
    digest = hashlib.sha256("".join(f"{one}\n" for one in data).encode()).hexdigest()
    assert [one.digest for one in town.said(PlanVersioned)] == [digest]


@pytest.mark.parametrize("by", ["office", "operator"])
async def test_the_office_and_operators_read_it(town: Town, by: str) -> None:
    assert await lines(town, by=by)


@pytest.mark.parametrize("by", ["water", "observer"])
async def test_nobody_else_reads_it(town: Town, by: str) -> None:
    assert (await town.get("/v1/journal", by=by)).status_code == 403


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "10001"}, {"after": "-1"}])
async def test_a_page_that_cannot_be_is_refused(town: Town, query: dict[str, str]) -> None:
    assert (await town.get("/v1/journal", **query)).status_code == 422

"""Two processes of intake on one PostgreSQL: what they decide at once, they decide in turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from databases import POSTGRES
from intake_cast import LAKE_TOWN, PLAN, Town, edited, trees
from kit_cast import until

from intake.service.caller import Refused
from shared.contracts.intake import (
    CutoffMarked,
    RulebookAdopted,
    SubmissionAccepted,
    WorkdayBegan,
)

pytestmark = pytest.mark.parametrize("databases", [POSTGRES], indirect=True)

ROUNDS = 5
RULEBOOK = '{"rulebook": {"id": "house", "version": %d}}'


@pytest.fixture
async def twin(empty_town: Town) -> AsyncIterator[Town]:
    """Another process of the town's intake, with the same tokens in its callers' hands."""
    async with empty_town.replica("two") as other:
        yield other


def place(events: list[dict[str, Any]], kind: str) -> list[tuple[int, str]]:
    """Number in the plan's order, and data, of the events of a type."""
    return [(one["sequence"], one["data"]) for one in events if one["type"] == kind]


async def numbered(town: Town) -> list[dict[str, Any]]:
    """The plan's events, once every one has its number."""

    def rows() -> list[dict[str, Any]]:
        return [one for one in town.stored("journal") if one["key"] == PLAN]

    await until(lambda: all(one["sequence"] is not None for one in rows()))
    return sorted(rows(), key=lambda one: int(one["sequence"]))


async def test_two_versions_of_a_plan_put_at_once_become_two_versions(
    town: Town, twin: Town
) -> None:
    for number in range(ROUNDS):
        answers = await asyncio.gather(
            *(
                one.apply(edited("Plant trees", f"Plant trees {number} {name}"))
                for one, name in ((town, "here"), (twin, "there"))
            )
        )
        assert [one.status_code for one in answers] == [200, 200]
        versions = sorted(one.json()["version"] for one in answers)
        assert versions == [2 * number + 2, 2 * number + 3]
    stored = sorted(one["version"] for one in town.stored("plan_versions"))
    assert stored == list(range(1, 2 * ROUNDS + 2))


async def test_the_same_new_plan_put_at_once_is_one_version(empty_town: Town, twin: Town) -> None:
    answers = await asyncio.gather(*(one.apply() for one in (empty_town, twin) for _ in range(3)))
    assert [one.status_code for one in answers] == [200] * 6
    assert {one.json()["version"] for one in answers} == {1}
    assert len(empty_town.stored("plan_versions")) == len(empty_town.stored("timers")) == 1


async def test_of_two_first_tokens_asked_for_at_once_there_is_one(
    empty_town: Town, twin: Town
) -> None:
    empty_town.databases.execute(empty_town.folder, "DELETE FROM credentials")
    answers = await asyncio.gather(
        *(
            one.intake.access.bootstrap(holder=f"operator {number}")
            for one in (empty_town, twin)
            for number in range(ROUNDS)
        ),
        return_exceptions=True,
    )
    refused = [one for one in answers if isinstance(one, Refused)]
    assert [one.refusals[0].code for one in refused] == ["not_empty"] * (2 * ROUNDS - 1)
    assert len(empty_town.stored("credentials")) == 1


async def test_a_house_rulebook_reaches_the_plan_that_is_applied_at_the_same_time(
    empty_town: Town, twin: Town
) -> None:
    for number in range(1, ROUNDS + 1):
        plan = f"lake-plan-{number}"
        applied, adopted = await asyncio.gather(
            empty_town.put(f"/v1/plans/{plan}", LAKE_TOWN.replace(PLAN, plan)),
            twin.put("/v1/rulebooks/house", RULEBOOK % number, kind="json"),
        )
        assert (applied.status_code, adopted.status_code) == (200, 200)
        told = [one for one in empty_town.said(RulebookAdopted) if one.plan == plan]
        assert told[-1].rulebook.version == number


async def test_another_content_of_a_rulebooks_version_is_refused_however_close_it_comes(
    town: Town, twin: Town
) -> None:
    other = '{"rulebook": {"id": "house", "version": %d, "separation": "off"}}'
    for version in range(1, ROUNDS + 1):
        answers = await asyncio.gather(
            town.put("/v1/rulebooks/house", RULEBOOK % version, kind="json"),
            twin.put("/v1/rulebooks/house", other % version, kind="json"),
        )
        assert sorted(one.status_code for one in answers) == [200, 422]
        codes = [one.json()["code"] for one in answers if one.status_code != 200]
        assert codes == ["version_taken"]


async def test_a_cut_off_parts_the_reports_that_come_while_it_is_marked(
    town: Town, twin: Town
) -> None:
    async def report(of: Town, number: int) -> None:
        answer = await of.submit(trees(str(number)))
        assert answer.status_code == 202, answer.text

    async def mark(of: Town) -> None:
        answer = await of.post(f"/v1/plans/{PLAN}/cutoffs", by="office")
        assert answer.status_code == 202, answer.text

    await asyncio.gather(
        *(
            report(one, 2 * number + at)
            for number in range(20)
            for at, one in enumerate((town, twin))
        ),
        *(mark(one) for _ in range(ROUNDS) for one in (town, twin)),
    )
    events = await numbered(town)
    assert [one["sequence"] for one in events] == list(range(1, len(events) + 1))
    stands = {
        SubmissionAccepted.model_validate_json(data).submission: sequence
        for sequence, data in place(events, SubmissionAccepted.TYPE)
    }
    marks = {
        CutoffMarked.model_validate_json(data).cutoff: sequence
        for sequence, data in place(events, CutoffMarked.TYPE)
    }
    reports = town.stored("submissions")
    assert len(reports) == len(stands) == 40
    for cutoff in town.stored("cutoffs"):
        before = {one["id"] for one in reports if one["number"] <= cutoff["number"]}
        assert before == {one for one, at in stands.items() if at < marks[cutoff["id"]]}


async def test_a_report_is_reviewed_once_however_many_return_it_at_once(
    town: Town, twin: Town
) -> None:
    reason = {"reason": "the total is not the one in the books"}
    for number in range(ROUNDS):
        receipt = await town.accepted(trees(str(number)))
        path = f"/v1/submissions/{receipt['id']}/return"
        answers = await asyncio.gather(
            *(one.post(path, reason, by="office") for one in (town, twin) for _ in range(ROUNDS))
        )
        assert sorted(one.status_code for one in answers) == [200, *[409] * (2 * ROUNDS - 1)]


async def test_marks_given_at_once_add_up(town: Town, twin: Town) -> None:
    receipt = await town.accepted(trees())
    path = f"/v1/submissions/{receipt['id']}/verify"
    answers = await asyncio.gather(
        *(
            one.post(path, {"marks": "1"}, by="office")
            for one in (town, twin)
            for _ in range(ROUNDS)
        )
    )
    assert {one.status_code for one in answers} == {200}
    (row,) = town.stored("submissions")
    assert row["marks"] == str(2 * ROUNDS)


async def test_of_two_processes_one_holds_the_working_days_round(town: Town, twin: Town) -> None:
    await town.move_to("2022-05-11 09:00")
    await twin.settle()
    days = place(await numbered(town), WorkdayBegan.TYPE)
    assert len(days) == 4

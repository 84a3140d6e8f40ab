"""The office verifies a report or returns it; nobody reviews what he sent."""

from typing import Any

import httpx
import pytest
from intake_cast import Town, codes, edited, report, trees

from intake.domain.findings import Findings
from intake.service import files
from shared.contracts.intake import SubmissionReturned, SubmissionVerified

ONE_HOLDER = "rulebook: {id: small, version: 1, separation: off}\n"


async def sent(town: Town, *, by: str = "water") -> str:
    """The id of a report."""
    return str((await town.accepted(trees(), by=by))["id"])


async def verify(
    town: Town,
    submission: str,
    *,
    by: str = "office",
    **said: Any,  # noqa: ANN401  # JSON
) -> httpx.Response:
    return await town.post(f"/v1/submissions/{submission}/verify", said, by=by)


async def send_back(
    town: Town, submission: str, *, by: str = "office", reason: str = "which lake?"
) -> httpx.Response:
    return await town.post(f"/v1/submissions/{submission}/return", {"reason": reason}, by=by)


def reviews(town: Town) -> int:
    """How many reviews were told."""
    return len(town.said(SubmissionVerified)) + len(town.said(SubmissionReturned))


async def test_a_report_is_verified_with_marks_and_a_reason(town: Town) -> None:
    submission = await sent(town)
    await town.move_to("2022-05-07 12:00")
    answer = await verify(town, submission, marks="2.5", reason="no map")
    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["state"], shown["marks"]) == ("verified", "2.5")
    (told,) = town.said(SubmissionVerified)
    assert told.model_dump(mode="json") == {
        "plan": "lake-plan",
        "submission": submission,
        "task": "trees",
        "unit": "water",
        "period": "2022-B2",
        "verified_at": "2022-05-07T04:00:00Z",
        "marks": "2.5",
        "reason": "no map",
        "by": "office",
        "rubric": None,
        "values": {},
    }


async def test_marks_add_up(town: Town) -> None:
    submission = await sent(town)
    await verify(town, submission, marks="2.5")
    shown = (await verify(town, submission, marks="3")).json()
    assert shown["marks"] == "5.5"
    assert [str(one.marks) for one in town.said(SubmissionVerified)] == ["2.5", "3"]


async def test_without_marks_a_verification_costs_nothing(town: Town) -> None:
    assert (await verify(town, await sent(town))).json()["marks"] == "0"


async def test_a_report_is_returned_with_its_reason(town: Town) -> None:
    submission = await sent(town)
    shown = (await send_back(town, submission)).json()
    assert (shown["state"], shown["returned_reason"]) == ("returned", "which lake?")
    seen = (await town.get(f"/v1/submissions/{submission}", by="water")).json()
    assert (seen["state"], seen["returned_reason"]) == ("returned", "which lake?")
    (told,) = town.said(SubmissionReturned)
    assert (told.submission, told.reason, told.by) == (submission, "which lake?", "office")
    assert (told.task, told.unit, told.period) == ("trees", "water", "2022-B2")


async def test_what_was_verified_may_still_be_returned(town: Town) -> None:
    submission = await sent(town)
    await verify(town, submission)
    assert (await send_back(town, submission)).json()["state"] == "returned"


async def test_a_returned_report_is_repaired_also_after_the_close(town: Town) -> None:
    submission = await sent(town)
    await send_back(town, submission)
    await town.move_to("2022-05-18 10:00")
    repair = await town.accepted(trees("30", correction={"reason": "the small lake only"}))
    assert repair["id"] != submission
    shown = (await town.get(f"/v1/submissions/{repair['id']}", by="water")).json()
    assert shown["state"] == "submitted"


async def test_the_returned_content_sent_again_is_a_report_of_its_own(town: Town) -> None:
    submission = await sent(town)
    await send_back(town, submission)
    assert await sent(town) != submission


async def test_a_returned_report_is_reviewed_no_more(town: Town) -> None:
    submission = await sent(town)
    await send_back(town, submission)
    for answer in (await send_back(town, submission), await verify(town, submission)):
        assert (answer.status_code, answer.json()["code"]) == (409, "already_returned")
    assert reviews(town) == 1


async def test_nobody_reviews_what_he_sent(town: Town) -> None:
    submission = await sent(town, by="office")
    for answer in (await verify(town, submission), await send_back(town, submission)):
        assert (answer.status_code, answer.json()["code"]) == (403, "same_holder")
    assert reviews(town) == 0
    assert (await verify(town, submission, by="second office")).status_code == 200


async def test_duties_are_separated_by_holder_and_not_by_token(town: Town) -> None:
    submission = await sent(town, by="office")
    await town.issue("office", "office")
    assert (await verify(town, submission)).json()["code"] == "same_holder"


async def test_an_office_of_one_may_review_what_it_sent(town: Town) -> None:
    submission = await sent(town, by="office")
    assert (await town.put("/v1/rulebooks/small", ONE_HOLDER)).status_code == 200
    assert (await verify(town, submission)).status_code == 200
    assert (await send_back(town, submission)).status_code == 200


@pytest.mark.parametrize("by", ["water", "works", "observer", "operator"])
async def test_only_the_office_reviews(town: Town, by: str) -> None:
    submission = await sent(town)
    for answer in (
        await verify(town, submission, by=by),
        await send_back(town, submission, by=by),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "other_role")
    assert reviews(town) == 0


async def test_a_report_that_is_not_there_cannot_be_reviewed(town: Town) -> None:
    for answer in (await verify(town, "s-1"), await send_back(town, "s-1")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_submission")


@pytest.mark.parametrize(
    "said", [{"marks": "-1"}, {"marks": "101"}, {"marks": 2.5}, {"rubric": "B"}]
)
async def test_a_verification_says_what_the_rules_know(town: Town, said: dict[str, Any]) -> None:
    answer = await verify(town, await sent(town), **said)
    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["errors"]] == list(said)
    assert reviews(town) == 0


async def test_a_return_gives_its_reason(town: Town) -> None:
    answer = await send_back(town, await sent(town), reason="")
    assert answer.status_code == 422
    assert reviews(town) == 0


# --- grades and figures of the reviewer (assessment 4.1)

RUBRIC = edited(
    "due: 2023-12-31\n        measure: percent", "due: 2023-12-31\n        measure: rubric"
)


@pytest.fixture
async def graded(empty_town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """The hall is measured by a rubric."""
    nothing = Findings(errors=[], notices=[])
    monkeypatch.setattr(files, "check_plan", lambda *_args, **_named: nothing)
    applied = await empty_town.apply(RUBRIC)
    assert applied.status_code == 200, applied.text
    return empty_town


async def test_the_newest_grade_of_a_rubric_counts(graded: Town) -> None:
    submission = str((await graded.accepted(report("hall", "east")))["id"])
    assert (await verify(graded, submission, rubric="B")).json()["rubric"] == "B"
    assert (await verify(graded, submission, marks="1")).json()["rubric"] == "B"
    shown = (await verify(graded, submission, rubric="A")).json()
    assert (shown["rubric"], shown["marks"]) == ("A", "1")
    assert [one.rubric for one in graded.said(SubmissionVerified)] == ["B", None, "A"]


@pytest.mark.parametrize("grade", ["E", "a", "", 1])
async def test_there_are_four_grades(graded: Town, grade: Any) -> None:  # noqa: ANN401  # JSON
    submission = str((await graded.accepted(report("hall", "east")))["id"])
    assert (await verify(graded, submission, rubric=grade)).status_code == 422
    assert reviews(graded) == 0


async def test_a_grade_is_for_a_task_that_is_measured_by_one(town: Town) -> None:
    answer = await verify(town, await sent(town), rubric="B")
    assert (answer.status_code, codes(answer)) == (422, [("rubric_refused", "rubric")])
    assert reviews(town) == 0


async def test_a_figure_may_be_verified_otherwise_than_it_was_reported(town: Town) -> None:
    submission = await sent(town)
    await verify(town, submission, values={"planted": "35", "alive": "30"})
    await verify(town, submission, values={"planted": "36"})
    told = [
        {name: str(one) for name, one in said.values.items()}
        for said in town.said(SubmissionVerified)
    ]
    assert told == [{"planted": "35", "alive": "30"}, {"planted": "36"}]
    shown = (await town.get(f"/v1/submissions/{submission}")).json()
    assert shown["values"] == {"planted": "40"}
    assert shown["verified_values"] == {"planted": "36", "alive": "30"}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"clarity": "1"}, ("unknown_item", "values.clarity")),
        ({"planted": "-1"}, ("wrong_value", "values.planted")),
        ({"planted": "1.5"}, ("wrong_value", "values.planted")),
        ({"planted": {"own": "1", "other": "2"}}, ("wrong_value", "values.planted")),
    ],
)
async def test_a_verified_figure_fits_its_kind(
    town: Town, values: dict[str, Any], found: tuple[str, str]
) -> None:
    answer = await verify(town, await sent(town), values=values)
    assert (answer.status_code, codes(answer)) == (422, [found])
    assert reviews(town) == 0


async def test_the_next_total_is_held_against_the_verified_one(town: Town) -> None:
    await verify(town, await sent(town), values={"planted": "30"})
    await town.publish("2022-B2", "2022-04-30")
    later = trees("35") | {"period": "2022-B3"}
    await town.accepted(later)
    fallen = await town.submit(later | {"values": {"planted": "29"}})
    assert codes(fallen) == [("total_fell", "values.planted")]

"""The office says what the report of a published period should have said."""

from typing import Any

import httpx
import pytest
from intake_cast import PLAN, Town, codes, report, trees

from shared.contracts.intake import DecisionMade, SubmissionAccepted


async def correct(town: Town, body: dict[str, Any], *, by: str = "office") -> httpx.Response:
    said = {"type": "correct", "submission": body, "reason": "the office counted again"}
    return await town.post(f"/v1/plans/{PLAN}/decisions", said, by=by)


async def corrected(town: Town, body: dict[str, Any]) -> SubmissionAccepted:
    """The event of a correction that has to hold."""
    answer = await correct(town, body)
    assert answer.status_code == 201, answer.text
    told = town.said(SubmissionAccepted)[-1]
    assert told.submission == answer.json()["submission"]
    assert told.corrected
    return told


@pytest.fixture
async def published(town: Town) -> Town:
    """40 trees of which 30 live were published for March and April."""
    await town.accepted(
        trees("40") | {"values": {"planted": "40", "alive": "30"}, "note": "by boat"}
    )
    await town.publish("2022-B2", "2022-04-30")
    await town.move_to("2022-05-20 10:00")  # the window is closed
    return town


def first(town: Town) -> str:
    return town.said(SubmissionAccepted)[0].submission


async def test_a_correction_is_stored_whole_and_names_what_it_corrects(published: Town) -> None:
    told = await corrected(published, trees("25", as_of="2022-04-20") | {"values": {"alive": "25"}})
    assert {name: str(one) for name, one in told.values.items()} == {"planted": "40", "alive": "25"}
    assert (told.corrects, told.note, told.by) == (first(published), "by boat", "office")
    assert told.as_of.isoformat() == "2022-04-20"
    shown = (await published.get(f"/v1/submissions/{told.submission}")).json()
    assert (shown["corrected"], shown["values"]["planted"], shown["by"]) == (True, "40", "office")
    events = [row["type"].split(".")[2] for row in published.stored("journal")][-2:]
    assert events == ["decision", "submission"]


async def test_a_corrected_total_may_fall(published: Town) -> None:
    assert (
        await corrected(published, trees("10") | {"values": {"planted": "10", "alive": "5"}})
    ).corrects


async def test_the_next_report_is_held_against_the_corrected_total(published: Town) -> None:
    later = trees("20") | {"period": "2022-B3"}
    assert codes(await published.submit(later)) == [("total_fell", "values.planted")]
    await corrected(published, trees("15") | {"values": {"planted": "15", "alive": "15"}})
    await published.accepted(later)


async def test_where_nothing_was_counted_the_correction_corrects_nothing(published: Town) -> None:
    body = report("clean", "works", values={"clarity": "60"})
    await published.accepted(body)  # after the close: the publication never read it
    told = await corrected(published, report("clean", "works", no_data=["survey"]))
    assert told.corrects is None
    assert told.values == {}


async def test_a_returned_report_is_not_what_is_corrected(town: Town) -> None:
    sent = await town.accepted(trees("40"))
    await town.post(f"/v1/submissions/{sent['id']}/return", {"reason": "?"}, by="office")
    await town.publish("2022-B2", "2022-04-30")
    assert (await corrected(town, trees("30"))).corrects is None


async def test_a_correction_of_a_correction_stands_on_it(published: Town) -> None:
    one = await corrected(published, trees("35"))
    two = await corrected(published, trees("34") | {"values": {"alive": "34"}})
    assert two.corrects == one.submission
    assert {name: str(value) for name, value in two.values.items()} == {
        "planted": "35",
        "alive": "34",
    }


async def test_a_late_report_is_not_taken_for_the_one_that_was_published(published: Town) -> None:
    await published.accepted(trees("60"))
    told = await corrected(published, trees("38"))
    assert told.corrects == first(published)


async def test_a_report_under_an_extension_was_read_until_its_new_close(town: Town) -> None:
    extend = {"type": "extend", "task": "trees", "unit": "water", "period": "2022-B2"}
    await town.post(f"/v1/plans/{PLAN}/decisions", {**extend, "working_days": 5}, by="office")
    await town.move_to("2022-05-24 23:00")
    sent = await town.accepted(trees("40"))
    await town.publish("2022-B2", "2022-04-30")
    assert (await corrected(town, trees("30"))).corrects == sent["id"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (trees("1") | {"period": "2022-B3"}, ("period_unpublished", "submission.period")),
        (trees("1") | {"period": "2022-M04"}, ("unknown_period", "submission.period")),
        (trees("1") | {"plan": "sea"}, ("other_plan", "submission.plan")),
        (report("trees", "works"), ("wrong_unit", "submission.unit")),
        (report("moon", "works"), ("unknown_task", "submission.task")),
        (trees("1", as_of="2022-05-01"), ("as_of_outside", "submission.as_of")),
        (
            report("trees", "water", values={"moon": "1"}),
            ("unknown_item", "submission.values.moon"),
        ),
        (trees("1.5"), ("wrong_value", "submission.values.planted")),
        (trees("29"), ("funnel", "submission.values.alive")),
    ],
)
async def test_a_correction_is_held_to_the_rules_of_a_report(
    published: Town, body: dict[str, Any], found: tuple[str, str]
) -> None:
    answer = await correct(published, body)
    assert (answer.status_code, found in codes(answer)) == (422, True), answer.text
    assert published.said(DecisionMade) == []
    assert len(published.stored("submissions")) == 1


async def test_a_unit_does_not_correct_what_is_published(published: Town) -> None:
    assert (await correct(published, trees("30"), by="water")).status_code == 403

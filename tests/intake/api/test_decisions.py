"""The office decides through the API: stored, told, and in force at once."""

from typing import Any

import httpx
import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, at, codes, edited, report, running, trees

from shared.contracts.intake import DecisionMade, ObligationOverdue, PlanVersioned, TaskDefined

EXTEND = {
    "type": "extend",
    "task": "trees",
    "unit": "water",
    "period": "2022-B2",
    "working_days": 3,
}
ADJUST = {"type": "adjust", "task": "trees", "indicator": "planted", "effective": "2022-B3"}
SUSPEND = {"type": "suspend", "task": "hall", "periods": ["2022-B2"]}
EXEMPT = {"type": "exempt", "id": "X1", "task": "trees", "unit": "works", "kind": "E2"}
PENALTY = {"type": "penalty", "unit": "water", "points": "1.5", "matter": "late"}
PIER: dict[str, Any] = {
    "id": "pier",
    "title": "Build a pier",
    "weight": "5",
    "start": "2022-03-01",
    "due": "2022-12-31",
    "measure": "percent",
    "assignments": [{"unit": "east", "role": "lead"}],
}
ADD = {"type": "add", "action": "A1", "task": PIER}


async def decide(
    town: Town,
    said: Any,  # noqa: ANN401  # JSON
    *,
    by: str = "office",
    plan: str = PLAN,
) -> httpx.Response:
    return await town.post(f"/v1/plans/{plan}/decisions", said, by=by)


async def decided(town: Town, said: dict[str, Any]) -> dict[str, Any]:
    """The outcome of a decision that has to hold."""
    answer = await decide(town, said)
    assert answer.status_code == 201, answer.text
    outcome: dict[str, Any] = answer.json()
    return outcome


async def listed(town: Town, *, by: str = "office") -> list[dict[str, Any]]:
    answer = await town.get(f"/v1/plans/{PLAN}/decisions", by=by)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def plan_shown(town: Town, *, by: str = "office") -> dict[str, Any]:
    shown: dict[str, Any] = (await town.get(f"/v1/plans/{PLAN}", by=by)).json()
    return shown


async def test_a_decision_is_stored_told_and_answered_with_its_id(town: Town) -> None:
    made = await decided(town, {**PENALTY, "reason": "twice", "document": "No. 7"})
    assert made == {"decision": made["decision"], "version": None, "submission": None}
    assert made["decision"].startswith("d-")
    assert len(made["decision"]) == 34
    (told,) = town.said(DecisionMade)
    assert (told.decision, told.by, told.made_at) == (
        made["decision"],
        "office",
        at("2022-05-06 10:00"),
    )
    assert told.decided.model_dump(mode="json", exclude_none=True) == {
        **PENALTY,
        "uncapped": False,
        "reason": "twice",
        "document": "No. 7",
    }
    assert [one["decision"] for one in await listed(town)] == [made["decision"]]


async def test_what_changes_a_task_makes_a_version_that_tells_it(town: Town) -> None:
    assert (await decided(town, {**ADJUST, "target": "90"}))["version"] == 2
    assert (await decided(town, SUSPEND))["version"] == 3
    newest = {one.task.id: one for one in town.said(TaskDefined) if one.version == 3}
    assert [len(one.amended.changes) for one in newest.values()] == [1, 0, 0, 0, 0]
    assert newest["hall"].amended.rests[0].periods == ("2022-B2",)
    assert [one.version for one in town.said(PlanVersioned)] == [1, 2, 3]
    shown = await plan_shown(town)
    assert shown["amended"].keys() == {"trees", "hall"}
    assert shown["amended"]["trees"]["changes"][0]["target"] == "90"
    assert shown["document"]["actions"][0]["tasks"][0]["indicators"][0]["target"] == "100"


async def test_the_same_events_have_the_same_ids(tmp_path: Any, databases: Databases) -> None:  # noqa: ANN401  # pytest's
    found = []
    for name in ("one", "other"):
        async with running(tmp_path / name, databases=databases) as town:
            await town.open()
            await town.apply()
            receipts = [(await town.accepted(trees(one)))["id"] for one in ("40", "41", "40")]
            made = [(await decided(town, said))["decision"] for said in (PENALTY, PENALTY, SUSPEND)]
            found.append([*receipts, *made])
    assert found[0] == found[1]
    assert len(set(found[0])) == 6
    assert all(one.startswith("s-") and len(one) == 34 for one in found[0][:3])


async def test_an_exemption_keeps_its_name_and_is_granted_once(town: Town) -> None:
    assert (await decided(town, EXEMPT))["decision"] == "X1"
    assert (await decided(town, EXEMPT))["decision"] == "X1"
    other = await decide(town, {**EXEMPT, "reason": "another"})
    assert (other.status_code, other.json()["code"]) == (409, "decision_taken")
    assert len(town.said(DecisionMade)) == len(await listed(town)) == 1


async def test_an_exemption_is_granted_by_somebody_else_than_who_applied(town: Town) -> None:
    applied = {**EXEMPT, "applicant": "office"}
    await town.issue("works director", "office", unit="works")
    for said, by in ((applied, "office"), (EXEMPT, "works director")):
        answer = await decide(town, said, by=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "same_holder")
    assert town.said(DecisionMade) == []
    assert (await decide(town, applied, by="second office")).status_code == 201  # created


async def test_a_merger_makes_a_version_in_which_the_successor_answers(town: Town) -> None:
    said = {"type": "merge", "units": ["works"], "into": "east", "effective": "2022-B3"}
    outcome = await decided(town, said)
    assert outcome["version"] == 2  # the second
    tasks = [
        task
        for action in (await plan_shown(town))["document"]["actions"]
        for task in action["tasks"]
    ]
    held = [one for task in tasks for one in task["assignments"] if one["unit"] == "works"]
    assert held
    assert max(one["valid"]["to"] for one in held) == "2022-04-30"
    assert [one["decided"]["into"] for one in await listed(town, by="water")] == ["east"]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({}, "type"),
        ([], "type"),
        ("cancel", "type"),
        ({"type": ["cancel"]}, "type"),
        ({"type": "decree"}, "type"),
        ({"type": "cancel"}, "task"),
        ({"type": "cancel", "task": "trees", "when": "now"}, "when"),
        ({**PENALTY, "points": 1.5}, "points"),
        ({**PENALTY, "points": "-1"}, "points"),
        ({**PENALTY, "matter": "nul \0"}, "matter"),
        ({**EXTEND, "working_days": 0}, "working_days"),
        ({**EXTEND, "working_days": True}, "working_days"),
        ({**SUSPEND, "periods": []}, "periods"),
        ({**ADD, "task": {**PIER, "colour": "red"}}, "task.colour"),
        ({"type": "rating", "unit": "water", "year": 2022, "score": "101"}, "score"),
        ({"type": "veto", "unit": "water", "matter": "m", "cap": "good"}, "cap"),
    ],
)
async def test_a_body_that_is_no_decision_is_refused_with_its_field(
    town: Town,
    said: Any,  # noqa: ANN401  # JSON
    path: str,
) -> None:
    answer = await decide(town, said)
    assert answer.status_code == 422, answer.text
    assert [one["path"] for one in answer.json()["errors"]] == [path]
    assert town.said(DecisionMade) == []


async def test_a_refused_decision_changes_nothing(town: Town) -> None:
    journal = len(town.stored("journal"))
    answer = await decide(town, {**ADJUST, "indicator": "moon", "target": "1"})
    assert (answer.status_code, codes(answer)) == (422, [("unknown_indicator", "indicator")])
    assert len(town.stored("journal")) == journal
    assert town.stored("decisions") == []
    assert (await plan_shown(town))["version"] == 1


@pytest.mark.parametrize("by", ["water", "observer", "operator"])
async def test_only_the_office_decides(town: Town, by: str) -> None:
    answer = await decide(town, PENALTY, by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_role")
    assert town.said(DecisionMade) == []


async def test_of_a_plan_that_is_not_there_nothing_is_decided(town: Town) -> None:
    assert (await decide(town, PENALTY, plan="sea")).json()["code"] == "unknown_plan"
    assert (await town.get("/v1/plans/sea/decisions")).status_code == 404


async def test_a_unit_sees_the_decisions_of_its_tasks_and_its_own(town: Town) -> None:
    said = (
        PENALTY,
        SUSPEND,
        EXTEND,
        {**ADJUST, "task": "clean", "indicator": "clarity", "target": "90"},
    )
    for one in said:
        await decided(town, one)
    seen = {
        by: [one["decided"]["type"] for one in await listed(town, by=by)]
        for by in ("office", "operator", "water", "works", "east", "observer")
    }
    assert seen == {
        "office": ["penalty", "suspend", "extend", "adjust"],
        "operator": ["penalty", "suspend", "extend", "adjust"],
        "water": ["penalty", "extend"],
        "works": ["extend", "adjust"],
        "east": ["suspend"],
        "observer": ["penalty", "suspend", "extend", "adjust"],
    }


async def test_decisions_about_a_hidden_task_are_shown_to_whom_it_concerns(
    empty_town: Town,
) -> None:
    hidden = "due: 2023-12-31\n        measure: percent"
    await empty_town.apply(edited(hidden, f"{hidden}\n        publish: false"))
    await decided(empty_town, SUSPEND)
    counts = [len(await listed(empty_town, by=by)) for by in ("office", "east", "observer")]
    assert counts == [1, 1, 0]
    shown = await plan_shown(empty_town, by="observer")
    assert shown["amended"] == {}


async def test_decisions_are_read_page_by_page(town: Town) -> None:
    made = [(await decided(town, PENALTY))["decision"] for _ in range(5)]
    found, cursor = [], "0"
    while cursor != "None":
        path = f"/v1/plans/{PLAN}/decisions"
        page = (await town.get(path, limit="2", cursor=cursor)).json()
        found += [one["decision"] for one in page["items"]]
        cursor = str(page["cursor"])
    assert found == made


# --- what is owed


async def test_an_extension_moves_due_and_close_of_one_report(town: Town) -> None:
    await decided(town, EXTEND)
    owed = await town.owed(period="2022-B2")
    assert (owed["trees"]["due"], owed["trees"]["close"]) == ("2022-05-13", "2022-05-20")
    assert (owed["clean"]["due"], owed["clean"]["close"]) == ("2022-05-10", "2022-05-17")


async def test_an_extended_report_is_on_time_until_its_new_day(town: Town) -> None:
    await decided(town, EXTEND)
    await town.move_to("2022-05-13 23:59")
    assert (await town.owed(period="2022-B2"))["trees"]["state"] == "owed"
    receipt = await town.accepted(trees())
    assert (receipt["due"], receipt["timeliness"], receipt["late_days"]) == (
        "2022-05-13",
        "on_time",
        0,
    )
    other = await town.accepted(report("clean", "works", values={"clarity": "60"}))
    assert (other["timeliness"], other["late_days"]) == ("late", 3)


async def test_an_extended_report_stays_listed_until_its_new_close(town: Town) -> None:
    await decided(town, EXTEND)
    await town.move_to("2022-05-20 12:00")
    found = (await town.get("/v1/obligations", plan=PLAN)).json()["items"]
    assert [one["task"] for one in found if one["period"] == "2022-B2"] == ["trees"]
    await town.move_to("2022-05-21 12:00")
    found = (await town.get("/v1/obligations", plan=PLAN)).json()["items"]
    assert [one["task"] for one in found if one["period"] == "2022-B2"] == []
    assert (await town.owed(period="2022-B2"))["trees"]["state"] == "missing"


async def test_an_extended_report_is_told_as_overdue_after_its_own_day(town: Town) -> None:
    await decided(town, EXTEND)
    await town.move_to("2022-05-11 12:00")
    first = {one.task for one in town.said(ObligationOverdue)}
    assert first == {"clean", "bridge", "hall"}
    await town.move_to("2022-05-16 12:00")
    (later,) = (one for one in town.said(ObligationOverdue) if one.task not in first)
    assert (later.task, later.due.isoformat(), later.close.isoformat()) == (
        "trees",
        "2022-05-13",
        "2022-05-20",
    )


async def test_a_suspended_and_a_cancelled_task_owe_nothing(town: Town) -> None:
    await decided(town, SUSPEND)
    await decided(town, {"type": "cancel", "task": "clean"})
    assert (await town.owed(period="2022-B2")).keys() == {"trees", "clean", "bridge"}
    assert (await town.owed(period="2022-B3")).keys() == {"trees", "bridge", "hall"}
    await town.move_to("2022-05-11 12:00")
    assert {one.task for one in town.said(ObligationOverdue)} == {"trees", "clean", "bridge"}


async def test_a_finished_task_is_owed_again_once_its_target_changes(town: Town) -> None:
    await town.publish("2022-B2", "2022-04-30", "trees", "hall")
    assert (await town.owed(period="2022-B3")).keys() == {"clean", "bridge"}
    await decided(town, {**ADJUST, "target": "150"})
    assert (await town.owed(period="2022-B3")).keys() == {"trees", "clean", "bridge"}


async def test_an_added_task_is_owed_and_reported(town: Town) -> None:
    assert (await decided(town, ADD))["version"] == 2
    assert "pier" in await town.owed()
    await town.accepted(report("pier", "east", percent="10"))


async def test_a_confirmed_task_is_owed(empty_town: Town) -> None:
    text = edited("title: Open the hall", "title: Open the hall\n        assumed: [weight]")
    await empty_town.apply(text)
    assert "hall" not in await empty_town.owed()
    await decided(empty_town, {"type": "confirm", "task": "hall", "by": "the mayor"})
    assert "hall" in await empty_town.owed()


# --- a new file


async def test_a_new_file_leaves_in_force_what_was_decided(town: Town) -> None:
    for said in (ADD, {**ADJUST, "target": "90"}, EXTEND):
        await decided(town, said)
    assert (await town.apply()).json()["version"] == 4  # nothing new
    applied = (await town.apply(edited('weight: "30"', 'weight: "35"'))).json()
    assert (applied["version"], applied["changes"]) == (5, ["task bridge: weight '30' -> '35'"])
    assert "pier" in await town.owed()
    shown = (await plan_shown(town))["amended"]["trees"]
    assert (shown["changes"][0]["target"], shown["later"][0]["working_days"]) == ("90", 3)


async def test_a_published_added_task_is_not_dropped_by_a_file(town: Town) -> None:
    await decided(town, ADD)
    await town.publish("2022-B2", "2022-04-30")
    without = LAKE_TOWN.replace("id: A1", "id: A2")
    answer = await town.apply(without)
    assert answer.status_code == 422
    assert ("task_dropped", "actions") in codes(answer)


async def test_a_file_that_no_added_task_fits_is_refused(town: Town) -> None:
    await decided(town, ADD)
    taken = edited("id: hall", "id: pier_", LAKE_TOWN).replace("id: pier_", "id: PIER")
    answer = await town.apply(taken)
    assert (answer.status_code, codes(answer)[0][0]) == (422, "duplicate_id")


async def test_another_process_sees_a_decision_at_once(town: Town) -> None:
    async with town.replica("two") as other:
        owed = await other.owed(period="2022-B2")
        assert owed["trees"]["due"] == "2022-05-10"
        await decided(town, EXTEND)
        owed = await other.owed(period="2022-B2")
        assert owed["trees"]["due"] == "2022-05-13"

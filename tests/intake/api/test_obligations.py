"""What is owed, by whom, by when, and where it stands as time passes."""

from pathlib import Path

import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, edited, report, running, trees

from shared.contracts.intake import SubmissionAccepted


async def states(town: Town, period: str = "2022-B2") -> dict[str, str]:
    """The state of each report owed for a period."""
    return {task: one["state"] for task, one in (await town.owed(period=period)).items()}


async def test_exactly_one_unit_owes_each_report(town: Town) -> None:
    answer = await town.get("/v1/obligations", plan=PLAN)
    items = answer.json()["items"]
    assert [(one["task"], one["unit"], one["period"]) for one in items] == [
        ("trees", "water", "2022-B2"),
        ("clean", "works", "2022-B2"),
        ("bridge", "east", "2022-B2"),
        ("hall", "east", "2022-B2"),
        ("trees", "water", "2022-B3"),
        ("clean", "works", "2022-B3"),
        ("bridge", "east", "2022-B3"),
        ("hall", "east", "2022-B3"),
    ]


async def test_an_obligation_tells_its_window_and_what_it_is_about(town: Town) -> None:
    owed = (await town.owed(period="2022-B2"))["trees"]
    assert (owed["open"], owed["due"], owed["close"]) == ("2022-04-27", "2022-05-10", "2022-05-17")
    assert owed["title"] == {"zh": "Plant trees", "en": "Plant trees"}
    assert set(owed["indicators"]) == {"planted", "alive"}
    assert (owed["state"], owed["submission"]) == ("owed", None)


async def test_a_silent_unit_becomes_overdue_and_then_missing(town: Town) -> None:
    for when, state in (
        ("2022-05-10 23:59", "owed"),
        ("2022-05-11 00:00", "overdue"),
        ("2022-05-17 23:59", "overdue"),
        ("2022-05-18 00:00", "missing"),
    ):
        await town.move_to(when)
        assert set((await states(town)).values()) == {state}


async def test_a_report_is_submitted_then_verified_or_returned_and_repaired(town: Town) -> None:
    first = await town.accepted(trees("40"))
    assert (await states(town))["trees"] == "submitted"
    await town.post(f"/v1/submissions/{first['id']}/verify", {}, by="office")
    assert (await states(town))["trees"] == "verified"
    await town.post(f"/v1/submissions/{first['id']}/return", {"reason": "?"}, by="office")
    assert (await states(town))["trees"] == "returned"
    assert (await town.owed(period="2022-B2"))["trees"]["submission"] is None
    repaired = await town.accepted(trees("40"))
    owed = (await town.owed(period="2022-B2"))["trees"]
    assert (owed["state"], owed["submission"]) == ("submitted", repaired["id"])


async def test_a_late_report_ends_what_was_overdue(town: Town) -> None:
    await town.move_to("2022-05-19 10:00")
    await town.accepted(trees())
    assert (await states(town))["trees"] == "submitted"
    assert (await states(town))["clean"] == "missing"


async def test_a_closed_window_is_listed_only_when_it_is_asked_for(town: Town) -> None:
    await town.move_to("2022-05-18 00:00")
    assert {one["period"] for one in (await town.owed()).values()} == {"2022-B3"}
    assert set(await states(town)) == {"trees", "clean", "bridge", "hall"}


async def test_the_templates_can_be_completed_and_sent(town: Town) -> None:
    owed = await town.owed(period="2022-B2")
    assert owed["trees"]["template"] == report(
        "trees", "water", values={"planted": "", "alive": ""}
    )
    assert owed["clean"]["template"] == report("clean", "works", values={"clarity": ""})
    assert owed["bridge"]["template"] == report("bridge", "east", milestones={})
    assert owed["hall"]["template"] == report("hall", "east", percent="")
    for one in owed.values():
        body = one["template"]
        body |= {"values": dict.fromkeys(body["values"], "7")} if "values" in body else {}
        body |= {"percent": "7"} if "percent" in body else {}
        await town.accepted(body)
    assert set((await states(town)).values()) == {"submitted"}
    assert len(town.said(SubmissionAccepted)) == 4


async def test_a_template_that_was_not_completed_is_refused_by_its_fields(town: Town) -> None:
    body = (await town.owed(period="2022-B2"))["trees"]["template"]
    answer = await town.submit(body)
    assert answer.status_code == 422
    assert {one["path"].split(".")[1] for one in answer.json()["errors"]} == {"planted", "alive"}


async def test_a_template_asks_for_a_yearly_figure_once_a_year(town: Town) -> None:
    await town.apply(edited('target: "90"', 'target: "90", cadence: annual'))
    templates = [
        (await town.owed(period=period))["trees"]["template"] for period in ("2022-B2", "2022-B6")
    ]
    assert [set(one["values"]) for one in templates] == [{"planted"}, {"planted", "alive"}]


async def test_a_unit_sees_its_own_duties_only(town: Town) -> None:
    assert set(await town.owed(by="east", period="2022-B2")) == {"bridge", "hall"}
    assert set(await town.owed(by="east", unit="water", period="2022-B2")) == {"bridge", "hall"}
    assert set(await town.owed(by="office", unit="water", period="2022-B2")) == {"trees"}


async def test_the_unit_assigned_on_the_last_day_owes_the_report(town: Town) -> None:
    """The bridge passed from the works bureau to the east district within the period."""
    assert (await town.owed(period="2022-B2"))["bridge"]["unit"] == "east"
    answer = await town.submit(report("bridge", "works", milestones={}))
    assert answer.json()["code"] == "wrong_unit"
    await town.accepted(report("bridge", "east", milestones={}))


async def test_past_periods_stay_with_the_former_holder(empty_town: Town) -> None:
    await empty_town.apply(edited("2022-B2", "2022-B1"))
    assert (await empty_town.owed(period="2022-B1"))["bridge"]["unit"] == "works"


async def test_an_unconfirmed_task_owes_nothing_until_somebody_stands_for_it(
    empty_town: Town,
) -> None:
    assumed = edited("measure: percent", "measure: percent\n        assumed: [weight]")
    await empty_town.apply(assumed)
    assert "hall" not in await empty_town.owed(period="2022-B2")
    confirmed = edited("assumed: [weight]", "assumed: [weight]\n        confirmed_by: x", assumed)
    await empty_town.apply(confirmed)
    assert "hall" in await empty_town.owed(period="2022-B2")


async def test_a_yearly_task_is_owed_in_the_period_in_which_the_year_ends(town: Town) -> None:
    assert "fish" not in await town.owed(period="2022-B5")
    owed = (await town.owed(period="2022-B6"))["fish"]
    assert owed["template"]["values"] == {"counted": ""}


async def test_a_finished_task_is_waived_from_the_next_period_on(town: Town) -> None:
    await town.publish("2022-B2", "2022-04-30", "hall")
    assert "hall" in await town.owed(period="2022-B2")
    assert "hall" not in await town.owed(period="2022-B3")
    assert "trees" in await town.owed(period="2022-B3")


async def test_a_correction_takes_a_waiver_back(town: Town) -> None:
    await town.publish("2022-B2", "2022-04-30", "hall", "trees")
    await town.publish("2022-B2", "2022-04-30", "trees", version=2)
    owed = await town.owed(period="2022-B3")
    assert "hall" in owed
    assert "trees" not in owed


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"plan": "sea-plan"}, "unknown_plan"),
        ({"plan": PLAN, "period": "2022-Q1"}, "unknown_period"),
        ({}, "invalid"),
    ],
)
async def test_a_question_about_nothing_is_refused(
    town: Town, query: dict[str, str], code: str
) -> None:
    answer = await town.get("/v1/obligations", **query)
    assert answer.json()["code"] == code


async def test_a_missing_holiday_table_blocks_its_own_windows_only(
    tmp_path: Path, databases: Databases
) -> None:
    far = LAKE_TOWN.replace("2023-12-31", "2031-12-31")
    async with running(tmp_path, databases=databases, start="2026-11-05 10:00") as town:
        await town.open()
        await town.apply(edited("2022-B2", "2026-B5", far))
        assert {one["period"] for one in (await town.owed()).values()} == {"2026-B5"}
        blocked = await town.get("/v1/obligations", plan=PLAN, period="2026-B6")
        assert (blocked.status_code, blocked.json()["code"]) == (422, "year_not_loaded")
        assert "2027" in blocked.json()["detail"]

"""A plan is put in force in versions, checked before, stripped of people, told as events."""

import json
import re
from pathlib import Path

import pytest
import yaml
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, codes, edited, running

from shared.contracts.intake import PlanVersioned, TaskDefined

TASKS = ["trees", "clean", "bridge", "hall", "fish"]
HALL = LAKE_TOWN[LAKE_TOWN.index("      - id: hall") : LAKE_TOWN.index("      - id: fish")]
HEAVIER = edited('weight: "30"', 'weight: "35"')
UNDATED = edited("  activate_from: 2022-B2\n", "")


def versions(town: Town) -> list[tuple[int, str | None]]:
    """Version and first period of each version told, with exactly its tasks before it."""
    told = town.said(PlanVersioned)
    for one in told:
        tasks = [task for task in town.said(TaskDefined) if task.version == one.version]
        assert [task.index for task in tasks] == list(range(one.tasks))
    return [(one.version, one.activate_from) for one in told]


async def test_a_plan_is_put_in_force_from_yaml(empty_town: Town) -> None:
    answer = await empty_town.apply()
    applied = answer.json()
    assert answer.status_code == 200
    assert (applied["version"], applied["owed_from"], applied["dry_run"]) == (1, "2022-B2", False)
    assert "task trees added" in applied["changes"]
    assert versions(empty_town) == [(1, "2022-B2")]
    assert [one.task.id for one in empty_town.said(TaskDefined)] == TASKS


async def test_a_plan_may_be_json_as_well(empty_town: Town) -> None:
    plan = yaml.load(LAKE_TOWN, Loader=yaml.BaseLoader)  # noqa: S506  # every scalar stays text
    plan["actions"][0]["tasks"][0]["indicators"][0]["integer"] = True
    plan["actions"][0]["tasks"][2]["milestones"][1]["partial"] = True
    first = await empty_town.put(f"/v1/plans/{PLAN}", json.dumps(plan), kind="json")
    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert (await empty_town.apply()).json()["version"] == 1


async def test_every_error_carries_its_line_and_field(empty_town: Town) -> None:
    text = edited("group: districts", "group: distrits")
    text = edited(
        "{unit: water, role: lead}, {unit: works", "{unit: waters, role: lead}, {unit: works", text
    )
    answer = await empty_town.apply(text)
    assert answer.status_code == 422
    assert codes(answer) == [
        ("unknown_group", "units[2].group"),
        ("unknown_unit", "actions[0].tasks[0].assignments[0].unit"),
    ]
    for error, fragment in zip(answer.json()["errors"], ("distrits", "waters"), strict=True):
        line = text[: text.index(fragment)].count("\n") + 1
        assert error["message"].startswith(f"line {line}, ")
    assert versions(empty_town) == []
    assert (await empty_town.get(f"/v1/plans/{PLAN}")).status_code == 404


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("title: Open the hall", "titel: Open the hall", "unknown_key"),
        ('weight: "30"', "weight: 30.5", "unquoted_number"),
        ("due: 2022-03-31", "due: 2022-02-30", "bad_value"),
        ('weight: "30"', 'weight: "30"\n        weight: "31"', "duplicate_key"),
        ("id: lake-plan", "id: !!python/object lake-plan", "tag"),
    ],
)
async def test_a_file_that_says_two_things_or_nothing_is_refused_with_its_line(
    empty_town: Town, old: str, new: str, code: str
) -> None:
    answer = await empty_town.apply(edited(old, new))
    assert answer.status_code == 422
    assert code in {found for found, _ in codes(answer)}
    assert "line " in answer.json()["detail"]


async def test_the_same_document_again_changes_nothing(town: Town) -> None:
    journal = len(town.stored("journal"))
    again = await town.apply(LAKE_TOWN + "# with a comment\n")
    assert (again.json()["version"], again.json()["changes"]) == (1, [])
    assert len(town.stored("journal")) == journal
    assert len(town.stored("plan_versions")) == 1


async def test_a_change_makes_the_next_version_and_is_listed(town: Town) -> None:
    answer = (await town.apply(HEAVIER)).json()
    assert answer["version"] == 2
    assert answer["changes"] == ["task bridge: weight '30' -> '35'"]
    assert versions(town) == [(1, "2022-B2"), (2, "2022-B2")]
    assert len(town.stored("plan_versions")) == 2
    shown = (await town.get(f"/v1/plans/{PLAN}")).json()
    assert (shown["version"], shown["document"]["actions"][0]["tasks"][2]["weight"]) == (2, "35")


async def test_a_dry_run_tells_the_effect_and_stores_nothing(town: Town) -> None:
    journal = len(town.stored("journal"))
    answer = (await town.apply(HEAVIER, dry_run="true")).json()
    assert (answer["version"], answer["dry_run"]) == (2, True)
    assert answer["changes"] == ["task bridge: weight '30' -> '35'"]
    assert len(town.stored("journal")) == journal
    assert (await town.get(f"/v1/plans/{PLAN}")).json()["version"] == 1


async def test_a_dry_run_of_a_first_version_starts_nothing(empty_town: Town) -> None:
    assert (await empty_town.apply(dry_run="true")).json()["version"] == 1
    assert empty_town.stored("plan_versions") == empty_town.stored("timers") == []
    assert (await empty_town.get("/v1/plans")).json() == {"items": []}


async def test_people_are_counted_and_never_kept(empty_town: Town) -> None:
    applied = (await empty_town.apply()).json()
    assert applied["contacts_stripped"] == 2
    shown = (await empty_town.get(f"/v1/plans/{PLAN}")).text
    kept = json.dumps(
        [empty_town.stored(table) for table in ("journal", "plan_versions")], default=str
    )
    for text in (shown, kept):
        assert "lake.example" not in text
        assert "water.example" not in text
    assert "planted" in shown
    assert "planted" in kept


async def test_other_contacts_make_no_new_version(town: Town) -> None:
    answer = await town.apply(edited("head@water.example", "chief@water.example"))
    assert answer.json()["version"] == 1


async def test_a_plan_is_sent_to_the_address_of_its_own_id(empty_town: Town) -> None:
    answer = await empty_town.put("/v1/plans/sea-plan", LAKE_TOWN)
    assert answer.status_code == 422
    assert codes(answer) == [("other_id", "plan.id")]
    assert empty_town.stored("plan_versions") == []


async def test_a_published_task_is_not_dropped(town: Town) -> None:
    await town.publish("2022-B2", "2022-04-30")
    answer = await town.apply(edited(HALL, ""))
    assert codes(answer) == [("task_dropped", "actions")]
    assert "2022-B2" in answer.json()["detail"]
    assert len(town.stored("plan_versions")) == 1


async def test_before_its_publication_a_task_may_be_dropped(town: Town) -> None:
    answer = await town.apply(edited(HALL, ""))
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert set(await town.owed()) == {"trees", "clean", "bridge"}


async def test_what_a_publication_was_made_from_stays(town: Town) -> None:
    await town.publish("2022-B2", "2022-04-30")
    answer = await town.apply(HEAVIER)
    assert codes(answer) == [("period_published", "actions[0].tasks[2]")]
    assert (
        f"line {LAKE_TOWN[: LAKE_TOWN.index('id: bridge')].count(chr(10)) + 1},"
        in answer.json()["detail"]
    )


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2022-05-17 23:59", "2022-B2"),
        ("2022-05-18 00:00", "2022-B3"),
        ("2020-06-01 12:00", "2021-B1"),
        ("2024-06-01 12:00", None),
    ],
)
async def test_reports_are_owed_from_the_first_period_whose_window_is_open(
    tmp_path: Path, databases: Databases, now: str, first: str | None
) -> None:
    async with running(tmp_path, databases=databases, start=now) as town:
        await town.open()
        assert (await town.apply(UNDATED)).json()["owed_from"] == first
        assert versions(town) == [(1, first)]


async def test_where_reporting_begins_stays_with_the_next_version(empty_town: Town) -> None:
    await empty_town.apply(UNDATED)
    empty_town.clock.move_to(empty_town.clock.business_now().replace(month=6))
    later = await empty_town.apply(edited('weight: "30"', 'weight: "35"', UNDATED))
    assert later.json()["owed_from"] == "2022-B2"
    assert versions(empty_town) == [(1, "2022-B2"), (2, "2022-B2")]


async def test_an_open_window_is_not_guessed_in_a_year_without_its_holidays(
    tmp_path: Path,
    databases: Databases,
) -> None:
    far = re.sub("202[1-3]-", "2031-", UNDATED).replace("2031-03-20", "2031-01-01")
    async with running(tmp_path, databases=databases, start="2031-01-05 10:00") as town:
        await town.open()
        assert codes(await town.apply(far)) == [("year_not_loaded", "plan.activate_from")]
        dated = edited("groups:", "  activate_from: 2031-B1\ngroups:", far)
        assert (await town.apply(dated)).status_code == 200


async def test_nothing_is_owed_before_the_period_reporting_begins_with(town: Town) -> None:
    assert await town.owed(period="2022-B1") == {}
    assert "trees" in await town.owed(period="2022-B2")


async def test_the_plans_in_force_are_listed(town: Town) -> None:
    other = LAKE_TOWN.replace("lake-plan", "another-plan")
    assert (await town.put("/v1/plans/another-plan", other)).status_code == 200
    await town.apply(HEAVIER)
    items = (await town.get("/v1/plans", by="observer")).json()["items"]
    assert [(one["plan"], one["version"], one["activate_from"]) for one in items] == [
        ("another-plan", 1, "2022-B2"),
        (PLAN, 2, "2022-B2"),
    ]
    assert items[1]["title"] == {"zh": "湖镇计划", "en": "Lake town plan"}


async def test_a_plan_that_is_not_there_is_not_found(town: Town) -> None:
    answer = await town.get("/v1/plans/sea-plan")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_plan")


@pytest.mark.parametrize("by", ["water", "observer", "operator"])
async def test_only_the_office_puts_plans_in_force_and_marks_cut_offs(town: Town, by: str) -> None:
    plan = await town.put(f"/v1/plans/{PLAN}", HEAVIER, by=by)
    cutoff = await town.post(f"/v1/plans/{PLAN}/cutoffs", by=by)
    for answer in (plan, cutoff):
        assert (answer.status_code, answer.json()["code"]) == (403, "other_role")
    assert len(town.stored("plan_versions")) == 1
    assert town.stored("cutoffs") == []


async def test_a_cut_off_needs_its_plan(town: Town) -> None:
    answer = await town.post("/v1/plans/sea-plan/cutoffs", by="office")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_plan")


async def test_a_task_that_is_not_published_is_shown_to_its_units_and_the_office(
    town: Town,
) -> None:
    await town.apply(edited("      - id: hall\n", "      - id: hall\n        publish: false\n"))

    async def sees_hall(holder: str) -> bool:
        plan = (await town.get(f"/v1/plans/{PLAN}", by=holder)).json()["document"]
        return "hall" in [task["id"] for one in plan["actions"] for task in one["tasks"]]

    readers = ("observer", "water", "works", "east", "office")
    sees = {holder for holder in readers if await sees_hall(holder)}
    answering = set(re.findall(r"unit: (\w+), role", HALL))
    assert sees == {"office", *answering}
    assert answering < {"water", "works", "east"}

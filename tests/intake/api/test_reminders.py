"""Around due and close of a window intake reminds who has not reported, and takes that back."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, at, edited, report, running, trees

from shared.contracts.intake import (
    ObligationMissed,
    ObligationOverdue,
    ObligationReminded,
    ObligationWaived,
    WorkdayBegan,
)
from shared.kit.clock import MovableClock

Said = list[tuple[str, str, int]]
TREES_IN_B2 = [
    ("05-09", "due_soon", 1),
    ("05-11", "overdue", 0),
    ("05-16", "closing", 1),
    ("05-18", "missed", 0),
]
"""From 6 May 2022 on: due on Tuesday 10 May, closed after Tuesday 17 May."""


def said_of(town: Town, task: str = "trees", period: str = "2022-B2") -> Said:
    """Day, stage and working days left of all that was said of a silent report, in its order."""
    found: Said = []
    day = ""
    for row in sorted(town.stored("journal"), key=lambda row: int(row["position"])):
        if row["type"] == WorkdayBegan.TYPE:
            day = WorkdayBegan.model_validate_json(row["data"]).day.strftime("%m-%d")
        for model, stage in ((ObligationOverdue, "overdue"), (ObligationMissed, "missed")):
            if row["type"] == model.TYPE:
                one = model.model_validate_json(row["data"])
                found += [(day, stage, 0)] if (one.task, one.period) == (task, period) else []
        if row["type"] == ObligationReminded.TYPE:
            told = ObligationReminded.model_validate_json(row["data"])
            if (told.task, told.period) == (task, period):
                found.append((day, told.stage, told.working_days))
    return found


def waived(town: Town) -> Sequence[tuple[str, str, str, str]]:
    """Task, unit, period and reason of what was taken back."""
    return [(one.task, one.unit, one.period, one.reason) for one in town.said(ObligationWaived)]


async def opened(town: Town, text: str = LAKE_TOWN) -> Town:
    await town.open()
    applied = await town.apply(text)
    assert applied.status_code == 200, applied.text
    return town


async def decide(town: Town, **said: Any) -> None:  # noqa: ANN401  # JSON
    answer = await town.post(f"/v1/plans/{PLAN}/decisions", said, by="office")
    assert answer.status_code == 201, answer.text


async def test_a_silent_report_is_spoken_of_around_due_and_close(town: Town) -> None:
    await town.move_to("2022-05-31 12:00")
    assert said_of(town) == TREES_IN_B2
    reminded = town.said(ObligationReminded)[0]
    assert (str(reminded.due), str(reminded.close)) == ("2022-05-10", "2022-05-17")


async def test_days_are_counted_over_holidays_and_make_up_days(
    tmp_path: Path, databases: Databases
) -> None:
    """Labour Day 2022: 30 April to 4 May are off, the Saturday of 7 May is worked."""
    async with running(tmp_path, databases=databases, start="2022-04-20 10:00") as empty:
        town = await opened(empty)
        await town.move_to("2022-05-20 12:00")
        assert said_of(town) == [("04-27", "opened", 7), ("05-06", "due_soon", 3), *TREES_IN_B2]


async def test_make_up_days_of_the_national_day_are_counted(
    tmp_path: Path, databases: Databases
) -> None:
    """1 to 7 October 2022 are off; the Saturday and the Sunday after them are worked."""
    monthly = LAKE_TOWN.replace(
        "activate_from: 2022-B2", "calendar: {cadence: monthly}\n  activate_from: 2022-M09"
    )
    async with running(tmp_path, databases=databases, start="2022-09-19 10:00") as empty:
        town = await opened(empty, monthly)
        await town.move_to("2022-10-25 12:00")
        assert said_of(town, "hall", "2022-M09") == [
            ("09-27", "opened", 8),
            ("10-09", "due_soon", 3),
            ("10-11", "due_soon", 1),
            ("10-13", "overdue", 0),
            ("10-18", "closing", 1),
            ("10-20", "missed", 0),
        ]


async def test_the_spring_festival_moves_what_is_said(tmp_path: Path, databases: Databases) -> None:
    """31 January to 6 February 2022 are off, 29 and 30 January, a weekend, are worked."""
    monthly = LAKE_TOWN.replace(
        "activate_from: 2022-B2", "calendar: {cadence: monthly}\n  activate_from: 2022-M01"
    )
    async with running(tmp_path, databases=databases, start="2022-01-20 10:00") as empty:
        town = await opened(empty, monthly)
        await town.move_to("2022-02-23 12:00")
        assert said_of(town, "trees", "2022-M01") == [
            ("01-28", "opened", 7),
            ("02-08", "due_soon", 3),
            ("02-10", "due_soon", 1),
            ("02-14", "overdue", 0),
            ("02-17", "closing", 1),
            ("02-21", "missed", 0),
        ]


async def test_windows_of_several_weeks_are_open_at_once(
    tmp_path: Path, databases: Databases
) -> None:
    weekly = LAKE_TOWN.replace(
        "activate_from: 2022-B2", "calendar: {cadence: weekly}\n  activate_from: 2022-W23"
    )
    async with running(tmp_path, databases=databases, start="2022-06-06 10:00") as empty:
        town = await opened(empty, weekly)
        await town.move_to("2022-06-28 12:00")
        assert said_of(town, "trees", "2022-W23") == [
            ("06-08", "opened", 7),
            ("06-14", "due_soon", 3),
            ("06-16", "due_soon", 1),
            ("06-20", "overdue", 0),
            ("06-23", "closing", 1),
            ("06-27", "missed", 0),
        ]
        assert said_of(town, "trees", "2022-W24") == [
            ("06-15", "opened", 7),
            ("06-21", "due_soon", 3),
            ("06-23", "due_soon", 1),
            ("06-27", "overdue", 0),
        ]


async def test_two_words_of_one_day_are_both_said(tmp_path: Path, databases: Databases) -> None:
    narrow = edited(
        "  activate_from", "  calendar: {close_working_days: 0}\n  activate_from", LAKE_TOWN
    )
    async with running(tmp_path, databases=databases) as empty:
        town = await opened(empty, narrow)
        await town.move_to("2022-05-13 12:00")
        assert said_of(town) == [
            ("05-09", "due_soon", 1),
            ("05-09", "closing", 1),
            ("05-11", "overdue", 0),
            ("05-11", "missed", 0),
        ]


async def test_who_has_reported_is_not_reminded(town: Town) -> None:
    await town.accepted(trees())
    await town.move_to("2022-05-20 12:00")
    assert said_of(town) == []
    assert said_of(town, "clean") == TREES_IN_B2


async def test_a_returned_report_counts_as_not_come(town: Town) -> None:
    sent = await town.accepted(trees())
    await town.move_to("2022-05-12 12:00")
    await town.post(f"/v1/submissions/{sent['id']}/return", {"reason": "?"}, by="office")
    await town.move_to("2022-05-20 12:00")
    assert said_of(town) == [("05-16", "closing", 1), ("05-18", "missed", 0)]


async def test_an_extended_report_is_spoken_of_by_its_own_window(town: Town) -> None:
    extension = {"type": "extend", "task": "trees", "unit": "water", "period": "2022-B2"}
    await decide(town, **extension, working_days=3)
    await town.move_to("2022-05-31 12:00")
    assert said_of(town) == [
        ("05-10", "due_soon", 3),
        ("05-12", "due_soon", 1),
        ("05-16", "overdue", 0),
        ("05-19", "closing", 1),
        ("05-23", "missed", 0),
    ]
    assert said_of(town, "clean") == TREES_IN_B2


async def test_an_extension_takes_back_what_was_said_before(town: Town) -> None:
    await town.move_to("2022-05-09 10:00")
    assert said_of(town) == TREES_IN_B2[:1]
    extension = {"type": "extend", "task": "trees", "unit": "water", "period": "2022-B2"}
    await decide(town, **extension, working_days=10)
    assert waived(town) == [("trees", "water", "2022-B2", "extended")]
    await town.move_to("2022-05-25 10:00")
    assert said_of(town)[1:] == [
        ("05-19", "due_soon", 3),
        ("05-23", "due_soon", 1),
        ("05-25", "overdue", 0),
    ]


@pytest.mark.parametrize(
    "decision",
    [
        {"type": "suspend", "periods": ["2022-B2"]},
        {"type": "cancel", "reason": "void"},
    ],
)
async def test_a_task_that_owes_no_report_any_more_is_taken_back(
    tmp_path: Path, databases: Databases, decision: dict[str, Any]
) -> None:
    async with running(tmp_path, databases=databases, start="2022-04-25 10:00") as empty:
        town = await opened(empty)
        await town.move_to("2022-04-27 10:00")
        assert said_of(town) == [("04-27", "opened", 7)]
        await decide(town, task="trees", **decision)
        assert waived(town) == [("trees", "water", "2022-B2", "not_owed")]
        await town.move_to("2022-05-20 12:00")
        assert said_of(town) == [("04-27", "opened", 7)]


async def test_a_file_without_the_task_takes_its_reminders_back(town: Town) -> None:
    await town.move_to("2022-05-12 10:00")
    start, end = LAKE_TOWN.index("      - id: hall"), LAKE_TOWN.index("      - id: fish")
    answer = await town.apply(LAKE_TOWN[:start] + LAKE_TOWN[end:])
    assert answer.status_code == 200, answer.text
    assert waived(town) == [("hall", "east", "2022-B2", "not_owed")]


async def test_a_later_activation_takes_back_what_is_history_now(town: Town) -> None:
    await town.move_to("2022-05-12 10:00")
    answer = await town.apply(edited("2022-B2", "2022-B3"))
    assert answer.status_code == 200, answer.text
    assert ("trees", "water", "2022-B2", "not_owed") in waived(town)
    await town.move_to("2022-05-20 10:00")
    assert said_of(town) == TREES_IN_B2[:2]


async def test_what_came_is_not_taken_back(town: Town) -> None:
    await town.move_to("2022-05-12 10:00")
    await town.accepted(report("hall", "east", percent="1"))
    await decide(town, type="suspend", task="hall", periods=["2022-B2"])
    assert waived(town) == []


async def test_a_version_that_moves_no_duty_takes_nothing_back(town: Town) -> None:
    await town.move_to("2022-05-12 10:00")
    await town.apply(edited("title: Plant trees", "title: Plant many trees"))
    assert waived(town) == []


async def test_a_publication_that_finds_a_task_finished_takes_its_reminder_back(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases, start="2022-06-20 10:00") as empty:
        town = await opened(empty)
        await town.move_to("2022-06-28 10:00")
        assert [one[1] for one in said_of(town, period="2022-B3")] == ["opened"]
        await town.publish("2022-B2", "2022-04-30", "trees")
        assert waived(town) == [("trees", "water", "2022-B3", "not_owed")]


async def test_a_window_that_is_open_already_is_not_said_to_open(town: Town) -> None:
    await town.move_to("2022-05-20 12:00")
    assert all(one.stage != "opened" for one in town.said(ObligationReminded))


async def test_a_restart_says_nothing_twice(tmp_path: Path, databases: Databases) -> None:
    async with running(tmp_path, databases=databases) as first:
        await opened(first)
        await first.move_to("2022-05-11 09:00")
        assert said_of(first) == TREES_IN_B2[:2]
    MovableClock(path=tmp_path / "clock", start=at("2022-01-01 00:00")).advance(timedelta(days=9))
    async with running(tmp_path, databases=databases) as second:
        await second.settle()
        assert said_of(second) == TREES_IN_B2


async def test_a_year_without_holidays_blocks_its_own_windows_only(
    tmp_path: Path, databases: Databases
) -> None:
    """Of 2026-B5 all days are known; the window of 2026-B6 reaches into 2027."""
    far = edited("2022-B2", "2026-B5", LAKE_TOWN.replace("2023-12-31", "2031-12-31"))
    async with running(tmp_path, databases=databases, start="2026-10-26 10:00") as empty:
        town = await opened(empty, far)
        await town.move_to("2026-12-31 12:00")
        stages = [stage for _, stage, _ in said_of(town, period="2026-B5")]
        assert stages == ["opened", "due_soon", "due_soon", "overdue", "closing", "missed"]
        assert said_of(town, period="2026-B6") == []

"""At 09:00 of each working day intake tells that it has begun, and which reports did not come."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from databases import Databases
from intake_cast import LAKE_TOWN, Town, at, edited, report, running, trees

from shared.contracts.intake import ObligationOverdue, WorkdayBegan
from shared.kit.clock import MovableClock

EVERYBODY = [("trees", "water"), ("clean", "works"), ("bridge", "east"), ("hall", "east")]


def begun(town: Town) -> list[str]:
    """The days that began, as in "05-07"."""
    return [one.day.strftime("%m-%d") for one in town.said(WorkdayBegan)]


def overdue(town: Town) -> list[tuple[str, str]]:
    """Task and unit of each report told to be overdue."""
    return [(one.task, one.unit) for one in town.said(ObligationOverdue)]


async def opened(town: Town, text: str = LAKE_TOWN) -> Town:
    await town.open()
    applied = await town.apply(text)
    assert applied.status_code == 200, applied.text
    return town


async def walk(town: Town, *days: str) -> None:
    """Let one day after the other pass."""
    for day in days:
        await town.move_to(f"{day} 12:00")


async def test_a_working_day_begins_at_nine(town: Town) -> None:
    await town.move_to("2022-05-09 08:59")
    before = begun(town)
    await town.move_to("2022-05-09 09:00")
    assert begun(town) == [*before, "05-09"]
    last = [one for one in town.stored("journal") if one["type"] == WorkdayBegan.TYPE][-1]
    assert last["time"].replace("T", " ").startswith("2022-05-09 01:00:00")


async def test_a_plan_begins_its_days_on_the_day_after_it_was_applied(town: Town) -> None:
    assert begun(town) == []
    await town.move_to("2022-05-07 09:00")
    assert begun(town) == ["05-07"]


async def test_a_plan_applied_early_in_the_morning_begins_the_same_day(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases, start="2022-05-06 08:00") as empty:
        town = await opened(empty)
        await town.move_to("2022-05-06 09:00")
        assert begun(town) == ["05-06"]


async def test_holidays_begin_no_day_and_make_up_days_do(
    tmp_path: Path, databases: Databases
) -> None:
    """Labour Day 2022: 30 April to 4 May are off, 24 April and 7 May, a weekend, are worked."""
    async with running(tmp_path, databases=databases, start="2022-04-21 10:00") as empty:
        town = await opened(empty)
        await town.move_to("2022-05-09 10:00")
        worked = ["04-22", "04-24", "04-25", "04-26", "04-27", "04-28", "04-29"]
        assert begun(town) == [*worked, "05-05", "05-06", "05-07", "05-09"]


async def test_the_plans_own_holidays_count(empty_town: Town) -> None:
    text = edited(
        "  activate_from",
        '  calendar: {holidays: [{year: 2022, rest: ["2022-05-09"]}]}\n  activate_from',
    )
    town = empty_town
    await town.apply(text)
    await town.move_to("2022-05-10 10:00")
    assert begun(town) == ["05-07", "05-10"]


async def test_on_the_first_working_day_after_due_each_silent_unit_is_told(town: Town) -> None:
    await town.move_to("2022-05-11 08:59")
    assert overdue(town) == []
    await town.move_to("2022-05-11 09:00")
    assert overdue(town) == EVERYBODY
    told = town.said(ObligationOverdue)[0]
    assert (told.period, str(told.due), str(told.close)) == ("2022-B2", "2022-05-10", "2022-05-17")


async def test_it_is_told_once(town: Town) -> None:
    await walk(town, "2022-05-11", "2022-05-12", "2022-05-13", "2022-05-16", "2022-05-20")
    assert overdue(town) == EVERYBODY


async def test_who_has_reported_is_not_overdue(town: Town) -> None:
    await town.accepted(trees())
    await town.accepted(report("hall", "east", percent="1"))
    await town.move_to("2022-05-11 00:30")
    await town.accepted(report("clean", "works"))  # late, and yet before the round
    await town.move_to("2022-05-11 09:00")
    assert overdue(town) == [("bridge", "east")]


async def test_a_returned_report_that_was_not_repaired_is_overdue(town: Town) -> None:
    sent = await town.accepted(trees())
    await town.post(f"/v1/submissions/{sent['id']}/return", {"reason": "?"}, by="office")
    await town.move_to("2022-05-11 09:00")
    assert overdue(town) == EVERYBODY


async def test_a_day_off_after_due_puts_the_round_off(empty_town: Town) -> None:
    text = edited(
        "  activate_from",
        "  calendar: {holidays: "
        '[{year: 2022, rest: ["2022-05-11", "2022-05-12"]}]}\n  activate_from',
    )
    town = empty_town
    await town.apply(text)
    await town.move_to("2022-05-12 12:00")
    assert overdue(town) == []
    await town.move_to("2022-05-13 09:00")
    assert overdue(town) == EVERYBODY


async def test_a_clock_that_jumps_leaves_no_day_out(town: Town) -> None:
    await town.accepted(trees())
    await town.move_to("2022-05-20 12:00")
    assert begun(town) == [
        *("05-07", "05-09", "05-10", "05-11", "05-12", "05-13"),
        *("05-16", "05-17", "05-18", "05-19", "05-20"),
    ]
    assert overdue(town) == EVERYBODY[1:]


async def test_each_days_overdue_reports_follow_its_beginning(town: Town) -> None:
    await town.move_to("2022-05-12 12:00")
    rows = sorted(town.stored("journal"), key=lambda row: int(row["position"]))
    types: Sequence[str] = [row["type"] for row in rows]
    days = [index for index, one in enumerate(types) if one == WorkdayBegan.TYPE]
    late = [index for index, one in enumerate(types) if one == ObligationOverdue.TYPE]
    assert days[3] < min(late) < max(late) < days[4]


async def test_a_restart_repeats_nothing_and_forgets_nothing(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases) as first:
        await opened(first)
        await first.accepted(trees())
        await first.move_to("2022-05-11 09:00")
        assert overdue(first) == EVERYBODY[1:]
    async with running(tmp_path, databases=databases) as second:
        await second.move_to("2022-05-12 12:00")
        assert begun(second) == ["05-07", "05-09", "05-10", "05-11", "05-12"]
        assert overdue(second) == EVERYBODY[1:]


async def test_days_that_passed_while_nothing_ran_are_made_up_for(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases) as first:
        await opened(first)
        await first.move_to("2022-05-09 12:00")
    MovableClock(path=tmp_path / "clock", start=at("2022-01-01 00:00")).advance(timedelta(days=7))
    async with running(tmp_path, databases=databases) as second:
        await second.settle()
        assert begun(second) == ["05-07", "05-09", "05-10", "05-11", "05-12", "05-13", "05-16"]
        assert overdue(second) == EVERYBODY


async def test_waived_unconfirmed_and_earlier_reports_are_never_overdue(empty_town: Town) -> None:
    text = edited("2022-B2", "2022-B3")
    town = empty_town
    await town.apply(text)
    await town.move_to("2022-05-20 12:00")
    assert overdue(town) == []
    await town.publish("2022-B2", "2022-04-30", "trees")
    unconfirmed = edited("measure: percent", "measure: percent\n        assumed: [due]", text)
    await town.apply(unconfirmed)
    await town.move_to("2022-07-11 12:00")
    assert overdue(town) == [("clean", "works"), ("bridge", "east")]


async def test_two_plans_have_their_own_days(town: Town) -> None:
    other = LAKE_TOWN.replace("lake-plan", "another-plan")
    await town.put("/v1/plans/another-plan", other)
    await town.move_to("2022-05-09 09:00")
    days = sorted((one.plan, one.day.day) for one in town.said(WorkdayBegan))
    assert days == [
        ("another-plan", 7),
        ("another-plan", 9),
        ("lake-plan", 7),
        ("lake-plan", 9),
    ]


async def test_a_year_without_its_holidays_begins_no_day_until_it_is_loaded(
    tmp_path: Path,
    databases: Databases,
) -> None:
    far = edited("2022-B2", "2026-B6", LAKE_TOWN.replace("2023-12-31", "2031-12-31"))
    loaded = edited(
        "  activate_from",
        '  calendar: {holidays: [{year: 2027, rest: ["2027-01-01"]}]}\n  activate_from',
        far,
    )
    async with running(tmp_path, databases=databases, start="2026-12-30 10:00") as empty:
        town = await opened(empty, far)
        await town.move_to("2027-01-05 12:00")
        assert begun(town) == ["12-31"]
        applied = await town.apply(loaded)
        assert applied.status_code == 200, applied.text
        await town.move_to("2027-01-11 12:00")
        assert begun(town) == ["12-31", "01-06", "01-07", "01-08", "01-11"]
        assert ("trees", "water") in overdue(town)


async def test_a_plan_that_ends_on_a_leap_day_keeps_its_days_after_it(
    tmp_path: Path, databases: Databases
) -> None:
    short = LAKE_TOWN.replace("2023-12-31", "2024-02-29")
    async with running(tmp_path, databases=databases, start="2024-02-28 10:00") as empty:
        town = await opened(empty, short)
        await town.move_to("2024-03-04 12:00")
        assert begun(town) == ["02-29", "03-01", "03-04"]


async def test_a_year_after_its_end_a_plan_has_no_days_any_more(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases, start="2024-12-30 10:00") as empty:
        town = await opened(empty)
        await town.move_to("2025-01-06 12:00")
        assert begun(town) == ["12-31"]
        assert town.stored("timers") == []

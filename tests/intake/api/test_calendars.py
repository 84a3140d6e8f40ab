"""A year of holidays is loaded once, for every plan whose days it changes."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from databases import Databases
from intake_cast import LAKE_TOWN, PLAN, Town, codes, edited, running
from structlog.testing import capture_logs

from shared.contracts.intake import PlanVersioned, WorkdayBegan

FAR = edited("2022-B2", "2026-B6", LAKE_TOWN.replace("2023-12-31", "2031-12-31"))
Y2027 = {"rest": ["2027-01-01"], "work": ["2027-01-09"]}


@pytest.fixture
async def far(tmp_path: Path, databases: Databases) -> AsyncIterator[Town]:
    """The town at the end of 2026, whose plan needs a year that the table which ships lacks."""
    async with running(tmp_path, databases=databases, start="2026-12-30 10:00") as town:
        await town.open()
        assert (await town.apply(FAR)).status_code == 200
        yield town


async def load(
    town: Town,
    year: int | str,
    days: object,
    *,
    by: str = "operator",
    calendar: str = "cn",
) -> httpx.Response:
    return await town.put(f"/v1/calendars/{calendar}/{year}", json.dumps(days), by=by, kind="json")


async def loaded(town: Town, year: int, days: dict[str, list[str]], **said: str) -> dict[str, int]:
    """By plan the version that it made."""
    answer = await load(town, year, days, **said)
    assert answer.status_code == 200, answer.text
    plans: dict[str, int] = answer.json()["plans"]
    return plans


def holidays(town: Town) -> list[tuple[int, list[str], list[str]]]:
    """The holidays of the plan's newest version, as they are told to the others."""
    newest = [one for one in town.said(PlanVersioned) if one.plan == PLAN][-1]
    return [
        (one.year, list(map(str, one.rest)), list(map(str, one.work)))
        for one in newest.head.calendar.holidays
    ]


async def test_the_official_table_that_ships_is_answered(town: Town) -> None:
    table = (await town.get("/v1/calendars/cn/2022", by="water")).json()
    assert (table["calendar"], table["year"]) == ("cn", 2022)
    assert {"2022-05-02", "2022-10-07"} <= set(table["rest"])
    assert "2022-05-07" in table["work"]
    assert {day[:4] for day in table["rest"] + table["work"]} == {"2022"}


async def test_a_year_nobody_loaded_is_not_there_and_the_answer_says_how_to_load_it(
    town: Town,
) -> None:
    answer = await town.get("/v1/calendars/cn/2031")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_loaded")
    assert "PUT /v1/calendars/cn/2031" in answer.json()["detail"]


@pytest.mark.parametrize("by", ["office", "operator"])
async def test_what_was_loaded_is_answered_with_the_table_that_ships(town: Town, by: str) -> None:
    await loaded(town, 2022, {"rest": ["2022-05-09"], "work": ["2022-10-07"]}, by=by)
    table = (await town.get("/v1/calendars/cn/2022")).json()
    assert {"2022-05-02", "2022-05-09"} <= set(table["rest"])
    assert "2022-10-07" in table["work"]
    assert "2022-10-07" not in table["rest"]


async def test_a_loaded_year_opens_the_windows_that_waited_for_it(far: Town) -> None:
    blocked = await far.get("/v1/obligations", plan=PLAN, period="2026-B6")
    assert blocked.json()["code"] == "year_not_loaded"
    assert await loaded(far, 2027, Y2027) == {PLAN: 2}
    owed = await far.owed(period="2026-B6")
    assert owed["trees"]["due"] == "2027-01-08"  # 4, 5, 6, 7, 8 January


async def test_the_days_of_a_loaded_year_begin_with_its_make_up_days(far: Town) -> None:
    await far.move_to("2027-01-05 12:00")
    assert [one.day for one in far.said(WorkdayBegan)] == [date(2026, 12, 31)]
    await loaded(far, 2027, Y2027)
    await far.move_to("2027-01-11 12:00")
    begun = [one.day.day for one in far.said(WorkdayBegan)]
    assert begun == [31, 6, 7, 8, 9, 11]


async def test_from_sixty_days_ahead_an_operator_is_warned_once_a_day(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases, start="2026-10-31 10:00") as town:
        await town.open()
        await town.apply(FAR)
        with capture_logs() as logs:
            await town.move_to("2026-11-04 12:00")
            await loaded(town, 2027, Y2027)
            await town.move_to("2026-11-06 12:00")
        warned = [one for one in logs if one["event"] == "a holiday table will be missing"]
        assert [(one["plan"], one["days"]) for one in warned] == [(PLAN, n) for n in (60, 59, 58)]
        assert all("PUT /v1/calendars/cn/2027" in one["why"] for one in warned)
        assert (await town.web.get("/readyz")).status_code == 200


async def test_the_same_year_again_changes_nothing(far: Town) -> None:
    days = {"rest": ["2027-01-01", "2027-05-03"], "work": []}
    assert await loaded(far, 2027, days) == {PLAN: 2}
    assert await loaded(far, 2027, {**days, "rest": days["rest"][::-1]}) == {}
    assert len(far.said(PlanVersioned)) == 2


async def test_a_year_loaded_anew_takes_the_place_of_what_was_loaded(far: Town) -> None:
    await loaded(far, 2027, Y2027)
    assert await loaded(far, 2027, {"rest": ["2027-05-03"], "work": []}) == {PLAN: 3}
    assert holidays(far) == [(2027, ["2027-05-03"], [])]
    assert (await far.get("/v1/calendars/cn/2027")).json()["rest"] == ["2027-05-03"]


async def test_a_plans_own_word_on_a_day_wins(far: Town) -> None:
    own = '  calendar: {holidays: [{year: 2027, work: ["2027-01-01"]}]}\n  activate_from'
    assert (await far.apply(edited("  activate_from", own, FAR))).json()["version"] == 2
    await loaded(far, 2027, {"rest": ["2027-01-01", "2027-05-03"], "work": []})
    assert holidays(far) == [(2027, ["2027-05-03"], ["2027-01-01"])]
    await loaded(far, 2027, {"rest": [], "work": []})
    assert holidays(far) == [(2027, [], ["2027-01-01"])]


async def test_a_plan_file_applied_later_keeps_what_was_loaded(far: Town) -> None:
    await loaded(far, 2027, Y2027)
    assert (await far.apply(FAR)).json()["version"] == 2
    renamed = edited("Open the hall", "Open the great hall", FAR)
    assert (await far.apply(renamed)).json()["version"] == 3
    assert holidays(far) == [(2027, ["2027-01-01"], ["2027-01-09"])]


async def test_a_decision_keeps_a_plans_own_holidays_apart(far: Town) -> None:
    await loaded(far, 2027, Y2027)
    cancel = {"type": "cancel", "task": "hall", "reason": "no hall", "approver": "the mayor"}
    made = await far.post(f"/v1/plans/{PLAN}/decisions", cancel, by="office")
    assert made.status_code == 201, made.text
    await loaded(far, 2027, {"rest": [], "work": []})
    assert holidays(far) == [(2027, [], [])]


async def test_a_new_plan_takes_what_was_loaded_before_it(
    tmp_path: Path, databases: Databases
) -> None:
    unsaid = edited("  activate_from: 2026-B6\n", "", FAR)
    async with running(tmp_path, databases=databases, start="2027-01-05 10:00") as town:
        await town.open()
        assert codes(await town.apply(unsaid)) == [("year_not_loaded", "plan.activate_from")]
        assert await loaded(town, 2027, Y2027) == {}
        assert (await town.apply(unsaid)).json()["version"] == 1
        assert holidays(town) == [(2027, ["2027-01-01"], ["2027-01-09"])]


async def test_a_plan_without_days_in_the_year_stays_as_it_is(town: Town) -> None:
    assert await loaded(town, 2031, {"rest": ["2031-01-01"], "work": []}) == {}
    assert len(town.said(PlanVersioned)) == 1


async def test_a_plans_last_windows_close_in_the_year_after_it(town: Town) -> None:
    assert await loaded(town, 2024, {"rest": ["2024-01-12"], "work": []}) == {PLAN: 2}


async def test_what_was_loaded_outlives_a_restart(tmp_path: Path, databases: Databases) -> None:
    async with running(tmp_path, databases=databases, start="2026-12-30 10:00") as town:
        await town.open()
        await town.apply(FAR)
        await loaded(town, 2027, Y2027)
        tokens = town.tokens
    async with running(tmp_path, databases=databases) as again:
        again.tokens = tokens
        assert (await again.get("/v1/calendars/cn/2027")).json()["work"] == ["2027-01-09"]
        assert (await again.apply(FAR)).json()["version"] == 2
        assert await loaded(again, 2027, Y2027) == {}


@pytest.mark.parametrize(
    ("days", "path", "told"),
    [
        ({"rest": ["2027-01-01", "2026-12-31"], "work": []}, "rest[1]", "move it to its year"),
        ({"rest": [], "work": ["2027-02-06", "2027-02-06"]}, "work[1]", "twice"),
        ({"rest": ["2027-02-06"], "work": ["2027-02-06"]}, "work[0]", "under rest or work"),
    ],
)
async def test_a_day_that_cannot_be_is_refused_with_its_place_and_the_mend(
    far: Town, days: dict[str, list[str]], path: str, told: str
) -> None:
    answer = await load(far, 2027, days)
    assert (answer.status_code, codes(answer)) == (422, [("bad_holiday", path)])
    assert told in answer.json()["errors"][0]["message"]
    assert (await far.get("/v1/calendars/cn/2027")).status_code == 404


@pytest.mark.parametrize("days", [{}, {"rest": []}, {"rest": ["soon"], "work": []}, []])
async def test_a_body_that_is_no_table_is_refused(far: Town, days: object) -> None:
    assert (await load(far, 2027, days)).json()["code"] == "invalid"


async def test_a_year_of_another_age_is_refused(far: Town) -> None:
    assert (await load(far, 20270, Y2027)).status_code == 422


async def test_no_other_calendar_is_known(far: Town) -> None:
    for answer in (
        await load(far, 2027, Y2027, calendar="moon"),
        await far.get("/v1/calendars/moon/2022"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_calendar")


@pytest.mark.parametrize("by", ["water", "observer"])
async def test_only_the_office_and_an_operator_load_a_year(far: Town, by: str) -> None:
    answer = await load(far, 2027, Y2027, by=by)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_role")

"""Where each task stands now: what moves it, and what is told of it."""

from scoring_cast import a_task
from scoring_house import House, returned, workday


async def test_a_task_never_reported_is_grey_whatever_is_expected(house: House) -> None:
    house.at("2022-04-29T09:00")
    await house.hear_plan()
    await house.hear(workday(house.clock))
    row = (await house.board())["T1"]
    assert (row.light, row.reason, row.a, row.e) == ("grey", "no_report", None, None)
    assert row.reported_at is None
    assert await house.changes() == []


async def test_a_report_moves_the_task_it_is_about_and_no_other(house: House) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2"))
    house.at("2022-04-30T12:00")
    await house.hear_report("T1", values={"T1.I": "30"})
    board = await house.board()
    stands = board["T1"]
    assert (stands.light, stands.a, stands.e, stands.r, stands.gap) == (
        "yellow",
        "0.3000",
        "0.3333",
        "0.9000",
        "3.3333",
    )
    assert (stands.period, stands.unit) == ("2022-B2", "U1")
    assert stands.reported_at == house.clock.business_now()
    assert board["T2"].light == "grey"
    assert await house.changes() == [("T1", "grey", "yellow", "report")]


async def test_a_change_is_told_only_when_the_light_changes(house: House) -> None:
    await house.hear_plan()
    house.at("2022-04-30T12:00")
    await house.hear_report(values={"T1.I": "30"})
    await house.hear_report(values={"T1.I": "31"})
    assert (await house.board())["T1"].a == "0.3100"
    assert await house.changes() == [("T1", "grey", "yellow", "report")]
    await house.hear_report(values={"T1.I": "33"})
    assert await house.changes() == [
        ("T1", "grey", "yellow", "report"),
        ("T1", "yellow", "green", "report"),
    ]


async def test_a_return_takes_away_what_was_reported(house: House) -> None:
    await house.hear_plan()
    house.at("2022-04-30T12:00")
    first = await house.hear_report(period="2022-B1", values={"T1.I": "16"})
    second = await house.hear_report(period="2022-B2", values={"T1.I": "33"})
    assert (await house.board())["T1"].light == "green"
    await house.hear(returned(second, clock=house.clock))
    stands = (await house.board())["T1"]
    assert (stands.light, stands.a) == ("red", "0.1600")
    await house.hear(returned(first, period="2022-B1", clock=house.clock))
    stands = (await house.board())["T1"]
    assert (stands.light, stands.reason) == ("grey", "no_report")


async def test_a_returned_report_leaves_nothing_of_those_it_replaced(house: House) -> None:
    await house.hear_plan()
    house.at("2022-04-30T12:00")
    await house.hear_report(values={"T1.I": "30"})
    second = await house.hear_report(values={"T1.I": "33"})
    await house.hear(returned(second, clock=house.clock))
    stands = (await house.board())["T1"]
    assert (stands.light, stands.reason, stands.a) == ("grey", "no_report", None)


async def test_a_working_day_makes_what_is_expected_grow(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "17"})
    assert (await house.board())["T1"].light == "green"
    house.at("2022-03-31T09:00")
    await house.hear(workday(house.clock))
    stands = (await house.board())["T1"]
    assert (stands.light, stands.a, stands.e) == ("red", "0.1700", "0.2500")
    assert await house.changes() == [
        ("T1", "grey", "green", "report"),
        ("T1", "green", "red", "time"),
    ]


async def test_a_plan_version_judges_every_task_anew(house: House) -> None:
    await house.hear_plan()
    house.at("2022-04-30T12:00")
    await house.hear_report(values={"T1.I": "33"})
    lowered = a_task(
        indicators=[{"id": "T1.I", "title": "I", "kind": "cumulative", "target": "200"}]
    )
    await house.hear_plan(lowered, a_task("T2"), version=2)
    board = await house.board()
    assert (board["T1"].light, board["T1"].a) == ("red", "0.1650")
    assert board["T2"].reason == "no_report"
    assert (await house.changes())[-1] == ("T1", "green", "red", "plan")


async def test_a_task_that_left_the_plan_leaves_the_board_and_its_light_is_taken_back(
    house: House,
) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2"), a_task("T3"))
    house.at("2022-04-30T12:00")
    await house.hear_report("T2", values={"T2.I": "10"})
    await house.hear_plan(a_task("T1"), version=2)
    assert sorted(await house.board()) == ["T1"]
    assert await house.changes() == [
        ("T2", "grey", "red", "report"),
        ("T2", "red", "grey", "plan"),
    ]


async def test_events_that_come_again_change_nothing(house: House) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2"))
    house.at("2022-04-30T12:00")
    first = await house.hear_report(values={"T1.I": "33"})
    await house.hear(returned(first, clock=house.clock), workday(house.clock))
    await house.hear_report(values={"T1.I": "30"})
    board, changes = await house.board(), await house.changes()
    assert len(changes) == 3

    await house.voice.repeat_everything()
    await house.take_in()

    assert {task: row.model_dump() for task, row in (await house.board()).items()} == {
        task: row.model_dump() for task, row in board.items()
    }
    assert await house.changes() == changes
    assert await house.letters() == []


async def test_a_task_found_finished_shines_blue_on_the_board(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "100"})
    house.at("2022-03-15T09:00")
    assert (await house.board())["T1"].light == "green"
    await house.publish("2022-B1")
    house.at("2022-03-16T09:00")
    await house.hear(workday(house.clock))
    assert (await house.board())["T1"].light == "blue"


async def test_the_figures_count_the_tasks_by_light(house: House) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2"))
    house.at("2022-04-30T12:00")
    await house.hear_report(values={"T1.I": "33"})
    await house.scoring.parts.figures.read()
    registry = house.scoring.parts.metrics.registry
    shown = {
        light: registry.get_sample_value("duban_tasks", {"plan": "town", "light": light})
        for light in ("green", "yellow", "red", "blue", "grey")
    }
    assert shown == {"green": 1, "yellow": 0, "red": 0, "blue": 0, "grey": 1}

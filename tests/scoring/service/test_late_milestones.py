"""A milestone past its date and unfinished is told once, again after a month, then settled."""

from scoring_cast import a_milestone, a_task
from scoring_house import House, returned, workday

from shared.contracts.scoring import MilestoneOverdue, MilestoneSettled

PIER = a_task(
    milestones=[
        a_milestone("T1.m1", "2022-03-31"),
        a_milestone("T1.m2", "2022-04-30", unit="U2"),
        a_milestone("T1.m3", "2022-12-31"),
    ]
)


async def told(house: House) -> list[tuple[str, str, int]]:
    """Milestone, stage and days late, in order."""
    return [(one.milestone, one.stage, one.days) for one in await house.said(MilestoneOverdue)]


async def over(house: House) -> list[tuple[str, str]]:
    """Milestone and reason, in order."""
    return [(one.milestone, one.reason) for one in await house.said(MilestoneSettled)]


async def nine(house: House, *days: str) -> None:
    """09:00 of these working days."""
    for day in days:
        house.at(f"{day}T09:00")
        await house.hear(workday(house.clock))


async def test_it_is_told_in_the_first_round_after_its_date_and_after_more_than_a_month(
    house: House,
) -> None:
    await house.hear_plan(PIER)
    await nine(house, "2022-03-31")
    assert await told(house) == []
    await nine(house, "2022-04-01", "2022-04-02", "2022-04-29", "2022-05-05", "2022-05-06")
    assert await told(house) == [
        ("T1.m1", "passed", 1),
        ("T1.m1", "month", 35),
        ("T1.m2", "passed", 5),
    ]


async def test_thirty_days_are_not_more_than_a_month(house: House) -> None:
    await house.hear_plan(PIER)
    await nine(house, "2022-04-01", "2022-04-30")
    assert await told(house) == [("T1.m1", "passed", 1)]
    await nine(house, "2022-05-01")
    assert ("T1.m1", "month", 31) in await told(house)


async def test_it_names_the_lead_and_whose_milestone_it_is(house: House) -> None:
    await house.hear_plan(PIER)
    await nine(house, "2022-05-05")
    first, _, second = await house.said(MilestoneOverdue)
    assert (first.unit, first.milestone_unit, str(first.due)) == ("U1", "U1", "2022-03-31")
    assert (second.unit, second.milestone_unit, second.period) == ("U1", "U2", "2022-B3")


async def test_a_report_that_it_is_done_settles_it_and_a_return_of_the_report_tells_it_anew(
    house: House,
) -> None:
    await house.hear_plan(PIER)
    await nine(house, "2022-04-06")
    done = await house.hear_report(milestones={"T1.m1": "2022-04-05"})
    assert await over(house) == [("T1.m1", "done")]
    await nine(house, "2022-04-07")
    assert len(await told(house)) == 1
    await house.hear(returned(done, clock=house.clock))
    await nine(house, "2022-04-08")
    assert await told(house) == [("T1.m1", "passed", 6), ("T1.m1", "passed", 8)]


async def test_a_date_that_is_moved_settles_it_and_counts_anew(house: House) -> None:
    await house.hear_plan(PIER)
    await nine(house, "2022-04-06")
    later = a_task(milestones=[a_milestone("T1.m1", "2022-04-10")])
    await house.hear_plan(later, version=2)
    assert await over(house) == [("T1.m1", "moved")]
    await nine(house, "2022-04-08", "2022-04-11")
    assert await told(house) == [("T1.m1", "passed", 6), ("T1.m1", "passed", 1)]


async def test_what_leaves_the_plan_is_not_asked_for_any_more(house: House) -> None:
    await house.hear_plan(PIER, a_task("T2", milestones=[a_milestone("T2.m1", "2022-04-01")]))
    await nine(house, "2022-04-06")
    await house.hear_plan(a_task(milestones=[a_milestone("T1.m9", "2022-04-30")]), version=2)
    assert sorted(await over(house)) == [("T1.m1", "not_counted"), ("T2.m1", "not_counted")]


async def test_nothing_is_told_of_a_task_before_it_begins(house: House) -> None:
    later = a_task(start="2022-06-01", milestones=[a_milestone("T1.m1", "2022-03-31")])
    await house.hear_plan(later)
    await nine(house, "2022-04-06")
    assert await told(house) == []


async def test_the_same_days_again_tell_nothing(house: House) -> None:
    await house.hear_plan(PIER)
    await nine(house, "2022-04-06", "2022-05-05")
    before = await told(house)
    await house.voice.repeat_everything()
    await house.take_in()
    assert await told(house) == before

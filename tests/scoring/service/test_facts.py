"""What scoring believes of what intake tells, and from when on."""

import pytest
from scoring_cast import a_task
from scoring_house import (
    AFTER_B1,
    AFTER_B2,
    PLAN,
    House,
    adopted,
    plan_events,
    returned,
    verified,
)

from scoring.service.caller import Refused
from scoring.service.releases import result_of


async def codes(house: House) -> list[str]:
    return [code for _, code in await house.letters()]


async def is_known(house: House) -> bool:
    try:
        await house.scoring.explanations.plan_of(PLAN)
    except Refused as refused:
        return refused.code != "unknown_plan"
    return True


async def titles(house: House) -> list[str]:
    known = await house.scoring.explanations.plan_of(PLAN)
    return [f"v{known.facts.version} {task.title.zh}" for _, task in known.facts.tasks]


async def test_a_plan_is_known_once_its_closing_event_has_counted_its_tasks(house: House) -> None:
    *tasks, closing = plan_events(a_task("T1"), a_task("T2"))
    await house.hear(*tasks)
    assert not await is_known(house)
    await house.hear(closing)
    assert await is_known(house)
    assert await titles(house) == ["v1 T1", "v1 T2"]


async def test_a_plan_that_lacks_a_task_is_set_aside_and_not_believed(house: House) -> None:
    await house.hear(*plan_events(a_task("T1"), a_task("T2"), lost=["T2"]))
    assert await codes(house) == ["incomplete_plan"]
    assert not await is_known(house)
    assert await house.board() == {}


async def test_a_plan_whose_tasks_are_not_those_that_were_sent_is_not_believed(
    house: House,
) -> None:
    await house.hear(*plan_events(digest="0" * 64))
    assert await codes(house) == ["incomplete_plan"]
    assert not await is_known(house)


async def test_a_second_version_replaces_the_first(house: House) -> None:
    await house.hear_plan(a_task("T1", title="old"))
    assert await titles(house) == ["v1 old"]
    await house.hear_plan(a_task("T1", title="new"), version=2)
    assert await titles(house) == ["v2 new"]


async def test_a_broken_second_version_leaves_the_first_in_force(house: House) -> None:
    await house.hear_plan(a_task("T1", title="old"))
    await house.hear(*plan_events(a_task("T1", title="new"), version=2, digest="0" * 64))
    assert await titles(house) == ["v1 old"]


async def test_a_plan_version_after_the_cutoff_is_not_read_by_the_run(house: House) -> None:
    await house.hear_plan(a_task("T1", weight="10"))
    house.at(AFTER_B1)
    await house.ask("2022-B1")
    await house.hear_plan(a_task("T1", weight="40"), version=2)
    await house.runs.compute_next()
    (unit, *_) = result_of(await house.found("2022-B1")).units
    assert unit.counted_weight == 10


@pytest.mark.parametrize(
    ("effective_from", "scored_by"),
    [(None, 2), ("2022-B1", 2), ("2022-B2", 1), ("2023-B1", 1)],
)
async def test_a_rulebook_counts_from_its_effective_period_on(
    house: House, effective_from: str | None, scored_by: int
) -> None:
    await house.hear_plan()
    await house.hear(adopted(version=1), adopted(version=2, effective_from=effective_from))
    house.at(AFTER_B1)
    (line,) = result_of(await house.draft("2022-B1")).tasks
    assert (line.rulebook, line.rulebook_version) == ("town-rules", scored_by)


async def test_a_plan_without_a_rulebook_is_scored_by_the_defaults(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    (line,) = result_of(await house.draft("2022-B1")).tasks
    assert (line.rulebook, line.rulebook_version) == ("duban-default", 0)


async def test_a_rulebook_after_the_cutoff_is_not_read_by_the_run(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.ask("2022-B1")
    await house.hear(adopted(version=1))
    await house.runs.compute_next()
    (line,) = result_of(await house.found("2022-B1")).tasks
    assert line.rulebook == "duban-default"


async def test_review_marks_add_up_and_come_off_quality(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-05T10:00")
    report = await house.hear_report(values={"T1.I": "30"})
    await house.hear(
        verified(report, marks="10", clock=house.clock),
        verified(report, marks="2.5", clock=house.clock),
    )
    house.at(AFTER_B2)
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert str(line.q) == "87.50"


async def test_a_repair_in_time_keeps_the_instant_of_the_first_report(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-10T16:00")
    first = await house.hear_report(values={"T1.I": "30"})
    house.at("2022-05-17T16:00")
    await house.hear(returned(first, clock=house.clock))
    house.at(AFTER_B2)  # after close, one working day after the return
    second = await house.hear_report(values={"T1.I": "31"})
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert line.submission == second
    assert line.timeliness is not None
    assert (line.timeliness.outcome, str(line.t)) == ("on_time", "100.00")


async def test_of_two_repairs_the_completeness_of_version_one_decides(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-06T10:00")
    incomplete = await house.hear_report(values={})
    await house.hear(returned(incomplete, clock=house.clock))
    house.at("2022-05-09T10:00")
    second = await house.hear_report(values={"T1.I": "30"})
    house.at("2022-05-10T10:00")
    await house.hear(returned(second, clock=house.clock))
    house.at("2022-05-11T10:00")  # one day after due, one working day after the second return
    await house.hear_report(values={"T1.I": "31"})
    house.at(AFTER_B2)
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert line.timeliness is not None
    assert (line.timeliness.outcome, str(line.t)) == ("late", "90.00")


async def test_a_report_returned_and_not_repaired_counts_as_missing(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-05T10:00")
    first = await house.hear_report(values={"T1.I": "30"})
    await house.hear(returned(first, clock=house.clock))
    house.at(AFTER_B2)
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert line.missing
    assert str(line.score) == "0.00"

"""A draft is computed once, from what was known at its cut-off, and says why where it cannot be."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from databases import Databases
from scoring_cast import NOT_SCORED, WEIGHTLESS, a_task
from scoring_house import (
    AFTER_B1,
    AFTER_B2,
    PLAN,
    House,
    listening_house,
    plan_events,
    returned,
    verified,
)

from scoring.config import MIGRATIONS
from scoring.domain.task_line import TaskLine
from scoring.service import drafting
from scoring.service.caller import Refused
from scoring.service.releases import result_of
from shared.kit.db import Database


async def the_line(house: House, period: str = "2022-B2") -> TaskLine:
    (line,) = result_of(await house.found(period)).tasks
    return line


def let_claims_run_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes pass on the wall."""
    later = house.clock.wall_now() + timedelta(minutes=6)
    monkeypatch.setattr(house.clock, "wall_now", lambda: later)


async def test_a_report_after_the_cutoff_is_not_read_though_it_is_there(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-09T09:00")
    first = await house.hear_report(values={"T1.I": "30"})
    await house.ask("2022-B2", forced="the leader travels")
    await house.hear_report(values={"T1.I": "33"})
    assert (await house.board())["T1"].a == "0.3300"  # it is in the database by now
    await house.runs.compute_next()
    line = await the_line(house)
    assert (line.submission, str(line.a)) == (first, "0.3000")


async def test_a_return_after_the_cutoff_is_not_read(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-09T09:00")
    report = await house.hear_report(values={"T1.I": "30"})
    house.at(AFTER_B2)
    await house.ask("2022-B2")
    await house.hear(returned(report, clock=house.clock))
    assert (await house.board())["T1"].reason == "no_report"
    await house.runs.compute_next()
    assert (await the_line(house)).submission == report


async def test_a_verification_after_the_cutoff_is_not_read(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-09T09:00")
    report = await house.hear_report(values={"T1.I": "30"})
    house.at(AFTER_B2)
    await house.hear(verified(report, marks="10", clock=house.clock))
    await house.ask("2022-B2")
    await house.hear(verified(report, marks="20", clock=house.clock))
    await house.runs.compute_next()
    assert str((await the_line(house)).q) == "90.00"


async def test_a_draft_is_not_computed_before_its_mark_has_come_through(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at("2022-05-09T09:00")
    house.voice.lose(plan_events(version=2)[0])  # what follows waits for it, the mark too
    house.at(AFTER_B2)
    await house.ask("2022-B2")
    assert not await house.runs.compute_next()
    assert (await house.found("2022-B2")).state == "waiting"
    await house.voice.find_the_lost()
    await house.take_in()
    assert await house.runs.compute_next()
    assert (await house.found("2022-B2")).state == "draft"


async def test_of_two_replicas_one_computes_a_draft(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await house.ask("2022-B2")
    other = Database(url=house.url, migrations=MIGRATIONS)
    workers = (house.runs, house.another_worker(other))
    computed = await asyncio.gather(*(worker.compute_next() for worker in workers))
    await other.close()
    assert sorted(computed) == [False, True]
    assert (await house.found("2022-B2")).state == "draft"
    assert not await house.runs.compute_next()


async def test_a_draft_whose_replica_died_is_computed_by_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await house.ask("2022-B2")

    dying, reached = house.another_worker(house.db), asyncio.Event()

    async def hang(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(dying, "_store", hang)
    task = asyncio.create_task(dying.compute_next())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await house.runs.compute_next()  # its claim still holds
    let_claims_run_out(house, monkeypatch)
    assert await house.runs.compute_next()
    assert (await house.found("2022-B2")).state == "draft"


async def test_a_slow_replica_changes_nothing_that_was_approved_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await house.ask("2022-B2")
    slow = house.another_worker(house.db)
    store = slow._store

    async def store_late(*args: object) -> None:
        let_claims_run_out(house, monkeypatch)
        assert await house.runs.compute_next()
        await house.approve("2022-B2", "Mr Chen")
        await house.release("2022-B2", "Ms Wu")
        await store(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(slow, "_store", store_late)
    assert await slow.compute_next()
    assert (await house.found("2022-B2")).state == "published"


async def test_a_newer_draft_is_not_overwritten_by_the_run_of_an_older_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await house.ask("2022-B2")
    store = house.runs._store

    async def store_late(*args: object) -> None:
        await house.ask("2022-B2", holder="Mr Chen")
        await store(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(house.runs, "_store", store_late)
    await house.runs.compute_next()
    row = await house.found("2022-B2")
    assert (row.state, row.drafted_by, row.cutoff) == ("waiting", "Mr Chen", "cutoff-2")


async def test_a_draft_that_cannot_be_computed_says_why_and_can_be_drafted_anew(
    house: House,
) -> None:
    await house.hear_plan(WEIGHTLESS, activate_from="2022-B2")
    house.at(AFTER_B2)
    row = await house.draft("2022-B2")
    assert (row.state, row.failure) == ("failed", NOT_SCORED)
    with pytest.raises(Refused, match="weigh nothing") as caught:
        await house.approve("2022-B2", "Mr Chen")
    assert caught.value.code == "not_drafted"
    assert not await house.runs.compute_next()

    await house.hear_plan(a_task(), activate_from="2022-B2", version=2)
    row = await house.draft("2022-B2")
    assert (row.state, row.failure) == ("draft", None)


async def test_a_fault_in_a_computation_fails_its_draft_and_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)

    def stumble(_: object) -> None:
        raise ZeroDivisionError("a share of nothing")

    with monkeypatch.context() as patch:
        patch.setattr(drafting, "run_period", stumble)
        row = await house.draft("2022-B2")
    assert (row.state, row.failure) == ("failed", "a share of nothing")
    assert (await house.draft("2022-B2")).state == "draft"


async def test_an_event_rejected_on_the_way_to_the_cutoff_fails_the_draft(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    house.cutoffs.just_before = plan_events(version=2, digest="0" * 64)
    row = await house.draft("2022-B2")
    assert row.state == "failed"
    assert row.failure is not None
    assert row.failure.startswith("events_incomplete")
    house.cutoffs.just_before = ()
    await house.settle()
    assert (await house.draft("2022-B2")).state == "draft"


async def test_the_same_facts_give_the_same_digest_in_a_new_database(
    house: House, tmp_path: Path, databases: Databases
) -> None:
    async def live(town: House) -> str | None:
        await town.hear_plan(
            a_task("T1"), a_task("T2", assignments=[{"unit": "U2", "role": "lead"}])
        )
        town.at("2022-03-01T09:00")
        await town.hear_report("T1", "2022-B1", values={"T1.I": "10"}, submission="s-1")
        town.at(AFTER_B1)
        return (await town.publish("2022-B1")).digest

    async with listening_house(tmp_path / "elsewhere", databases=databases) as elsewhere:
        assert await live(house) == await live(elsewhere)
        assert (await elsewhere.found("2022-B1")).plan == PLAN

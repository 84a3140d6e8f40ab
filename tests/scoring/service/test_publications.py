"""A period on its way to its publication: who may take which step, and what is told at the end."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest
from scoring_cast import a_task
from scoring_house import AFTER_B1, AFTER_B2, PLAN, House, accepted, adopted, plan_events, workday
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.domain.documents import leaf_digest
from scoring.service.caller import Refused
from scoring.service.releases import result_of
from shared.contracts.envelope import Event
from shared.contracts.scoring import PublicationReleased, UnitPublished
from shared.kit.journal import Journal


async def refusal_of(step: Any) -> str:  # noqa: ANN401  # a coroutine of any result
    with pytest.raises(Refused) as caught:
        await step
    return caught.value.code


async def test_a_draft_of_an_unknown_plan_is_refused(house: House) -> None:
    assert await refusal_of(house.ask("2022-B1", plan="village")) == "unknown_plan"


@pytest.mark.parametrize("period", ["2022-Q1", "2020-B6", "2026-B1", "B1"])
async def test_a_draft_of_a_period_the_plan_has_not_is_refused(house: House, period: str) -> None:
    await house.hear_plan()
    assert await refusal_of(house.ask(period)) == "unknown_period"


async def test_a_draft_waits_for_the_windows_close(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-14T23:59:59")
    assert await refusal_of(house.ask("2022-B1")) == "not_closed"
    house.at("2022-03-15T00:00")
    await house.ask("2022-B1")
    assert (await house.found("2022-B1")).state == "waiting"


async def test_a_draft_before_the_close_needs_a_reason_and_keeps_it(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-10T09:00")
    await house.ask("2022-B1", forced="the congress meets on Friday")
    assert (await house.found("2022-B1")).forced == "the congress meets on Friday"


async def test_a_period_is_drafted_after_the_one_before_was_published(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B2)
    assert await refusal_of(house.ask("2022-B2")) == "previous_unpublished"
    await house.draft("2022-B1")
    assert await refusal_of(house.ask("2022-B2")) == "previous_unpublished"
    await house.publish("2022-B1")
    await house.ask("2022-B2")


@pytest.mark.parametrize("activate_from", ["2022-B2", None])
async def test_a_period_before_the_plans_activation_is_not_drafted(
    house: House, activate_from: str | None
) -> None:
    await house.hear_plan(activate_from=activate_from)
    house.at(AFTER_B2)
    assert await refusal_of(house.ask("2022-B1")) == "before_activation"


async def test_periods_before_the_plans_activation_need_no_publication(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await house.ask("2022-B2")
    assert (await house.found("2022-B2")).state == "waiting"


async def test_a_published_period_is_not_drafted_approved_or_released_again(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    assert await refusal_of(house.ask("2022-B1")) == "already_published"
    assert await refusal_of(house.approve("2022-B1", "Mr Zhou")) == "already_published"
    assert await refusal_of(house.release("2022-B1", "Mr Zhou")) == "already_published"


async def test_a_rejected_event_of_the_plan_stops_drafts_until_it_is_settled(house: House) -> None:
    await house.hear_plan()
    await house.hear(*plan_events(version=2, digest="0" * 64))
    house.at(AFTER_B1)
    assert await refusal_of(house.ask("2022-B1")) == "events_incomplete"
    await house.settle()
    await house.ask("2022-B1")


async def test_a_lost_event_of_the_plan_stops_drafts_until_it_is_found(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    late = accepted("T1", "2022-B1", values={"T1.I": "17"}, clock=house.clock)
    house.voice.lose(late)
    await house.hear(workday(house.clock))
    house.at(AFTER_B1)
    assert await refusal_of(house.ask("2022-B1")) == "events_incomplete"
    await house.voice.find_the_lost()
    await house.take_in()
    (line,) = result_of(await house.draft("2022-B1")).tasks
    assert line.submission == late.submission


async def test_a_draft_whose_window_needs_a_year_not_loaded_is_refused(house: House) -> None:
    later = {"start": "2021-01-01", "end": "2031-12-31"}
    await house.hear_plan(activate_from="2031-B2", head=later)
    house.at("2031-06-30T09:00")
    assert await refusal_of(house.ask("2031-B2", forced="in haste")) == "year_not_loaded"


async def test_a_draft_is_refused_where_intake_marks_no_cutoff(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    house.cutoffs.refusing = "intake does not answer"
    assert await refusal_of(house.ask("2022-B1")) == "intake_unavailable"
    assert await refusal_of(house.found("2022-B1")) == "period_unpublished"


async def test_only_a_computed_draft_is_approved_and_only_an_approved_one_released(
    house: House,
) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    assert await refusal_of(house.approve("2022-B1", "Mr Chen")) == "not_drafted"
    await house.ask("2022-B1")
    assert await refusal_of(house.approve("2022-B1", "Mr Chen")) == "not_drafted"
    await house.runs.compute_next()
    assert await refusal_of(house.release("2022-B1", "Ms Wu")) == "not_approved"
    await house.approve("2022-B1", "Mr Chen")
    assert (await house.release("2022-B1", "Ms Wu")).state == "published"


async def test_the_next_step_is_for_another_holder_than_the_step_before(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.draft("2022-B1", holder="Ms Lin")
    assert await refusal_of(house.approve("2022-B1", "Ms Lin")) == "same_holder"
    await house.approve("2022-B1", "Mr Chen")
    assert await refusal_of(house.release("2022-B1", "Mr Chen")) == "same_holder"
    row = await house.release("2022-B1", "Ms Lin")  # an office of two can publish
    assert (row.drafted_by, row.approved_by, row.released_by) == ("Ms Lin", "Mr Chen", "Ms Lin")


async def test_an_office_of_one_publishes_alone_where_the_rulebook_lifts_the_separation(
    house: House,
) -> None:
    await house.hear_plan()
    await house.hear(adopted(separation="off"))
    house.at(AFTER_B1)
    await house.draft("2022-B1", holder="Ms Lin")
    await house.approve("2022-B1", "Ms Lin")
    assert (await house.release("2022-B1", "Ms Lin")).state == "published"


async def test_a_release_is_told_unit_by_unit_and_then_closed(house: House) -> None:
    await house.hear_plan(a_task("T1"), a_task("T2", assignments=[{"unit": "U2", "role": "lead"}]))
    house.at("2022-03-01T09:00")
    report = await house.hear_report("T1", "2022-B1", values={"T1.I": "100"})
    house.at(AFTER_B1)
    row = await house.publish("2022-B1")

    told = await house.said(UnitPublished, PublicationReleased)
    assert [type(one).__name__ for one in told] == ["UnitPublished"] * 3 + ["PublicationReleased"]
    *units, closing = told
    first, second, third = (one for one in units if isinstance(one, UnitPublished))
    assert (first.unit, str(first.score), first.rank, first.grade) == ("U1", "100.00", 1, "good")
    (line,) = first.lines
    assert (line.task, line.light, line.was, str(line.score)) == ("T1", "blue", None, "100.00")
    assert (second.unit, str(second.score), second.rank, second.grade) == ("U2", "0.00", 2, "poor")
    assert (third.unit, third.score, third.rank, third.lines) == ("U3", None, None, ())
    assert isinstance(closing, PublicationReleased)
    assert (closing.units, closing.digest, closing.previous_digest) == (3, row.digest, None)
    assert (closing.cutoff, closing.finished) == ("cutoff-1", ("T1",))
    assert closing.released_at == row.released_at == house.clock.business_now()
    assert report == result_of(row).tasks[0].submission
    for unit in (first, second, third):
        leaf = await house.publications.leaf(row, unit.unit)
        assert unit.digest == leaf.digest == leaf_digest(json.loads(leaf.document))


async def test_a_release_that_cannot_tell_its_events_is_no_release(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.draft("2022-B1")
    await house.approve("2022-B1", "Mr Chen")
    record = Journal.record

    async def fail_after(
        journal: Journal, session: AsyncSession, *events: Event, at: datetime, correlation: str
    ) -> None:
        await record(journal, session, *events, at=at, correlation=correlation)
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", fail_after)
        with pytest.raises(OSError, match="full"):
            await house.release("2022-B1", "Ms Wu")
    assert await house.said(UnitPublished, PublicationReleased) == []
    assert (await house.found("2022-B1")).state == "approved"
    assert (await house.release("2022-B1", "Ms Wu")).state == "published"


async def test_a_released_row_never_changes(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "10"})
    house.at(AFTER_B1)
    row = await house.publish("2022-B1")
    leaf = (await house.publications.leaf(row, "U1")).document

    await house.hear_report(period="2022-B1", values={"T1.I": "99"})
    await house.hear_plan(a_task("T1", weight="99"), version=2)
    await house.hear(adopted(weights={"progress": "1", "timeliness": "0", "quality": "0"}))
    house.at(AFTER_B2)
    await house.publish("2022-B2")

    again = await house.found("2022-B1")
    assert again.model_dump() == row.model_dump()
    assert (await house.publications.leaf(again, "U1")).document == leaf


async def test_publications_are_chained_by_their_digests(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B2)
    first, second = await house.publish("2022-B1"), await house.publish("2022-B2")
    assert first.previous_digest is None
    assert second.previous_digest == first.digest
    assert (first.release_number, second.release_number) == (1, 2)
    for row in (first, second):
        assert row.manifest is not None
        assert sha256(row.manifest.encode()).hexdigest() == row.digest
        assert json.loads(row.manifest)["previous"] == row.previous_digest
    closings = await house.said(PublicationReleased)
    assert [one.previous_digest for one in closings] == [None, first.digest]


async def test_the_next_publication_tells_what_each_light_was(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "10"})
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at("2022-05-01T09:00")
    await house.hear_report(period="2022-B2", values={"T1.I": "33"})
    house.at(AFTER_B2)
    await house.publish("2022-B2")
    lines = [line for unit in await house.said(UnitPublished) for line in unit.lines]
    assert [(line.was, line.light) for line in lines] == [(None, "red"), ("red", "yellow")]


async def test_a_light_gets_better_one_step_a_period(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "10"})
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    house.at("2022-05-01T09:00")
    await house.hear_report(period="2022-B2", values={"T1.I": "50"})
    house.at(AFTER_B2)
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert (line.light, line.light_steps) == ("yellow", ("ratio_green", "held_yellow"))


async def test_a_draft_of_the_period_before_feeds_no_light(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "10"})
    house.at(AFTER_B1)
    assert result_of(await house.draft("2022-B1")).tasks[0].light == "red"
    await house.hear_plan(version=2, activate_from="2022-B2")
    house.at("2022-05-01T09:00")
    await house.hear_report(period="2022-B2", values={"T1.I": "50"})
    house.at(AFTER_B2)
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert line.light == "green"


async def test_a_second_silence_running_is_red(house: House) -> None:
    await house.hear_plan()
    house.at("2022-01-20T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "50"})
    house.at("2022-07-18T09:00")
    await house.publish("2022-B1")
    second = result_of(await house.publish("2022-B2")).tasks[0]
    third = result_of(await house.draft("2022-B3")).tasks[0]
    assert (second.missing, second.light) == (True, "yellow")
    assert (third.missing, third.light) == (True, "red")
    assert third.light_steps[-1] == "missing_again"


async def test_a_finished_task_owes_no_report_in_the_next_period(house: House) -> None:
    await house.hear_plan()
    house.at("2022-03-01T09:00")
    await house.hear_report(period="2022-B1", values={"T1.I": "100"})
    house.at(AFTER_B2)
    await house.publish("2022-B1")
    (line,) = result_of(await house.draft("2022-B2")).tasks
    assert (line.light, str(line.score), line.expected) == ("blue", "100.00", False)


async def test_a_draft_is_outdated_once_another_publication_came_between(house: House) -> None:
    await house.hear_plan(activate_from="2022-B2")
    house.at(AFTER_B2)
    await house.draft("2022-B2")
    await house.hear_plan(version=2, activate_from="2022-B1")
    await house.draft("2022-B1")
    for period in ("2022-B1", "2022-B2"):
        await house.approve(period, "Mr Chen")
    await house.release("2022-B1", "Ms Wu")
    assert await refusal_of(house.release("2022-B2", "Ms Wu")) == "draft_outdated"
    assert (await house.publish("2022-B2")).state == "published"


async def test_drafts_are_seen_by_those_who_may_see_drafts_only(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.draft("2022-B1")
    assert await refusal_of(house.publications.find(PLAN, "2022-B1", drafts=False)) == (
        "period_unpublished"
    )
    assert await house.publications.all(plan=None, drafts=False) == []
    (row,) = await house.publications.all(plan=PLAN, drafts=True)
    assert row.state == "draft"


async def test_the_figures_count_releases(house: House) -> None:
    await house.hear_plan()
    house.at(AFTER_B1)
    await house.publish("2022-B1")
    registry = house.scoring.parts.metrics.registry
    released = registry.get_sample_value("duban_publications_released_total", {"plan": PLAN})
    assert released == 1

"""The life of an alert: raised, notified, answered, escalated, resolved or taken back."""

import re
from datetime import timedelta

import pytest
from notify_house import (
    AT_ONCE,
    B1,
    B2,
    B3,
    HEAD,
    LADDER,
    OFFICE,
    PLAN,
    House,
    late_milestone,
    missed,
    overdue,
    plan_events,
    published,
    released,
    reminded,
    report,
    standing,
)

from notify.store.tables import Alert
from shared.contracts.intake import ObligationWaived
from shared.contracts.notify import AlertAcknowledged, AlertRaised, AlertWithdrawn
from shared.contracts.scoring import MilestoneSettled

LAG = (published("yellow", period=B1), released(B1))


@pytest.fixture
async def city(house: House) -> House:
    """Its plan has a ladder, its office an address; it is noon of Wednesday, 11 May 2022."""
    await house.hear(*plan_events(version=2, ladder=LADDER))
    return house


async def raised(house: House) -> list[tuple[str, str, tuple[str, ...]]]:
    """What was raised, and to whom, in order; without news."""
    news = {"published", "corrected", "ranking"}
    said = await house.said(AlertRaised)
    return [(one.kind, one.level or "", one.to) for one in said if one.kind not in news]


async def of_kind(house: House, kind: str) -> list[Alert]:
    return [alert for alert in await house.alerts() if alert.kind == kind]


async def answer(house: House, alert: Alert, *, unit: str = "port") -> int:
    visitor = await house.visitor("submit", unit=unit)
    told = await visitor.post(f"/v1/alerts/{alert.id}/acknowledge")
    return told.status_code


async def test_a_lag_that_nobody_answers_goes_up_the_ladder_by_working_days(city: House) -> None:
    await city.hear(*LAG)
    await city.pass_until("2022-05-16 08:59")
    assert [kind for kind, _, _ in await raised(city)] == ["lag"]
    await city.pass_until("2022-05-16 09:00")  # the third working day after the 11th
    await city.pass_until("2022-05-18 09:00")
    await city.pass_until("2022-06-30 09:00")
    assert await raised(city) == [
        ("lag", "yellow", ("reporter@port", "head@port")),
        ("escalation", "yellow", ("head@port",)),
        ("escalation", "yellow", ("office@harbour",)),
    ]
    (lag,) = await of_kind(city, "lag")
    first, second = await of_kind(city, "escalation")
    assert (lag.state, first.parent, second.parent) == ("escalated", lag.id, lag.id)
    assert [one.reason for one in (first, second)] == ["no_answer", "no_answer"]


async def test_an_answer_stops_the_ladder_until_it_expires_and_then_it_goes_on(
    city: House,
) -> None:
    await city.hear(*LAG)
    await city.pass_until("2022-05-13 10:00")
    (lag,) = await of_kind(city, "lag")
    assert await answer(city, lag) == 200
    (told,) = await city.said(AlertAcknowledged)
    assert (told.by, told.until.isoformat()) == ("Ms Lin", "2022-05-18")
    assert (await of_kind(city, "lag"))[0].state == "acknowledged"
    await city.pass_until("2022-05-18 08:00")
    assert await of_kind(city, "escalation") == []
    await city.pass_until("2022-05-18 09:00")  # two days had passed before the answer
    assert (await of_kind(city, "lag"))[0].acknowledged_until is None
    await city.pass_until("2022-05-19 09:00")
    assert len(await of_kind(city, "escalation")) == 1


async def test_who_ends_the_lag_ends_its_steps_with_it(city: House) -> None:
    await city.hear(*LAG)
    await city.pass_until("2022-05-16 09:00")
    await city.hear(published("green", was="yellow", period=B2), released(B2))
    assert [(one.kind, one.state, one.reason) for one in await city.alerts()] == [
        ("lag", "resolved", "on_schedule"),
        ("escalation", "resolved", "lag_ended"),
    ]
    await city.pass_until("2022-06-30 09:00")
    assert len(await of_kind(city, "escalation")) == 1


async def test_a_step_is_answered_with_its_lag_and_the_lag_with_its_step(city: House) -> None:
    await city.hear(*LAG)
    await city.pass_until("2022-05-16 09:00")
    (step,) = await of_kind(city, "escalation")
    assert await answer(city, step) == 200
    assert {one.state for one in await city.alerts()} == {"acknowledged"}


async def test_yellow_two_periods_running_goes_one_step_up_at_once_and_once_a_period(
    city: House,
) -> None:
    await city.hear(*LAG)
    twice = published("yellow", was="yellow", period=B2)
    await city.hear(twice, released(B2))
    assert [(kind, to) for kind, _, to in await raised(city)] == [
        ("lag", ("reporter@port", "head@port")),
        ("escalation", ("head@port",)),
    ]
    again = published("yellow", was="yellow", period=B2, version=2, gap="9.50")
    await city.hear(again, released(B2, version=2))
    assert len(await of_kind(city, "escalation")) == 1
    await city.hear(published("yellow", was="yellow", period=B3), released(B3))
    steps = await of_kind(city, "escalation")
    assert sorted(step.reason for step in steps) == ["yellow_twice", "yellow_twice"]


async def test_at_the_end_of_the_ladder_the_reason_is_kept(house: House) -> None:
    await house.hear(*LAG)
    await house.hear(published("yellow", was="yellow", period=B2), released(B2))
    assert [row.reason for row in await house.decisions()][-1] == "ladder_ended"


async def test_red_two_periods_running_calls_for_an_interview_once_a_period(city: House) -> None:
    await city.hear(published("red", period=B1), released(B1))
    await city.hear(published("red", was="red", period=B2), released(B2))
    await city.hear(published("red", was="red", period=B2, version=2), released(B2, version=2))
    (interview,) = await of_kind(city, "interview")
    assert (interview.level, interview.reason) == ("red", "red_twice")
    assert ("interview", "red", ("head@port", "group@A1", "office@harbour")) in await raised(city)
    await city.hear(published("yellow", was="red", period=B3), released(B3))
    assert (await of_kind(city, "interview"))[0].state == "resolved"


async def test_a_correction_that_undoes_the_cause_takes_the_alert_back_and_tells_who_was_told(
    city: House,
) -> None:
    await city.hear(published("red", period=B2), released(B2))
    told = sorted(one.recipient for one in await city.deliveries())
    await city.hear(published("green", period=B2, version=2), released(B2, version=2))
    (lag,) = await of_kind(city, "lag")
    assert (lag.state, lag.reason) == ("withdrawn", "corrected_away")
    assert [one.alert for one in await city.said(AlertWithdrawn)] == [lag.id]
    later = sorted(one.recipient for one in await city.deliveries())
    assert later == sorted(told * 2)
    subjects = {one.subject for one in await city.deliveries() if one.language == "en"}
    assert "[Duban] Withdrawn · Behind schedule: Build the quay" in subjects


async def test_a_version_that_changes_nothing_tells_nobody(city: House) -> None:
    await city.hear(published("red", period=B2), released(B2))
    before = await city.deliveries(news=True)
    await city.hear(published("red", period=B2, version=2), released(B2, version=2))
    assert await city.deliveries(news=True) == before


async def test_each_stage_of_a_silent_report_ends_the_reminders_before_it(city: House) -> None:
    for event in (reminded("opened", 7), reminded("due_soon", 3), reminded("due_soon", 1)):
        await city.hear(event)
    await city.hear(overdue(), reminded("closing"), missed())
    assert [(one.kind, one.state, one.reason) for one in await city.alerts()] == [
        ("closing", "resolved", "superseded"),
        *[("due_soon", "resolved", "superseded")] * 3,
        ("missing", "raised", "closed"),
        ("overdue", "resolved", "superseded"),
    ]
    await city.hear(report(period=B3))
    assert (await of_kind(city, "missing"))[0].reason == "report_arrived"


async def test_a_report_ends_every_reminder_of_its_period_and_of_no_later_one(
    city: House,
) -> None:
    await city.hear(reminded("opened", 7), overdue("trees"), missed(period=B3))
    await city.hear(report(), report("trees"))
    assert {(one.kind, one.task, one.state) for one in await city.alerts()} == {
        ("due_soon", "quay", "resolved"),
        ("overdue", "trees", "resolved"),
        ("missing", "quay", "raised"),
    }


async def test_a_report_that_is_not_owed_any_more_is_not_asked_for(city: House) -> None:
    await city.hear(overdue())
    waived = ObligationWaived(plan=PLAN, task="quay", unit="port", period=B2, reason="not_owed")
    await city.hear(waived)
    assert (await city.alert()).reason == "not_owed"


async def test_a_late_milestone_is_told_to_both_units_and_after_a_month_to_head_and_office(
    city: House,
) -> None:
    await city.hear(late_milestone(milestone_unit="parks"), late_milestone("month"))
    assert await raised(city) == [
        (
            "milestone_overdue",
            "",
            ("reporter@port", "head@port", "reporter@parks", "head@parks"),
        ),
        ("interview", "", ("head@port", "group@A1", "office@harbour")),
    ]
    settled = {"plan": PLAN, "task": "quay", "unit": "port", "milestone": "m1"}
    due = late_milestone().due
    await city.hear(MilestoneSettled(**settled, due=due, reason="done"))
    assert {one.state for one in await city.alerts()} == {"resolved"}


async def test_of_a_month_late_milestone_and_red_twice_one_interview_is_called_in_a_period(
    city: House,
) -> None:
    await city.hear(published("red", period=B1), released(B1))
    await city.hear(published("red", was="red", period=B2), released(B2))
    await city.hear(late_milestone("month"))
    assert len(await of_kind(city, "interview")) == 1


async def test_another_units_alert_cannot_be_answered_nor_one_that_is_over_nor_news(
    city: House,
) -> None:
    await city.hear(overdue(), published("green"), released())
    (late,) = await of_kind(city, "overdue")
    assert await answer(city, late, unit="parks") == 404
    await city.hear(report())
    assert await answer(city, late) == 409
    news = [one for one in await city.alerts(news=True) if one.kind == "published"]
    assert await answer(city, news[0]) == 422
    observer = await city.visitor("observer")
    assert (await observer.post(f"/v1/alerts/{late.id}/acknowledge")).status_code == 403


async def test_an_alert_that_stands_is_told_again_after_growing_waits_until_it_is_answered(
    city: House,
) -> None:
    timing = {**AT_ONCE, "repeat_working_days": [1, 2, 4]}
    await city.set_routes({"default": {"to": [], **timing}})
    await city.set_contacts(OFFICE)
    route = {"match": {"kind": "overdue"}, "to": [{"role": "office"}], **timing}
    await city.set_routes({"routes": [route]})
    await city.hear(overdue())
    await city.pass_until("2022-06-30 09:00")
    days = [
        (row.at + timedelta(hours=8)).strftime("%m-%d %H:%M")
        for row in await city.decisions()
        if row.reason == "repeat_due"
    ]
    assert days == ["05-12 09:00", "05-16 09:00", "05-20 09:00"]


async def test_an_early_alert_of_a_silent_report_waits_for_the_report(city: House) -> None:
    inhibit = {
        "when": {"kind": ["missing", "overdue"]},
        "silence": {"kind": ["early", "lag"]},
        "same": ["task", "unit"],
    }
    await city.set_routes({"inhibit": [inhibit]})
    await city.hear(overdue())
    await city.hear(standing("green", "red"))
    (late,) = await of_kind(city, "overdue")
    early = [one for one in await city.deliveries() if one.alert != late.id]
    assert early == []
    held = [row for row in await city.decisions() if row.reason == "inhibited"]
    assert [row.operands for row in held] == [f'{{"by": "{late.id}"}}']
    await city.hear(report())
    told = [one.recipient for one in await city.deliveries() if one.alert != late.id]
    assert told == ["lin@port.example"]


async def test_a_message_that_tells_a_lag_and_its_step_is_answered_once_for_each(
    city: House,
) -> None:
    """The head hears of both in one message, three working days after the lag."""
    bundled = {"to": [], "group_by": ["unit"], "group_wait": "6d", "group_interval": "0s"}
    await city.set_routes({"default": bundled})
    await city.hear(*LAG)
    await city.pass_until("2022-05-17 12:01")
    (mail,) = [one for one in await city.deliveries(news=True) if one.recipient == HEAD["email"]]
    (link,) = re.findall("/messages/[^ \r\n]+", mail.body.decode())
    reader = await city.visitor("observer")
    assert (await reader.post(link)).status_code == 303
    answered = [one.alert for one in await city.said(AlertAcknowledged)]
    assert sorted(answered) == sorted(one.id for one in await city.alerts())
    assert len(answered) == 2

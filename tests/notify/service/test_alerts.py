"""What is heard becomes alerts with a life; who is told, who is not, and why."""

import json
from pathlib import Path

import pytest
from databases import Databases
from kit_cast import until
from notify_house import (
    B1,
    B2,
    B3,
    GROUP,
    HEAD,
    OFFICE,
    PLAN,
    REPORTER,
    House,
    contact,
    make_house,
    overdue,
    plan_events,
    published,
    released,
    report,
    standing,
)

from shared.contracts.notify import AlertRaised, AlertResolved

LIN, CHEN, WU = REPORTER["email"], HEAD["email"], GROUP["email"]


async def test_an_overdue_report_is_told_to_reporter_and_head_each_in_their_language(
    house: House,
) -> None:
    await house.hear(overdue())
    alert = await house.alert()
    assert (alert.kind, alert.level, alert.state, alert.period) == ("overdue", None, "raised", B2)
    assert (alert.since.isoformat(), str(alert.next_by)) == ("2022-05-10", "2022-05-17")
    subjects = {one.recipient: one.subject for one in await house.deliveries()}
    assert subjects == {
        LIN: "【督办】报送逾期提醒：建码头",
        CHEN: "[Duban] Report overdue: Build the quay",
    }
    (told,) = await house.said(AlertRaised)
    assert (told.alert, told.to) == (alert.id, ("reporter@port", "head@port"))
    assert house.figure("duban_alerts_raised_total", kind="overdue", level="none") == 1


async def test_an_overdue_alert_ends_when_its_report_arrives_and_nobody_is_told(
    house: House,
) -> None:
    await house.hear(overdue())
    before = await house.recipients()
    await house.hear(report())
    alert = await house.alert()
    assert (alert.state, alert.reason) == ("resolved", "report_arrived")
    assert [one.reason for one in await house.said(AlertResolved)] == ["report_arrived"]
    assert await house.recipients() == before


async def test_the_report_of_another_period_leaves_the_alert_as_it_is(house: House) -> None:
    await house.hear(overdue(period=B2), report(period=B1), report(task="trees"))
    assert (await house.alert()).state == "raised"


async def test_a_live_lag_is_told_once_to_the_reporter_until_the_light_is_left(
    house: House,
) -> None:
    await house.hear(standing("green", "yellow"))
    assert await house.recipients() == [LIN]
    assert (await house.alert()).next_by is not None
    await house.hear(standing("yellow", "red", gap="30.00"))
    alert = await house.alert()
    assert (alert.level, alert.gap) == ("red", "30.00")
    await house.hear(standing("red", "green"))
    assert (await house.alert()).state == "resolved"
    assert await house.recipients() == [LIN]
    assert await house.reasons() == ["entered", "got_worse", "on_schedule"]


async def test_a_published_lag_is_told_again_when_it_turns_red_and_then_to_the_group_too(
    house: House,
) -> None:
    await house.hear(published("yellow", period=B1), released(B1))
    assert await house.recipients() == [CHEN, LIN]
    await house.hear(published("red", was="yellow", period=B2), released(B2))
    alert = await house.alert()
    assert (alert.kind, alert.level, alert.period) == ("lag", "red", B2)
    assert alert.since.isoformat() == "2022-04-30"
    assert sorted(await house.recipients()) == sorted([CHEN, LIN, CHEN, LIN, WU])


async def test_a_lag_that_gets_better_and_worse_again_is_told_again(house: House) -> None:
    await house.hear(published("red", period=B1), released(B1))
    await house.hear(published("yellow", was="red", period=B2), released(B2))
    assert len(await house.recipients()) == 3
    await house.hear(published("red", was="yellow", period=B3), released(B3))
    assert await house.reasons() == ["entered", "got_better", "got_worse"]
    assert len({one.id for one in await house.deliveries()}) == 6
    assert await house.letters() == []


async def test_a_publication_is_judged_when_it_is_whole_and_not_before(house: House) -> None:
    await house.hear(published("red"))
    assert await house.alerts() == []
    await house.hear(released())
    assert (await house.alert()).level == "red"


async def test_a_publication_that_lacks_a_unit_is_set_aside(house: House) -> None:
    await house.hear(published("red"), released(units=2))
    assert await house.letters() == ["incomplete_publication"]
    assert await house.alerts() == []


async def test_a_plan_version_that_lacks_a_task_is_set_aside_and_the_one_before_stays(
    house: House,
) -> None:
    await house.hear(*plan_events(version=2, tasks=3), overdue())
    assert await house.letters() == ["incomplete_plan"]
    assert "建码头" in (await house.deliveries())[1].subject


async def test_a_correction_that_changes_nothing_tells_nobody(house: House) -> None:
    await house.hear(published("yellow"), released())
    before = await house.recipients()
    await house.hear(published("yellow", version=2), released(version=2))
    assert await house.recipients() == before
    assert await house.reasons() == ["entered", "unchanged"]


async def test_a_correction_of_an_older_period_moves_no_alert(house: House) -> None:
    await house.hear(published("green", period=B1), released(B1))
    await house.hear(published("green", was="green", period=B2), released(B2))
    await house.hear(published("red", period=B1, version=2), released(B1, version=2))
    assert await house.alerts() == []
    assert (await house.reasons())[-1] == "older_period"


async def test_the_same_events_again_tell_nobody_and_change_nothing(house: House) -> None:
    await house.hear(overdue(), published("red"), released(), standing("green", "red"), report())
    before = await house.alerts(), await house.deliveries(), await house.reasons()
    await house.voice.repeat_everything()
    await house.take_in()
    assert (await house.alerts(), await house.deliveries(), await house.reasons()) == before
    assert await house.letters() == []


async def test_what_arrives_before_its_plan_waits_for_it(
    tmp_path: Path, databases: Databases
) -> None:
    async with make_house(tmp_path / "early", databases=databases) as house:
        await house.voice.say(published("red"), released())
        # The unit's part is in, the release that closes it was tried and waits.
        await until(lambda: house.figure("duban_inbox_events_total", outcome="applied") == 1)
        assert await house.alerts() == []
        await house.voice.say(*plan_events())
        await house.take_in()
        assert (await house.alert()).level == "red"
        assert await house.letters() == []


async def test_a_role_nobody_stands_behind_is_a_decision_that_is_seen_and_counted(
    house: House,
) -> None:
    await house.set_contacts(REPORTER)
    await house.hear(overdue())
    assert await house.recipients() == [LIN]
    office = await house.visitor("office")
    whole = (await office.get(f"/v1/alerts/{(await house.alert()).id}")).json()
    missing = [one for one in whole["decisions"] if one["reason"] == "no_contact"]
    assert [one["addressee"] for one in missing] == ["head@port"]
    assert house.figure("duban_alert_decisions_total", reason="no_contact") == 1


async def test_one_person_in_two_roles_gets_one_message(house: House) -> None:
    await house.set_contacts(REPORTER, contact("head", LIN))
    await house.hear(overdue())
    assert await house.recipients() == [LIN]


async def test_a_contact_of_an_action_is_not_taken_for_a_units_of_the_same_id(
    house: House,
) -> None:
    namesake = contact("reporter", "other@port.example", scope="action", subject="port")
    await house.set_contacts(REPORTER, HEAD, namesake)
    await house.hear(standing("green", "yellow"))
    assert await house.recipients() == [LIN]


async def test_a_route_adds_its_endpoint_and_its_roles_each_once(house: House) -> None:
    await house.set_contacts(REPORTER, HEAD, GROUP, OFFICE)
    await house.add_endpoint("hook", "https://93.184.215.14/hook")
    hook: dict[str, str] = {"endpoint": "hook"}
    await house.route(hook, {"role": "office"}, {"role": "group"}, hook, {"role": "reporter"})
    await house.hear(standing("green", "yellow"))
    assert sorted(await house.recipients()) == sorted(["hook", LIN, OFFICE["email"], WU])


async def test_a_webhook_tells_the_request_its_alert_came_from(house: House) -> None:
    await house.add_endpoint("hook", "https://93.184.215.14/hook")
    await house.route({"endpoint": "hook"})
    await house.hear(published("yellow", period=B1), released(B1), correlation="publication-1")
    await house.hear(
        published("red", was="yellow", period=B2), released(B2), correlation="publication-2"
    )
    bodies = [json.loads(one.body) for one in await house.deliveries() if one.channel == "webhook"]
    assert {(one["type"], one["data"]["correlation_id"]) for one in bodies} == {
        ("alert.raised", "publication-1"),
        ("alert.updated", "publication-2"),
    }
    links = {one["data"]["link"] for one in bodies}
    assert len(links) == 2
    assert all(link.startswith("http://duban.test/messages/") for link in links)


async def test_a_day_without_a_holiday_table_does_not_hold_a_warning_up(house: House) -> None:
    await house.hear(*plan_events(version=2, end="2099-12-31"))
    await house.hear(standing("green", "red", period="2098-B1"))
    assert await house.letters() == []
    assert (await house.alert()).next_by is None
    assert await house.recipients() == [LIN]


async def test_a_title_follows_the_newest_version_of_the_plan(house: House) -> None:
    await house.hear(overdue(period=B1))
    changed = plan_events(version=2)
    task = changed[0].model_dump(mode="json", by_alias=True)  # the quay
    task["task"]["title"] = {"zh": "建新码头", "en": "Build a new quay"}
    changed[0] = type(changed[0]).model_validate_json(json.dumps(task))
    await house.hear(*changed, overdue(period=B2))
    subjects = {one.subject for one in await house.deliveries() if one.recipient == LIN}
    assert subjects == {"【督办】报送逾期提醒：建码头", "【督办】报送逾期提醒：建新码头"}


@pytest.mark.parametrize("was", ["yellow", "red"])
async def test_who_was_behind_before_notify_listened_is_not_told_and_the_reason_is_kept(
    house: House, was: str
) -> None:
    await house.hear(standing(was, was))  # type: ignore[arg-type]  # a light
    assert await house.alerts() == []
    assert await house.reasons() == ["stays"]
    assert (await _decisions(house))[0]["plan"] == PLAN


async def _decisions(house: House) -> list[dict[str, str]]:
    office = await house.visitor("office")
    items: list[dict[str, str]] = (await office.get("/v1/decisions")).json()["items"]
    return items

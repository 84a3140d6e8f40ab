"""Who hears when: groups, hours, caps, digests, mutes, and why not."""

import json
from datetime import datetime

import pytest
from notify_house import (
    AT_ONCE,
    B1,
    B2,
    HEAD,
    NOON,
    OFFICE,
    PLAN,
    REPORTER,
    House,
    Json,
    contact,
    overdue,
    published,
    released,
    report,
    standing,
)

from shared.contracts.intake import SubmissionReturned
from shared.contracts.scoring import StandingChanged

LIN, CHEN = REPORTER["email"], HEAD["email"]
BUNDLED = {"to": [{"role": "reporter"}], "group_by": ["unit"]}


async def subjects(house: House, to: str = LIN) -> list[str]:
    return [one.subject for one in await house.deliveries(news=True) if one.recipient == to]


def early(task: str) -> StandingChanged:
    """The live light of a task of the port turns yellow."""
    event = standing("green", "yellow").model_dump(mode="json") | {"task": task}
    return StandingChanged.model_validate_json(json.dumps(event))


async def test_what_happens_within_the_wait_goes_into_one_message_worst_first(
    house: House,
) -> None:
    await house.set_routes({"default": BUNDLED | {"group_wait": "30s"}})
    await house.hear(early("quay"), early("trees"))
    assert await subjects(house) == []
    await house.pass_until("2022-05-11 12:00:29")
    await house.hear(overdue())
    await house.pass_until("2022-05-11 12:00:30")
    assert await subjects(house) == ["【督办】港口局：逾期1项、进度提醒2项"]
    await house.hear(overdue("trees", B1), overdue(period=B1))
    await house.pass_until("2022-05-11 15:59")
    assert len(await subjects(house)) == 1
    await house.pass_until("2022-05-11 16:01")
    assert len(await subjects(house)) == 2


async def test_the_same_group_is_told_at_most_once_an_interval(house: House) -> None:
    timing = {"group_wait": "0s", "group_interval": "1h"}
    await house.set_routes({"default": BUNDLED | timing})
    for minute in range(0, 60, 10):
        await house.pass_until(f"2022-05-11 13:{minute:02}")
        await house.hear(early(f"t{minute}"))
    await house.pass_until("2022-05-11 15:30")
    told = await subjects(house)
    assert told == ["【督办】进度提醒（黄灯）：t0", "【督办】港口局：进度提醒5项"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2022-05-11 20:00", "2022-05-12 08:30"),
        ("2022-05-14 12:00", "2022-05-16 08:30"),
        ("2022-09-30 18:00", "2022-10-08 08:30"),
    ],
)
async def test_outside_hours_a_message_waits_for_the_next_opening_of_a_working_day(
    house: House, now: str, opens: str
) -> None:
    await house.set_routes({"hours": {"from": "08:30", "to": "17:30"}})
    await house.pass_until(now)
    await house.hear(standing("green", "yellow"))
    assert await subjects(house) == []
    assert await house.verdicts("reporter@port") == ["outside_hours"]
    minute_before = datetime.fromisoformat(opens).replace(minute=29)
    await house.pass_until(minute_before.isoformat())
    assert await subjects(house) == []
    await house.pass_until(opens)
    assert len(await subjects(house)) == 1
    assert await house.verdicts("reporter@port") == ["outside_hours", "first_notification"]


async def test_what_is_over_before_it_was_told_is_told_to_nobody(house: House) -> None:
    await house.set_routes({"hours": {"from": "08:30", "to": "17:30"}})
    await house.pass_until("2022-05-11 20:00")
    await house.hear(overdue())
    await house.hear(report())
    await house.pass_until("2022-05-12 12:00")
    assert await subjects(house) == []
    assert await house.verdicts("head@port") == ["outside_hours", "over_before_told"]


async def test_a_returned_report_and_an_interview_wait_for_no_hours(house: House) -> None:
    await house.set_routes({"hours": {"from": "08:30", "to": "17:30"}})
    await house.hear(published("red", period=B1), released(B1))
    await house.pass_until("2022-05-11 20:00")
    returned = SubmissionReturned(
        plan=PLAN,
        submission="s1",
        task="quay",
        unit="port",
        period=B2,
        returned_at=NOON,
        reason="请补充证明。",
        by="office",
    )
    await house.hear(returned)
    await house.hear(published("red", was="red", period=B2), released(B2))
    assert "【督办】报送退回：建码头" in await subjects(house)
    assert "[Duban] Interview (red): Build the quay" in await subjects(house, CHEN)


async def test_somebody_has_hours_of_their_own(house: House) -> None:
    await house.set_routes({"hours": {"from": "08:30", "to": "17:30"}})
    night = {"hours": {"from": "00:00", "to": "24:00", "working_days_only": False}}
    await house.set_contacts(REPORTER, HEAD | night)
    await house.pass_until("2022-05-14 23:00")
    await house.hear(overdue())
    assert (await subjects(house), len(await subjects(house, CHEN))) == ([], 1)


async def test_over_the_daily_cap_the_rest_comes_as_one_digest_at_five(house: House) -> None:
    await house.set_routes({"daily_cap": 2})
    for number in range(6):
        await house.hear(early(f"t{number}"))
    assert len(await subjects(house)) == 2
    assert (await house.verdicts("reporter@port")).count("over_daily_cap") == 4
    await house.pass_until("2022-05-11 16:59")
    assert len(await subjects(house)) == 2
    await house.pass_until("2022-05-11 17:00")
    assert len(await subjects(house)) == 3
    assert "【督办】今日汇总（2022-05-11）：进度提醒4项" in await subjects(house)
    await house.pass_until("2022-05-12 09:00")
    await house.hear(early("t9"))
    assert len(await subjects(house)) == 4


async def test_the_cap_is_each_persons_and_endpoints_have_none(house: House) -> None:
    await house.add_endpoint("hook", "https://93.184.215.14/hook")
    to = [{"role": "reporter"}, {"endpoint": "hook"}]
    await house.set_routes({"daily_cap": 1, "default": {"to": to, **AT_ONCE}})
    for number in range(3):
        await house.hear(overdue(period=f"p{number}"))
    told = [one.recipient for one in await house.deliveries()]
    assert sorted(told) == sorted([LIN, CHEN, "hook", "hook", "hook"])


async def muting(house: House, match: Json, *, until: str = "2022-05-13T08:00:00+08:00") -> str:
    office = await house.visitor("office")
    body = {"match": match, "until": until, "reason": "汛期"}
    answer = await office.post("/v1/mutes", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_what_is_muted_waits_and_goes_out_if_it_still_stands_when_the_mute_ends(
    house: House,
) -> None:
    await muting(house, {"unit": "port"})
    await house.hear(early("quay"), overdue("trees"))
    assert await subjects(house) == []
    (held,) = [row for row in await house.decisions() if row.reason == "muted"]
    assert json.loads(held.operands)["by"] == "Ms Lin"
    assert json.loads(held.operands)["why"] == "汛期"
    await house.pass_until("2022-05-13 08:00")
    assert len(await subjects(house)) == 1


async def test_a_mute_that_is_ended_lets_go_at_once(house: House) -> None:
    mute = await muting(house, {"kind": ["early"]})
    await house.hear(early("quay"))
    office = await house.visitor("office")
    assert [one["id"] for one in (await office.get("/v1/mutes")).json()["items"]] == [mute]
    assert (await office.post(f"/v1/mutes/{mute}/end")).status_code == 200
    await house.fired()
    assert len(await subjects(house)) == 1
    assert (await office.get("/v1/mutes")).json()["items"] == []
    assert (await office.post("/v1/mutes/none/end")).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"match": {}, "until": "2022-06-01T00:00:00Z", "reason": "x"}, "matches_everything"),
        ({"match": {"unit": "u"}, "until": "2022-05-01T00:00:00Z", "reason": "x"}, "over_already"),
        ({"match": {"unit": "u"}, "until": "soon", "reason": "x"}, "bad_value"),
        ({"match": {"unit": "u"}, "until": "2022-06-01T00:00:00Z"}, "missing_key"),
    ],
)
async def test_a_mute_without_an_end_a_reason_or_an_object_is_refused(
    house: House, body: Json, code: str
) -> None:
    office = await house.visitor("office")
    answer = await office.post("/v1/mutes", json=body)
    assert answer.status_code == 422
    assert code in answer.text


async def test_only_the_office_mutes(house: House) -> None:
    observer = await house.visitor("observer")
    body = {"match": {"unit": "u"}, "until": "2022-06-01T00:00:00Z", "reason": "x"}
    assert (await observer.post("/v1/mutes", json=body)).status_code == 403


async def test_a_route_that_adds_nobody_is_a_decision(house: House) -> None:
    await house.set_routes({"default": {"to": [], **AT_ONCE}})
    await house.hear(standing("green", "yellow"))
    assert "no_route" in [row.reason for row in await house.decisions()]
    assert len(await subjects(house)) == 1  # whom the kind concerns is told all the same


async def test_a_person_can_hear_by_an_endpoint_instead_of_by_mail(house: House) -> None:
    await house.add_endpoint("robot", "https://93.184.215.14/hook")
    await house.set_contacts(contact("reporter", LIN) | {"endpoint": "robot"}, HEAD)
    await house.hear(overdue())
    assert sorted(one.recipient for one in await house.deliveries()) == sorted(["robot", CHEN])


async def test_whoever_unsubscribed_gets_no_news_and_every_warning(house: House) -> None:
    await house.hear(published("green", period=B1), released(B1))
    (news,) = [one for one in await house.deliveries(news=True) if one.recipient == LIN]
    assert news.unsubscribe.startswith("http://duban.test/unsubscribe/")
    stranger = await house.visitor("observer")
    del stranger.headers["authorization"]
    path = news.unsubscribe.removeprefix("http://duban.test")
    await stranger.get(path)  # a look changes nothing
    assert await house.notify.subscriptions.holds(PLAN, LIN)
    one_click = await stranger.post(path, content=b"List-Unsubscribe=One-Click")
    assert one_click.status_code == 200  # RFC 8058: no redirect
    assert not await house.notify.subscriptions.holds(PLAN, LIN)
    await house.hear(published("yellow", was="green", period=B2), released(B2))
    after = [one for one in await house.deliveries(news=True) if one.recipient == LIN]
    (warning,) = [one for one in after if one.id != news.id]
    assert warning.subject == "【督办】进度滞后预警（黄灯）：建码头"
    assert warning.unsubscribe == ""


async def test_a_look_at_a_messages_link_changes_nothing_and_its_form_answers_for_all_of_it(
    house: House,
) -> None:
    await house.set_routes({"default": BUNDLED | {"group_wait": "0s"}})
    await house.hear(early("quay"), early("trees"))
    (told,) = [one for one in await house.deliveries() if one.recipient == LIN]
    link = next(word for word in told.body.decode().split() if "/messages/" in word)
    path = "/messages/" + link.rpartition("/messages/")[2]
    stranger = await house.visitor("observer")
    del stranger.headers["authorization"]
    page = await stranger.get(path)
    assert page.status_code == 200
    assert page.text.count("落后序时进度") == 2
    assert {one.state for one in await house.alerts()} == {"raised"}
    answered = await stranger.post(path)
    assert answered.status_code == 303
    assert {(one.state, one.acknowledged_by) for one in await house.alerts()} == {
        ("acknowledged", LIN)
    }
    assert "已记录您的答复" in (await stranger.get(answered.headers["location"])).text
    for broken in (path[:-1], path + "x", "/messages/abc", "/messages/" + "a" * 300):
        assert (await stranger.get(broken)).status_code == 404
        assert (await stranger.post(broken)).status_code == 404


async def test_the_dry_run_shows_who_would_hear_and_who_would_not_and_tells_nobody(
    house: House,
) -> None:
    observer = await house.visitor("observer")
    tried = await observer.post(
        "/v1/routes/test",
        json={
            "plan": PLAN,
            "unit": "port",
            "task": "quay",
            "kind": "lag",
            "level": "red",
            "at": "2022-05-14T12:00:00+08:00",
            "notify": {
                "routes": [{"match": {"level": "red"}, "to": [{"role": "office"}]}],
            },
        },
    )
    assert tried.status_code == 200, tried.text
    answer = tried.json()
    assert answer["routes"] == ["routes[0]"]
    assert [(one["addressee"], one["effect"], one["reason"]) for one in answer["told"]] == [
        ("reporter@port", "hold", "outside_hours"),
        ("head@port", "hold", "outside_hours"),
        ("group@A1", "hold", "outside_hours"),
    ]
    assert {one["until"] for one in answer["told"]} == {"2022-05-16T00:30:00Z"}
    assert answer["not_told"] == [{"reason": "no_contact", "addressee": f"office@{PLAN}"}]
    assert (await house.alerts(), await house.deliveries()) == ([], [])
    await house.set_contacts(OFFICE)
    unknown = await observer.post("/v1/routes/test", json={"plan": PLAN, "unit": "none"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_unit")

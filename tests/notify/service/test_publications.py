"""A publication is judged line by line against the one before it."""

import json

import pytest
from notify_house import (
    B1,
    B2,
    B3,
    GROUP,
    HEAD,
    REPORTER,
    House,
    contact,
    published,
    released,
    standing,
)

from shared.contracts.notify import AlertRaised, AlertResolved
from shared.contracts.scoring import Light, StandingChanged, UnitPublished

LIN, CHEN, WU = REPORTER["email"], HEAD["email"], GROUP["email"]


def part_of_the_parks(light: Light, period: str = B2) -> UnitPublished:
    """The other unit's part: its trees have this light."""
    event = published(light, period=period).model_dump(mode="json")
    event["lines"][0]["task"] = "trees"
    return UnitPublished.model_validate_json(json.dumps(event | {"unit": "parks"}))


def led_by_the_parks(part: UnitPublished) -> UnitPublished:
    """The same lines, in the part of the unit that has taken the task over."""
    event = part.model_dump(mode="json") | {"unit": "parks"}
    return UnitPublished.model_validate_json(json.dumps(event))


@pytest.mark.parametrize(
    ("light", "reason"), [("green", "on_schedule"), ("blue", "done"), ("grey", "not_counted")]
)
async def test_a_lag_ends_with_the_publication_in_which_its_level_is_left(
    house: House, light: Light, reason: str
) -> None:
    await house.hear(published("yellow", period=B1), released(B1))
    told = await house.recipients()
    await house.hear(published(light, was="yellow", period=B2), released(B2))
    alert = await house.alert()
    assert (alert.state, alert.reason) == ("resolved", reason)
    assert alert.resolved_at is not None
    assert [one.reason for one in await house.said(AlertResolved)] == [reason]
    assert await house.recipients() == told


async def test_a_level_that_is_entered_again_is_a_new_alert_and_told_again(house: House) -> None:
    await house.hear(published("yellow", period=B1), released(B1))
    await house.hear(published("green", was="yellow", period=B2), released(B2))
    await house.hear(published("yellow", was="green", period=B3), released(B3))
    raised = {one.alert for one in await house.said(AlertRaised) if one.kind == "lag"}
    assert len(raised) == 2
    assert sorted(one.state for one in await house.alerts()) == ["raised", "resolved"]
    assert sorted(await house.recipients()) == sorted([LIN, CHEN] * 2)


async def test_a_light_that_stays_is_told_once_though_its_figures_move(house: House) -> None:
    await house.hear(published("red", period=B1, gap="9.00"), released(B1))
    told = await house.recipients()
    await house.hear(published("red", was="red", period=B2, gap="21.50"), released(B2))
    interview, alert = await house.alerts()
    assert (alert.gap, alert.period, alert.since.isoformat()) == ("21.50", B2, "2022-02-28")
    lag = [row.reason for row in await house.decisions() if row.kind == "lag"]
    assert [reason for reason in lag if reason != "first_notification"] == [
        "entered",
        "figures_changed",
    ]
    told_of_lag = [one.recipient for one in await house.deliveries() if one.alert == alert.id]
    assert (told_of_lag, interview.kind) == (told, "interview")


async def test_a_lag_that_got_worse_keeps_its_id_and_tells_what_is_worse(house: House) -> None:
    await house.hear(published("yellow", period=B1), released(B1))
    await house.hear(published("red", was="yellow", period=B2), released(B2))
    first, second = [one for one in await house.said(AlertRaised) if one.kind == "lag"]
    assert first.alert == second.alert
    assert (first.level, second.level) == ("yellow", "red")
    assert second.to == ("reporter@port", "head@port", "group@A1")
    assert [one.recipient for one in await house.deliveries() if "red" in one.subject] == [CHEN]


async def test_each_unit_is_judged_by_its_own_part(house: House) -> None:
    await house.hear(published("green"), part_of_the_parks("red"), released(units=2))
    alert = await house.alert()
    assert (alert.unit, alert.task, alert.level) == ("parks", "trees", "red")
    assert await house.recipients() == [WU]


async def test_the_parts_of_one_period_are_not_counted_to_another(house: House) -> None:
    await house.hear(published("red", period=B1), part_of_the_parks("green", B2), released(B2))
    assert await house.alerts() == []
    await house.hear(released(B1))
    assert (await house.alert()).period == B1
    assert await house.letters() == []


async def test_a_publication_that_was_set_aside_leaves_the_next_one_whole(house: House) -> None:
    await house.hear(published("red", period=B1), released(B1, units=2))
    await house.hear(published("red", period=B2), released(B2))
    assert await house.letters() == ["incomplete_publication"]
    assert (await house.alert()).period == B2


async def test_who_takes_a_task_over_is_told_and_who_led_it_before_is_let_go(house: House) -> None:
    await house.set_contacts(REPORTER, contact("head", "wang@parks.example", subject="parks"))
    await house.hear(published("yellow", period=B1), released(B1))
    handed = led_by_the_parks(published("yellow", was="yellow", period=B2))
    await house.hear(handed, released(B2))
    assert {one.unit: (one.state, one.reason) for one in await house.alerts()} == {
        "port": ("resolved", "handed_over"),
        "parks": ("raised", "entered"),
    }
    assert sorted(await house.recipients()) == [LIN, "wang@parks.example"]
    reader = await house.visitor("submit", unit="port")
    listed = (await reader.get("/v1/alerts", params={"kind": "lag"})).json()["items"]
    (mine,) = listed
    assert mine["reason"] == "handed_over"


async def test_the_correction_of_a_period_from_before_a_handover_hands_nothing_back(
    house: House,
) -> None:
    await house.hear(led_by_the_parks(published("red", period=B2)), released(B2))
    await house.hear(published("red", period=B1), released(B1))
    alert = await house.alert()
    assert (alert.unit, alert.state) == ("parks", "raised")
    assert (await house.reasons())[-1] == "older_period"


async def test_a_live_lag_follows_the_task_to_the_unit_that_leads_it_now(house: House) -> None:
    await house.hear(standing("green", "red"))
    change = standing("red", "yellow").model_dump(mode="json") | {"unit": "parks"}
    await house.hear(StandingChanged.model_validate_json(json.dumps(change)))
    assert sorted((one.unit, one.state) for one in await house.alerts()) == [
        ("parks", "raised"),
        ("port", "resolved"),
    ]

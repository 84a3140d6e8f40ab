"""Endpoints at work: rotated secrets, robots and their pace, five days of failure."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from databases import Databases
from kit_cast import until
from notify_house import (
    AT_ONCE,
    OFFICE,
    Hook,
    House,
    make_house,
    open_hook,
    overdue,
    plan_events,
    standing,
    until_delivered,
)
from standardwebhooks import Webhook, WebhookVerificationError

from notify.store.tables import Delivery
from shared.contracts.notify import EndpointDisabled

pytestmark = pytest.mark.enable_socket


def was_tried(times: int, deliveries: Sequence[Delivery]) -> bool:
    """So often, or for good."""
    return deliveries[0].attempts >= times or deliveries[0].state != "pending"


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with open_hook() as receiver:
        yield receiver


@pytest.fixture
async def house(tmp_path: Path, databases: Databases, hook: Hook) -> AsyncIterator[House]:
    allowed = f"127.0.0.1/32:{hook.port}"
    async with make_house(tmp_path / "house", databases=databases, allow_targets=allowed) as made:
        await made.hear(*plan_events())
        yield made


async def test_for_a_day_after_a_rotation_both_secrets_verify_and_then_the_new_one_alone(
    house: House, hook: Hook
) -> None:
    old = await house.add_endpoint("hook", hook.url)
    office = await house.visitor("office")
    new = (await office.post("/v1/endpoints/hook/rotate")).json()["secret"]
    assert new.startswith("whsec_")
    await office.post("/v1/endpoints/hook/test")
    house.wall_moves(timedelta(hours=25))
    await office.post("/v1/endpoints/hook/test")
    (first_headers, first), (later_headers, later) = hook.calls
    for secret in (old, new):
        assert Webhook(secret).verify(first, first_headers)["type"] == "test"
    assert len(first_headers["webhook-signature"].split()) == 2
    assert len(later_headers["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(later, later_headers)


async def test_a_second_rotation_waits_until_receivers_had_their_day_for_the_first(
    house: House, hook: Hook
) -> None:
    old = await house.add_endpoint("hook", hook.url)
    office = await house.visitor("office")
    new = (await office.post("/v1/endpoints/hook/rotate")).json()["secret"]
    again = await office.post("/v1/endpoints/hook/rotate")
    assert (again.status_code, again.json()["code"]) == (409, "still_rotating")
    await office.post("/v1/endpoints/hook/test")
    ((headers, body),) = hook.calls
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)["type"] == "test"
    house.wall_moves(timedelta(hours=25))
    assert (await office.post("/v1/endpoints/hook/rotate")).status_code == 200


async def test_a_secret_that_is_not_made_here_is_not_rotated_here(
    house: House, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SECRET_OWN", "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    office = await house.visitor("office")
    own = {"id": "own", "url": hook.url, "secret_env": "NOTIFY_SECRET_OWN"}
    assert (await office.post("/v1/endpoints", json=own)).json()["secret"] is None
    refused = await office.post("/v1/endpoints/own/rotate")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_made_secret")
    await office.post("/v1/endpoints/own/test")
    ((headers, body),) = hook.calls
    assert Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(body, headers)
    assert (await office.post("/v1/endpoints/none/rotate")).status_code == 404


async def test_a_secret_whose_variable_is_gone_waits_for_it_and_says_so(
    house: House, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SECRET_OWN", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    office = await house.visitor("office")
    own = {"id": "own", "url": hook.url, "secret_env": "NOTIFY_SECRET_OWN"}
    await office.post("/v1/endpoints", json=own)
    monkeypatch.delenv("NOTIFY_SECRET_OWN")
    told = (await office.post("/v1/endpoints/own/test")).json()
    assert (told["outcome"], told["reason"]) == ("retry", "no_secret")
    assert "NOTIFY_SECRET_OWN" in told["detail"]
    assert hook.calls == []


async def test_five_days_of_failure_disable_an_endpoint_and_the_office_is_told(
    house: House, hook: Hook
) -> None:
    await house.set_contacts(OFFICE)
    await house.add_endpoint("hook", hook.url)
    await house.set_routes({"default": {"to": [{"endpoint": "hook"}], **AT_ONCE}})
    hook.statuses = ["500 Oops"] * 20
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
        for attempt in range(2, 14):
            house.wall_moves(timedelta(hours=27))
            await until_delivered(house, partial(was_tried, attempt))
            if await house.said(EndpointDisabled):
                break
    (told,) = await house.said(EndpointDisabled)
    assert (told.endpoint, told.reason) == ("hook", "failing")
    assert told.disabled_at - told.failing_since >= timedelta(days=5)
    office = await house.visitor("office")
    (endpoint,) = (await office.get("/v1/endpoints")).json()["items"]
    assert (endpoint["disabled_reason"], endpoint["disabled_at"] is not None) == ("failing", True)
    listed = (await office.get("/v1/deliveries", params={"channel": "mail"})).json()["items"]
    assert [one["subject"] for one in listed] == ["【督办】消息接收端“hook”已停用"]
    await house.hear(overdue())
    assert "endpoint_disabled" in [row.reason for row in await house.decisions()]
    enabled = await office.post("/v1/endpoints/hook/enable")
    assert enabled.json()["disabled_at"] is None
    assert enabled.json()["failing_since"] is None


async def test_one_success_in_five_days_is_a_clean_slate(house: House, hook: Hook) -> None:
    await house.add_endpoint("hook", hook.url)
    await house.set_routes({"default": {"to": [{"endpoint": "hook"}], **AT_ONCE}})
    hook.statuses = ["500 Oops", "204 No Content", "500 Oops"]
    async with house.dispatching():
        await house.hear(standing("green", "yellow"))
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
        house.wall_moves(timedelta(days=4))
        await until_delivered(house, lambda all_: all_[0].state == "delivered")
        house.wall_moves(timedelta(days=4))
        await house.hear(overdue())
        await until(lambda: len(hook.calls) == 3)
        await until_delivered(house, lambda all_: sorted(one.attempts for one in all_) == [1, 2])
    assert await house.said(EndpointDisabled) == []


async def test_robots_are_spoken_to_no_faster_than_they_bear_and_nobody_waits_for_them(
    house: House, hook: Hook
) -> None:
    office = await house.visitor("office")
    robot = {"id": "robot", "url": hook.url, "format": "wecom"}
    assert (await office.post("/v1/endpoints", json=robot)).status_code == 201
    await house.add_endpoint("quick", hook.url)
    both = [{"endpoint": "robot"}, {"endpoint": "quick"}]
    await house.set_routes({"default": {"to": both, **AT_ONCE}})
    for number in range(4):
        await house.hear(overdue(period=f"p{number}"))
    async with house.dispatching():
        await until(lambda: len([1 for one in hook.calls if "webhook-id" in one[0]]) == 4)
        await until(lambda: len(hook.calls) >= 5)
        robots = len(hook.calls) - 4
        assert robots <= 2  # the others wait three seconds each
    body = next(body for headers, body in hook.calls if "webhook-id" not in headers)
    assert json.loads(body)["msgtype"] == "markdown"


async def test_a_robot_that_was_spoken_to_too_often_delays_only_itself(
    house: House, hook: Hook
) -> None:
    office = await house.visitor("office")
    robot = {"id": "robot", "url": hook.url, "format": "feishu"}
    assert (await office.post("/v1/endpoints", json=robot)).status_code == 201
    hook.statuses = ["429 Too Many Requests\r\nRetry-After: 600"]
    await house.set_routes({"default": {"to": [{"endpoint": "robot"}], **AT_ONCE}})
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
        await house.add_endpoint("quick", hook.url)
        both = [{"endpoint": "robot"}, {"endpoint": "quick"}]
        await house.set_routes({"default": {"to": both, **AT_ONCE}})
        await house.hear(overdue())
        await until(lambda: any("webhook-id" in headers for headers, _ in hook.calls))
    waiting = [one for one in await house.deliveries() if one.recipient == "robot"]
    assert sorted(one.attempts for one in waiting) == [0, 1]
    items = (await office.get("/v1/endpoints")).json()["items"]
    (known,) = [one for one in items if one["id"] == "robot"]
    assert (known["next_at"] is not None, known["disabled_at"]) == (True, None)

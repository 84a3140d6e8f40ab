"""Deliveries go to real receivers: once where it can be, again where it must, under one id."""

import asyncio
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
    HEAD,
    REPORTER,
    Hook,
    House,
    Json,
    Mailbox,
    make_house,
    open_hook,
    open_mailbox,
    overdue,
    plan_events,
    report,
    standing,
    until_delivered,
)
from standardwebhooks import Webhook

from notify.store.tables import Delivery
from shared.contracts.notify import DeliveryFinished

pytestmark = pytest.mark.enable_socket
LIN, CHEN = REPORTER["email"], HEAD["email"]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as box:
        yield box


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with open_hook() as receiver:
        yield receiver


@pytest.fixture
async def house(
    tmp_path: Path, databases: Databases, mailbox: Mailbox, hook: Hook
) -> AsyncIterator[House]:
    """It can send; nobody is to be told yet."""
    async with make_house(
        tmp_path / "house",
        databases=databases,
        smtp_port=mailbox.port,
        allow_targets=f"127.0.0.1/32:{hook.port}",
    ) as made:
        await made.hear(*plan_events())
        yield made


async def calls_only(house: House, hook: Hook) -> str:
    """The route leads to the receiver and to nobody else; the endpoint's secret."""
    secret = await house.add_endpoint("hook", hook.url)
    await house.route({"endpoint": "hook"})
    return secret


async def test_an_overdue_report_is_mailed_once_to_each_and_again_to_nobody(
    house: House, mailbox: Mailbox
) -> None:
    await house.set_contacts(REPORTER, HEAD)
    async with house.dispatching():
        await house.hear(overdue())
        await until_delivered(house, lambda all_: {one.state for one in all_} == {"delivered"})
        await house.voice.repeat_everything()
        await house.hear(report())
    assert mailbox.to == sorted([LIN, CHEN])
    finished_by = await house.said(DeliveryFinished)
    assert all(len(one.notices) == 1 for one in finished_by)
    assert {one.attempts for one in await house.deliveries()} == {1}
    finished = await house.said(DeliveryFinished)
    assert [(one.channel, one.outcome, one.attempts) for one in finished] == [
        ("mail", "delivered", 1),
        ("mail", "delivered", 1),
    ]
    assert house.figure("duban_deliveries_total", channel="mail", outcome="delivered") == 2


async def test_a_webhook_is_signed_with_the_secret_its_endpoint_was_given(
    house: House, hook: Hook
) -> None:
    secret = await calls_only(house, hook)
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until(lambda: len(hook.calls) == 1)
    headers, body = hook.calls[0]
    assert Webhook(secret).verify(body, headers)["type"] == "alert.raised"
    assert json.loads(body)["data"]["alert"] == (await house.alert()).id


async def test_a_webhook_that_failed_is_sent_again_later_under_the_same_id(
    house: House, hook: Hook
) -> None:
    await calls_only(house, hook)
    hook.statuses = ["500 Oops"]
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
        (waiting,) = [one for one in await house.deliveries() if one.channel == "webhook"]
        assert (waiting.state, waiting.last_status, waiting.last_reason) == (
            "pending",
            500,
            "status",
        )
        assert await house.said(DeliveryFinished) == []
        house.wall_moves(timedelta(seconds=6))
        await until_delivered(house, lambda all_: all_[0].state == "delivered")
    assert hook.ids == [waiting.id, waiting.id]
    assert hook.calls[0][1] == hook.calls[1][1]
    assert [one.attempts for one in await house.said(DeliveryFinished)] == [2]


async def test_a_receiver_that_asks_for_time_gets_it(house: House, hook: Hook) -> None:
    await calls_only(house, hook)
    hook.statuses = ["503 Busy\r\nRetry-After: 600"]
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
    (waiting,) = await house.deliveries()
    assert waiting.next_attempt_at > house.clock.wall_now() + timedelta(seconds=590)


def was_tried(times: int, deliveries: Sequence[Delivery]) -> bool:
    return deliveries[0].attempts == times


async def test_a_mail_that_is_never_taken_expires_after_thirteen_attempts(
    house: House, mailbox: Mailbox
) -> None:
    await house.set_contacts(REPORTER)
    mailbox.answer = "451 later"
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        for attempt in range(1, 13):
            await until_delivered(house, partial(was_tried, attempt))
            assert (await house.deliveries())[0].state == "pending"
            house.wall_moves(timedelta(hours=27))
        await until_delivered(house, lambda all_: all_[0].state == "expired")
    assert len({mail["message-id"] for mail in mailbox.mails}) == 1
    (finished,) = await house.said(DeliveryFinished)
    assert (finished.outcome, finished.attempts) == ("expired", 13)
    assert house.figure("duban_deliveries_total", channel="mail", outcome="retry") == 12


async def test_an_endpoint_that_answers_410_is_disabled_with_all_that_waits_for_it(
    house: House, hook: Hook
) -> None:
    await calls_only(house, hook)
    hook.statuses = ["500 Oops", "410 Gone"]
    async with house.dispatching():
        await house.hear(standing("green", "yellow"))
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
        await house.hear(overdue())
        await until_delivered(house, lambda all_: {one.state for one in all_} == {"gone"})
    assert len(hook.calls) == 2
    assert [one.attempts for one in await house.deliveries()] == [1, 1]
    office = await house.visitor("office")
    (endpoint,) = (await office.get("/v1/endpoints")).json()["items"]
    assert endpoint["disabled_at"]
    assert endpoint["disabled_reason"] == "gone"
    assert [one.outcome for one in await house.said(DeliveryFinished)] == ["gone", "gone"]


async def test_a_disabled_endpoint_gets_nothing_and_the_reason_is_kept(
    house: House, hook: Hook
) -> None:
    await calls_only(house, hook)
    hook.statuses = ["410 Gone"]
    async with house.dispatching():
        await house.hear(standing("green", "yellow"))
        await until_delivered(house, lambda all_: all_[0].state == "gone")
    await house.hear(overdue())
    assert len(await house.deliveries()) == 1
    assert "endpoint_disabled" in await house.reasons()


async def test_a_route_that_names_a_disabled_endpoint_anew_enables_it_under_its_secret(
    house: House, hook: Hook
) -> None:
    secret = await calls_only(house, hook)
    hook.statuses = ["410 Gone"]
    async with house.dispatching():
        await house.hear(standing("green", "yellow"))
        await until_delivered(house, lambda all_: all_[0].state == "gone")
        again = {"endpoints": [{"id": "hook", "url": f"{hook.url}/new"}]}
        answer = await house.set_routes(
            again | {"default": {"to": [{"endpoint": "hook"}], **AT_ONCE}}
        )
        assert answer["secrets"] == {}
        await house.hear(overdue())
        await until(lambda: len(hook.calls) == 2)
    assert Webhook(secret).verify(hook.calls[1][1], hook.calls[1][0])


async def test_a_slow_endpoint_holds_up_neither_mail_nor_another_endpoint(
    tmp_path: Path,
    databases: Databases,
    mailbox: Mailbox,
    hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("notify.service.queue._PAGE", 10)  # what waits for it fills a page
    async with open_hook() as slow:
        slow.hold = asyncio.Event()
        allowed = f"127.0.0.1/32:{hook.port},127.0.0.1/32:{slow.port}"
        async with make_house(
            tmp_path / "slow", databases=databases, smtp_port=mailbox.port, allow_targets=allowed
        ) as house:
            await house.hear(*plan_events())
            await house.set_contacts(REPORTER)
            await house.add_endpoint("slow", slow.url)
            await house.route({"endpoint": "slow"})
            async with house.dispatching():
                for number in range(30):  # each in a message of its own
                    await house.hear(overdue(period=f"p{number}"))
                await until(lambda: len(slow.calls) == 4 and len(mailbox.mails) == 30)
                await house.add_endpoint("quick", hook.url)
                await house.route({"endpoint": "quick"})
                await house.hear(standing("green", "yellow"))
                await until(lambda: len(hook.calls) == 1 and len(mailbox.mails) == 31)
                assert len(slow.calls) == 4
                slow.hold.set()
                await until(lambda: len(set(slow.ids)) == 30)


async def test_what_was_being_sent_when_the_process_died_is_sent_again_under_its_id(
    tmp_path: Path, databases: Databases, mailbox: Mailbox, hook: Hook
) -> None:
    hook.hold = asyncio.Event()
    settings: Json = {"smtp_port": mailbox.port, "allow_targets": f"127.0.0.1/32:{hook.port}"}
    async with make_house(tmp_path / "house", databases=databases, **settings) as house:
        await house.hear(*plan_events())
        await calls_only(house, hook)
        await house.hear(standing("green", "yellow"))
        async with house.dispatching():
            await until(lambda: len(hook.calls) == 1)
        assert [one.attempts for one in await house.deliveries()] == [0]
    hook.hold = None
    async with make_house(tmp_path / "house", databases=databases, **settings) as again:
        async with again.dispatching():
            await until_delivered(again, lambda all_: all_[0].state == "delivered")
        (delivery,) = await again.deliveries()
    assert hook.ids == [delivery.id, delivery.id]


async def test_a_delivery_can_be_sent_again_by_hand_under_its_id(
    house: House, mailbox: Mailbox
) -> None:
    await house.set_contacts(REPORTER)
    mailbox.answer = "550 no such person"
    office = await house.visitor("office")
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until_delivered(house, lambda all_: all_[0].state == "refused")
        (delivery,) = await house.deliveries()
        mailbox.answer = "250 OK"
        answer = await office.post(f"/v1/deliveries/{delivery.id}/redeliver")
        assert (answer.status_code, answer.json()["id"]) == (200, delivery.id)
        await until_delivered(house, lambda all_: all_[0].state == "delivered")
    first, second = (mail["message-id"] for mail in mailbox.mails)
    assert first == second
    assert [one.outcome for one in await house.said(DeliveryFinished)] == ["refused", "delivered"]


async def test_a_test_message_is_signed_and_its_answer_is_shown(house: House, hook: Hook) -> None:
    secret = await house.add_endpoint("hook", hook.url)
    hook.statuses = ["204 No Content", "500 Oops"]
    office = await house.visitor("office")
    good = await office.post("/v1/endpoints/hook/test")
    bad = await office.post("/v1/endpoints/hook/test")
    assert (good.json()["outcome"], good.json()["status"]) == ("delivered", 204)
    assert (bad.json()["outcome"], bad.json()["status"]) == ("retry", 500)
    assert Webhook(secret).verify(hook.calls[0][1], hook.calls[0][0])["type"] == "test"
    assert len(set(hook.ids)) == 2
    assert await house.deliveries() == []


async def test_what_waits_to_be_sent_is_a_figure(house: House, mailbox: Mailbox) -> None:
    await house.set_contacts(REPORTER)
    mailbox.answer = "451 later"
    await house.hear(standing("green", "yellow"))
    async with house.dispatching():
        await until_delivered(house, lambda all_: all_[0].attempts == 1)
        assert await house.pending() == 1
        mailbox.answer = "250 OK"
        house.wall_moves(timedelta(seconds=6))
        await until_delivered(house, lambda all_: all_[0].state == "delivered")
        assert await house.pending() == 0

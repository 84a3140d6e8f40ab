"""What happens to deliveries while a receiver is away, moves inside, or is switched off."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from databases import Databases
from kit_cast import until
from notify_house import (
    HEAD,
    REPORTER,
    Hook,
    House,
    Mailbox,
    make_house,
    open_hook,
    overdue,
    plan_events,
    standing,
    until_delivered,
)

from notify.store.tables import Delivery

pytestmark = pytest.mark.enable_socket
LIN, CHEN = REPORTER["email"], HEAD["email"]
PUBLIC = "93.184.215.14"


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with open_hook() as receiver:
        yield receiver


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def by_channel(deliveries: list[Delivery], channel: str) -> list[Delivery]:
    return [one for one in deliveries if one.channel == channel]


async def call_the_hook(house: House, url: str) -> None:
    await house.add_endpoint("hook", url)
    await house.route({"endpoint": "hook"})


async def test_while_the_mail_server_is_away_mail_waits_and_webhooks_go_out(
    tmp_path: Path, databases: Databases, hook: Hook
) -> None:
    port, box, loop = free_port(), Mailbox(), asyncio.get_running_loop()
    async with make_house(
        tmp_path / "house",
        databases=databases,
        smtp_port=port,
        allow_targets=f"127.0.0.1/32:{hook.port}",
    ) as house:
        await house.hear(*plan_events())
        await house.set_contacts(REPORTER, HEAD)
        await call_the_hook(house, hook.url)
        async with house.dispatching():
            await house.hear(overdue())
            await until(lambda: len(hook.calls) == 1)
            await until_delivered(house, lambda all_: min(one.attempts for one in all_) == 1)
            mails = by_channel(await house.deliveries(), "mail")
            assert {(one.state, one.last_reason) for one in mails} == {
                ("pending", "connection_failed")
            }
            reader = await house.visitor("observer")
            assert "无法连接" in (await reader.get(f"/alerts/{mails[0].alert}")).text
            server = await loop.create_server(
                lambda: SMTP(box, hostname="localhost", loop=loop), "127.0.0.1", port
            )
            house.wall_moves(timedelta(seconds=6))
            await until_delivered(house, lambda all_: {one.state for one in all_} == {"delivered"})
            server.close()
            await server.wait_closed()
    assert box.to == sorted([LIN, CHEN])
    assert len(hook.calls) == 1


async def test_a_target_that_has_moved_inside_is_refused_when_it_is_called_and_not_connected_to(
    tmp_path: Path, databases: Databases, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = PUBLIC

    async def look_up(_host: str, port: int, **_of: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  # the loop's
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    async with make_house(tmp_path / "house", databases=databases) as house:
        await house.hear(*plan_events())
        await call_the_hook(house, f"http://hooks.example:{hook.port}/hook")
        answer = "127.0.0.1"
        await house.hear(standing("green", "yellow"))
        async with house.dispatching():
            await until_delivered(house, lambda all_: all_[0].state == "refused")
        (refused,) = await house.deliveries()
        page = await (await house.visitor("observer")).get(f"/alerts/{refused.alert}")
    assert refused.last_reason == "not_public"
    assert "地址不在公网" in page.text
    assert f"127.0.0.1:{hook.port} in NOTIFY_ALLOW_TARGETS" in (refused.last_detail or "")
    assert hook.talks == set()


async def test_a_target_the_operator_no_longer_lists_is_refused_when_it_is_called(
    tmp_path: Path, databases: Databases, hook: Hook
) -> None:
    allowed = f"127.0.0.1/32:{hook.port}"
    async with make_house(tmp_path / "house", databases=databases, allow_targets=allowed) as house:
        await house.hear(*plan_events())
        await call_the_hook(house, hook.url)
        await house.hear(standing("green", "yellow"))
    async with make_house(tmp_path / "house", databases=databases) as again, again.dispatching():
        await until_delivered(again, lambda all_: all_[0].state == "refused")
    assert hook.talks == set()


async def test_a_delivery_to_a_disabled_endpoint_sent_again_by_hand_ends_without_a_call(
    tmp_path: Path, databases: Databases, hook: Hook
) -> None:
    allowed = f"127.0.0.1/32:{hook.port}"
    async with make_house(tmp_path / "house", databases=databases, allow_targets=allowed) as house:
        await house.hear(*plan_events())
        await call_the_hook(house, hook.url)
        hook.statuses = ["410 Gone"]
        office = await house.visitor("office")
        await house.hear(standing("green", "yellow"))
        async with house.dispatching():
            await until_delivered(house, lambda all_: all_[0].state == "gone")
            (gone,) = await house.deliveries()
            await office.post(f"/v1/deliveries/{gone.id}/redeliver")
            await until_delivered(house, lambda all_: all_[0].last_reason == "endpoint_disabled")
        assert (await house.deliveries())[0].state == "gone"
        assert len(hook.calls) == 1
        tried = await office.post("/v1/endpoints/hook/test")
    assert tried.json()["outcome"] == "delivered"


async def test_an_address_the_mail_server_refuses_is_not_tried_again(
    tmp_path: Path, databases: Databases
) -> None:
    box, loop = Mailbox(), asyncio.get_running_loop()
    box.answer = "550 no such person"
    server = await loop.create_server(
        lambda: SMTP(box, hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    async with make_house(tmp_path / "house", databases=databases, smtp_port=port) as house:
        await house.hear(*plan_events())
        await house.set_contacts(REPORTER)
        await house.hear(standing("green", "yellow"))
        async with house.dispatching():
            await until_delivered(house, lambda all_: all_[0].state == "refused")
            house.wall_moves(timedelta(days=9))
            assert await house.pending() == 0
        assert (await house.deliveries())[0].attempts == 1
    server.close()
    await server.wait_closed()
    assert house.figure("duban_deliveries_total", channel="mail", outcome="refused") == 1

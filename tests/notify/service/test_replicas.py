"""Two processes of notify on one PostgreSQL: one effect of every event and timer, one message."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from databases import Databases
from notify_house import (
    B1,
    LADDER,
    PLAN,
    REPORTER,
    Hook,
    House,
    Json,
    contact,
    make_house,
    open_hook,
    overdue,
    plan_events,
    published,
    released,
    standing,
    until_delivered,
)

from notify.service.notices import FLUSH
from notify.service.watching import WATCH
from shared.contracts.notify import AlertRaised, DeliveryFinished

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.parametrize("databases", ["on_postgres"], indirect=True),
]

MANY = 30


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with open_hook() as receiver:
        yield receiver


@pytest.fixture
async def house(tmp_path: Path, databases: Databases, hook: Hook) -> AsyncIterator[House]:
    """It may call the receiver; it has heard of nothing."""
    allowed = f"127.0.0.1/32:{hook.port}"
    async with make_house(tmp_path / "house", databases=databases, allow_targets=allowed) as made:
        yield made


@pytest.fixture
async def twin(
    house: House, tmp_path: Path, databases: Databases, hook: Hook
) -> AsyncIterator[House]:
    """Another process on the same database; its bus delivers what the test says again."""
    allowed = f"127.0.0.1/32:{hook.port}"
    async with make_house(
        tmp_path / "twin", databases=databases, twin_of=house, allow_targets=allowed
    ) as other:
        yield other


async def calls_only(house: House, hook: Hook) -> None:
    """The route leads to the receiver and to nobody else."""
    await house.add_endpoint("hook", hook.url)
    await house.route({"endpoint": "hook"})


async def test_what_two_members_hear_at_once_raises_one_alert_and_one_message(
    house: House, twin: House
) -> None:
    await house.set_contacts(REPORTER)
    said = [
        *plan_events(),
        standing("green", "yellow"),
        overdue(),
        published("red"),
        released(),
    ]
    await asyncio.gather(house.hear(*said), twin.hear(*said))
    assert sorted(one.kind for one in await house.alerts()) == ["early", "lag", "overdue"]
    assert await house.recipients() == [REPORTER["email"]] * 3
    raised = Counter(one.kind for one in await house.said(AlertRaised))
    assert raised == Counter(["early", "lag", "overdue", "published"])
    assert await house.letters() == []


PARKS = contact("reporter", "ma@parks.example", subject="parks")
BUNDLED: Json = {"default": {"group_by": ["kind", "task"], "group_wait": "30s"}}
REPEATED: Json = {"default": BUNDLED["default"] | {"repeat_working_days": [1]}}


async def many_alerts(house: House, routes: Json) -> None:
    """Late reports of two tasks, a light and a publication; each group waits for its time."""
    await house.hear(*plan_events(ladder=LADDER))
    await house.set_contacts(REPORTER, PARKS)
    await house.set_routes(routes)
    late = [overdue(task, f"p{number}") for task in ("quay", "trees") for number in range(MANY)]
    lag = (published("yellow", period=B1), released(B1))
    await house.hear(*late, standing("green", "yellow"), *lag)


async def told(house: House, reason: str) -> Counter[tuple[str | None, str | None]]:
    """How often each was told of each alert for this reason."""
    verdicts = [one for one in await house.decisions() if one.effect == "send"]
    return Counter((one.alert, one.addressee) for one in verdicts if one.reason == reason)


async def messages(house: House) -> list[tuple[str, str]]:
    """To whom each message went, and of what kind of alert; without news."""
    kinds = {one.id: one.kind for one in await house.alerts()}
    return [(one.recipient, kinds[one.alert]) for one in await house.deliveries()]


def fired(house: House, twin: House, kind: str) -> list[float]:
    """How many timers each has fired."""
    return [one.figure("duban_timers_fired_total", kind=kind) or 0 for one in (house, twin)]


async def test_two_members_that_flush_at_once_decide_each_notice_and_send_each_group_once(
    house: House, twin: House
) -> None:
    await many_alerts(house, BUNDLED)
    assert await house.deliveries() == []
    await house.pass_until("2022-05-11 12:00:30")
    alerts = {(one.id, f"reporter@{one.unit}") for one in await house.alerts()}
    assert len(alerts) == 2 * MANY + 2
    assert await told(house, "first_notification") == Counter(alerts)
    assert sorted(await messages(house)) == [
        (REPORTER["email"], "early"),
        (REPORTER["email"], "lag"),
        (REPORTER["email"], "overdue"),
        (PARKS["email"], "overdue"),
    ]
    assert sum(fired(house, twin, FLUSH)) == len(await house.deliveries(news=True))


async def test_two_members_that_look_at_the_time_at_once_take_each_step_once(
    house: House, twin: House
) -> None:
    await many_alerts(house, REPEATED)
    await house.pass_until("2022-05-12 08:59")
    first = len(await messages(house))
    await house.pass_until("2022-05-12 09:01")
    alerts = await house.alerts()
    assert await told(house, "repeat_due") == Counter(
        (one.id, f"reporter@{one.unit}") for one in alerts
    )
    assert len(await messages(house)) == 2 * first
    assert sum(fired(house, twin, WATCH)) == len(alerts)
    await house.pass_until("2022-05-19 10:00")
    steps = Counter((one.level, one.to) for one in await house.said(AlertRaised) if one.parent)
    assert steps == Counter([("yellow", ("head@port",)), ("yellow", ("office@harbour",))])


async def many_messages(house: House) -> None:
    for number in range(MANY):
        await house.hear(overdue(period=f"p{number}"))
    assert len(await house.deliveries()) == MANY


async def test_two_dispatchers_send_each_message_once(
    house: House, twin: House, hook: Hook
) -> None:
    await house.hear(*plan_events())
    await calls_only(house, hook)
    await many_messages(house)
    async with house.dispatching(), twin.dispatching():
        await until_delivered(house, lambda all_: all(one.state == "delivered" for one in all_))
    assert Counter(hook.ids) == Counter(one.id for one in await house.deliveries())
    assert len(hook.ids) == len(await house.said(DeliveryFinished)) == MANY
    assert {one.attempts for one in await house.deliveries()} == {1}


async def test_an_endpoint_that_is_gone_ends_every_message_once_whoever_sends_it(
    house: House, twin: House, hook: Hook
) -> None:
    await house.hear(*plan_events())
    await calls_only(house, hook)
    hook.statuses = ["410 Gone"] * MANY
    await many_messages(house)
    async with house.dispatching(), twin.dispatching():
        await until_delivered(house, lambda all_: {one.state for one in all_} == {"gone"})
    told = Counter(one.delivery for one in await house.said(DeliveryFinished))
    assert told == Counter(one.id for one in await house.deliveries())


async def test_routes_and_endpoints_set_at_once_are_set_in_turn(
    house: House, twin: House, hook: Hook
) -> None:
    offices = [await house.visitor("office"), await house.visitor("office")]
    offices[1] = httpx.AsyncClient(
        transport=httpx.ASGITransport(twin.app),
        base_url="http://duban.test",
        headers=offices[1].headers,
    )
    endpoint = {"id": "hook", "url": hook.url}
    routes: Json = {"notify": {"default": {"to": []}}}
    made = await asyncio.gather(*(one.post("/v1/endpoints", json=endpoint) for one in offices * 3))
    assert sorted(one.status_code for one in made) == [201, *[409] * 5]
    answers = await asyncio.gather(*(one.put("/v1/routes", json=routes) for one in offices * 3))
    assert sorted(one.json()["version"] for one in answers) == list(range(2, 8))


async def test_contacts_replaced_at_once_are_those_of_one_of_the_two(
    house: House, twin: House
) -> None:
    office = await house.visitor("office")
    other = httpx.AsyncClient(
        transport=httpx.ASGITransport(twin.app),
        base_url="http://duban.test",
        headers=office.headers,
    )
    lists = [
        [contact("reporter", f"{name}{number}@port.example") for number in range(20)]
        for name in ("lin", "chen")
    ]
    for _ in range(5):
        answers = await asyncio.gather(
            *(
                client.put(f"/v1/contacts/{PLAN}", json=one)
                for client, one in zip((office, other), lists, strict=True)
            )
        )
        assert [one.status_code for one in answers] == [200, 200]
        kept = (await office.get("/v1/contacts", params={"plan": PLAN})).json()["items"]
        assert len(kept) == 20

"""The whole service runs: an event comes in by the bus; messages, events and figures go out."""

import json
from pathlib import Path

import pytest
from databases import Databases
from kit_cast import browser, header, numbers_of, read_topic, until
from notify_house import (
    PLAN,
    REPORTER,
    House,
    open_app,
    open_hook,
    open_mailbox,
    plan_events,
    standing,
    until_delivered,
)
from standardwebhooks import Webhook

from shared.contracts import topics
from shared.kit.bus.base import Record


@pytest.mark.enable_socket
async def test_a_live_lag_is_mailed_called_and_told_on_under_the_request_it_came_from(
    tmp_path: Path, databases: Databases
) -> None:
    async with (
        open_mailbox() as mailbox,
        open_hook() as hook,
        open_app(
            tmp_path / "house",
            databases=databases,
            smtp_port=mailbox.port,
            allow_targets=f"127.0.0.1/32:{hook.port}",
        ) as house,
    ):
        await house.hear(*plan_events())
        await house.set_contacts(REPORTER)
        secret = await house.add_endpoint("hook", hook.url)
        await house.route({"endpoint": "hook"}, {"role": "reporter"})
        await house.hear(standing("green", "red"), correlation="request-7")
        await until_delivered(house, lambda all_: [one.state for one in all_] == ["delivered"] * 2)
        told: list[Record] = []

        async def three() -> bool:
            told[:] = await read_topic(house.bus, topics.NOTIFY) or told
            return len(told) == 3

        await until(three)
    assert mailbox.to == [REPORTER["email"]]
    headers, body = hook.calls[0]
    assert Webhook(secret).verify(body, headers) == json.loads(body)
    assert json.loads(body)["data"]["correlation_id"] == "request-7"
    assert [header(one, "ce_type") for one in told] == [
        "duban.notify.alert.raised.v2",
        "duban.notify.delivery.finished.v1",
        "duban.notify.delivery.finished.v1",
    ]
    assert numbers_of(told, PLAN) == [1, 2, 3]
    assert {header(one, "ce_correlationid") for one in told} == {"request-7"}


async def test_the_app_is_ready_when_it_has_caught_up_and_shows_its_figures(
    tmp_path: Path, databases: Databases
) -> None:
    async with open_app(tmp_path / "house", databases=databases) as house:
        await house.hear(*plan_events(), standing("green", "red"))
        visitor = browser(house.app)

        async def ready() -> bool:
            return (await visitor.get("/readyz")).status_code == 200

        await until(ready)
        figures = (await visitor.get("/metrics")).text
    for line in (
        'duban_alerts_raised_total{kind="early",level="red"} 1.0',
        'duban_alerts_raised_total{kind="lag",level="red"} 0.0',
        'duban_alert_decisions_total{reason="entered"} 1.0',
        'duban_alert_decisions_total{reason="no_contact"} 1.0',
        'duban_deliveries_total{channel="mail",outcome="delivered"} 0.0',
    ):
        assert line in figures


async def test_the_bodies_the_routes_read_stand_in_the_openapi_document(house: House) -> None:
    document = (await browser(house.app).get("/openapi.json")).json()
    read = {
        path: operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if "requestBody" in operation
    }
    schemas = {path: reference.rpartition("/")[2] for path, reference in read.items()}
    assert {"ContactList", "EndpointSpec", "RoutesDocument"} <= set(schemas.values())
    assert set(schemas.values()) <= set(document["components"]["schemas"])

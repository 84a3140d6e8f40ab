"""Who may look up what was decided and sent, and how it reads."""

import httpx
import pytest
from kit_cast import browser
from notify_house import B1, B2, HEAD, REPORTER, House, overdue, published, released, standing

from shared.contracts.intake import AccessRole


async def three_alerts(house: House) -> None:
    await house.hear(overdue("trees", B1), overdue("quay", B2), standing("green", "red"))


async def seen(client: httpx.AsyncClient, **asked: str) -> list[tuple[str, str]]:
    """Kind and unit of the alerts found."""
    answer = await client.get("/v1/alerts", params=asked)
    assert answer.status_code == 200, answer.text
    return sorted((one["kind"], one["unit"]) for one in answer.json()["items"])


async def test_alerts_are_found_by_plan_unit_kind_and_state(house: House) -> None:
    await three_alerts(house)
    await house.hear(standing("red", "green"))
    office = await house.visitor("office")
    assert await seen(office, unit="parks") == [("overdue", "parks")]
    assert await seen(office, kind="early") == [("early", "port")]
    assert await seen(office, state="raised") == [("overdue", "parks"), ("overdue", "port")]
    assert await seen(office, plan="village") == []
    assert len(await seen(office)) == 3


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/decisions", "/v1/deliveries"])
async def test_every_item_is_on_one_page_and_none_on_two(house: House, path: str) -> None:
    await three_alerts(house)
    office = await house.visitor("office")
    whole = (await office.get(path)).json()
    assert whole["cursor"] is None
    assert len(whole["items"]) >= 3
    found, cursor = [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await office.get(path, params=params)).json()
        found += page["items"]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == whole["items"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": "0"}, "invalid"),
        ({"limit": "501"}, "invalid"),
        ({"cursor": "x"}, "unknown_cursor"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    house: House, params: dict[str, str], code: str
) -> None:
    office = await house.visitor("office")
    answer = await office.get("/v1/alerts", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_alert_tells_why_each_was_or_was_not_told(house: House) -> None:
    await house.set_contacts(REPORTER)
    await house.hear(overdue())
    observer = await house.visitor("observer")
    whole = (await observer.get(f"/v1/alerts/{(await house.alert()).id}")).json()
    assert [(one["reason"], one["addressee"]) for one in whole["decisions"]] == [
        ("not_reported", None),
        ("no_contact", "head@port"),
        ("first_notification", "reporter@port"),
    ]
    (notice,) = whole["notices"]
    assert (notice["addressee"], notice["state"]) == ("reporter@port", "sent")
    (delivery,) = whole["deliveries"]
    assert (delivery["recipient"], delivery["state"]) == (REPORTER["email"], "pending")
    assert "body" not in delivery


async def test_a_department_sees_its_own_alerts_and_no_others(house: House) -> None:
    await three_alerts(house)
    parks = await house.visitor("submit", unit="parks")
    assert await seen(parks) == [("overdue", "parks")]
    ports = [one.id for one in await house.alerts() if one.unit == "port"]
    other = await parks.get(f"/v1/alerts/{ports[0]}")
    assert (other.status_code, other.json()["code"]) == (404, "unknown_alert")
    asked = await parks.get("/v1/alerts", params={"unit": "port"})
    assert (asked.status_code, asked.json()["code"]) == (403, "other_unit")


OPEN = [("GET", "/v1/alerts"), ("GET", "/v1/alerts/a1"), ("GET", "/v1/decisions")]
LOOKS = [
    ("GET", "/v1/deliveries"),
    ("GET", "/v1/contacts?plan=harbour"),
    ("GET", "/v1/routes"),
    ("GET", "/v1/endpoints"),
]
DEEDS = [
    ("POST", "/v1/deliveries/d1/redeliver"),
    ("PUT", "/v1/contacts/harbour"),
    ("PUT", "/v1/routes"),
    ("POST", "/v1/endpoints"),
    ("POST", "/v1/endpoints/e1/test"),
]


@pytest.mark.parametrize(("method", "path"), [*OPEN, *LOOKS, *DEEDS])
async def test_nothing_is_told_to_who_shows_no_token(house: House, method: str, path: str) -> None:
    answer = await browser(house.app).request(method, path, json={})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


@pytest.mark.parametrize(
    ("role", "unit", "paths"),
    [
        ("observer", None, DEEDS),
        ("submit", "port", [*LOOKS, *DEEDS, ("GET", "/v1/decisions")]),
        ("submit", None, [*OPEN, *LOOKS, *DEEDS]),
    ],
)
async def test_a_token_of_another_role_is_refused(
    house: House, role: AccessRole, unit: str | None, paths: list[tuple[str, str]]
) -> None:
    visitor = await house.visitor(role, unit=unit)
    body = {"notify": {}, "id": "e1", "url": "https://93.184.215.14/"}
    for method, path in paths:
        sent = [] if "contacts" in path else {"notify": {}} if "routes" in path else body
        if path == "/v1/endpoints":
            sent = {"id": "e1", "url": "https://93.184.215.14/"}
        answer = await visitor.request(method, path, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "other_role"), path


async def test_what_does_not_exist_is_not_found(house: House) -> None:
    office = await house.visitor("office")
    for method, path, code in (
        ("GET", "/v1/alerts/a1", "unknown_alert"),
        ("POST", "/v1/deliveries/d1/redeliver", "unknown_delivery"),
        ("POST", "/v1/endpoints/e1/test", "unknown_endpoint"),
    ):
        answer = await office.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_decisions_and_deliveries_are_found_by_what_they_are_about(house: House) -> None:
    await house.hear(published("green"), released(), overdue())
    office = await house.visitor("office")
    silent = (await office.get("/v1/decisions", params={"kind": "lag"})).json()["items"]
    assert [(one["effect"], one["reason"], one["task"]) for one in silent] == [
        ("nothing", "on_schedule", "quay")
    ]
    head = {"addressee": "head@port", "kind": "overdue"}
    hers = (await office.get("/v1/decisions", params=head)).json()["items"]
    assert [(one["addressee"], one["reason"]) for one in hers] == [
        ("head@port", "first_notification")
    ]
    mails = await office.get("/v1/deliveries", params={"recipient": HEAD["email"]})
    subjects = [one["subject"] for one in mails.json()["items"]]
    assert len(subjects) == 2
    assert {one["recipient"] for one in mails.json()["items"]} == {HEAD["email"]}
    assert (await office.get("/v1/deliveries", params={"channel": "webhook"})).json()["items"] == []

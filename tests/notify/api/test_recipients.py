"""Contacts, endpoints and the route: what the office sets, and what is refused with its mend."""

from typing import Any

import pytest
from notify_house import GROUP, HEAD, OFFICE, PLAN, REPORTER, House, contact

HOOK = "https://93.184.215.14/hook"
PRIVATE = "http://10.1.2.3/hook"


def errors(answer: Any) -> list[tuple[str, str]]:  # noqa: ANN401  # a response
    assert answer.status_code == 422, answer.text
    return [(one["path"], one["code"]) for one in answer.json()["errors"]]


async def test_the_contacts_of_a_plan_are_replaced_whole(house: House) -> None:
    office = await house.visitor("office")
    answer = await office.put(f"/v1/contacts/{PLAN}", json=[REPORTER, OFFICE])
    assert answer.json() == {"plan": PLAN, "contacts": 2}
    items = (await office.get("/v1/contacts", params={"plan": PLAN})).json()["items"]
    assert [(one["scope"], one["subject"], one["role"], one["email"]) for one in items] == [
        ("plan", PLAN, "office", OFFICE["email"]),
        ("unit", "port", "reporter", REPORTER["email"]),
    ]


async def test_the_contacts_of_another_plan_stay(house: House) -> None:
    office = await house.visitor("office")
    await office.put("/v1/contacts/village", json=[HEAD])
    await office.put(f"/v1/contacts/{PLAN}", json=[])
    items = (await office.get("/v1/contacts", params={"plan": "village"})).json()["items"]
    assert [one["email"] for one in items] == [HEAD["email"]]


async def test_every_address_that_takes_no_mail_is_named_and_nothing_changes(
    house: House,
) -> None:
    office = await house.visitor("office")
    people = [contact("head", "two@a.example, three@a.example"), GROUP, contact("head", "nobody")]
    answer = await office.put(f"/v1/contacts/{PLAN}", json=people)
    assert errors(answer) == [("[0].email", "bad_address"), ("[2].email", "bad_address")]
    items = (await office.get("/v1/contacts", params={"plan": PLAN})).json()["items"]
    assert len(items) == 3


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"scope": "city"}, "[0].scope"),
        ({"phone": "1"}, "[0].phone"),
        ({"role": "a b"}, "[0].role"),
    ],
)
async def test_a_contact_that_does_not_fit_is_refused_by_its_field(
    house: House, change: dict[str, str], path: str
) -> None:
    office = await house.visitor("office")
    answer = await office.put(f"/v1/contacts/{PLAN}", json=[REPORTER | change])
    assert [where for where, _ in errors(answer)] == [path]


async def test_the_secret_of_an_endpoint_is_told_once(house: House) -> None:
    office = await house.visitor("office")
    made = await office.post("/v1/endpoints", json={"id": "hook", "url": HOOK})
    assert made.json()["secret"].startswith("whsec_")
    listed = await office.get("/v1/endpoints")
    assert [(one["id"], one["url"]) for one in listed.json()["items"]] == [("hook", HOOK)]
    assert made.json()["secret"] not in listed.text
    again = await office.post("/v1/endpoints", json={"id": "hook", "url": HOOK})
    assert (again.status_code, again.json()["code"]) == (409, "already_there")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PRIVATE, "not_public"),
        ("http://169.254.169.254/latest", "never_allowed"),
        ("http://localhost/hook", "not_public"),
        ("ftp://93.184.215.14/", "bad_scheme"),
    ],
)
async def test_an_endpoint_inside_is_refused_when_it_is_set(
    house: House, url: str, code: str
) -> None:
    office = await house.visitor("office")
    made = await office.post("/v1/endpoints", json={"id": "hook", "url": url})
    assert errors(made) == [("url", code)]
    routes = {"notify": {"endpoints": [{"id": "hook", "url": url}]}}
    assert errors(await office.put("/v1/routes", json=routes)) == [
        ("notify.endpoints[0].url", code)
    ]
    assert (await office.get("/v1/endpoints")).json()["items"] == []


async def test_a_robot_has_no_made_secret_and_its_own_comes_from_the_environment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await house.visitor("office")
    robot = {"id": "robot", "url": HOOK, "format": "dingtalk", "secret_env": "NOTIFY_SECRET_ROBOT"}
    assert errors(await office.post("/v1/endpoints", json=robot)) == [
        ("secret_env", "no_such_variable")
    ]
    monkeypatch.setenv("NOTIFY_SECRET_ROBOT", "SEC123")
    made = await office.post("/v1/endpoints", json=robot)
    assert (made.status_code, made.json()["secret"]) == (201, None)
    listed = await office.get("/v1/endpoints")
    (known,) = listed.json()["items"]
    assert (known["format"], known["secret_env"]) == ("dingtalk", "NOTIFY_SECRET_ROBOT")
    assert "SEC123" not in listed.text


async def test_only_variables_made_for_it_are_read_as_secrets(house: House) -> None:
    office = await house.visitor("office")
    spy = {"id": "spy", "url": HOOK, "secret_env": "NOTIFY_SMTP_PASSWORD"}
    assert errors(await office.post("/v1/endpoints", json=spy)) == [("secret_env", "bad_value")]


async def test_a_file_that_writes_the_defaults_out_is_taken(house: House) -> None:
    office = await house.visitor("office")
    explains = {
        "when": {"kind": ["missing", "overdue"], "labels": {}},
        "silence": {"kind": ["early", "lag"], "labels": {}},
        "same": ["task", "unit"],
    }
    written = {
        "endpoints": [],
        "routes": [],
        "default": {"to": [{"role": "reporter"}]},
        "inhibit": [explains],
        "hours": {"from": "08:30", "to": "17:30", "working_days_only": True},
        "daily_cap": 5,
        "acknowledge_expires_working_days": 3,
    }
    answer = await office.put("/v1/routes", json={"notify": {}})
    assert answer.json() == {"version": 2, "notify": written, "secrets": {}}
    answer = await office.put("/v1/routes", json={"notify": written})
    assert answer.json() == {"version": 3, "notify": written, "secrets": {}}
    assert (await office.get("/v1/routes")).json() == {"version": 3, "notify": written}


async def test_a_route_brings_its_endpoints_and_tells_their_secrets_once(house: House) -> None:
    office = await house.visitor("office")
    routes = {
        "notify": {
            "endpoints": [{"id": "hook", "url": HOOK}],
            "default": {"to": [{"endpoint": "hook"}, {"role": "head"}]},
        }
    }
    first = await office.put("/v1/routes", json=routes)
    assert first.json()["secrets"]["hook"].startswith("whsec_")
    second = await office.put("/v1/routes", json=routes)
    assert (second.json()["version"], second.json()["secrets"]) == (3, {})


async def test_a_route_to_an_endpoint_nobody_made_is_refused(house: House) -> None:
    office = await house.visitor("office")
    routes = {"notify": {"default": {"to": [{"endpoint": "hook"}]}}}
    assert errors(await office.put("/v1/routes", json=routes)) == [
        ("notify.default.to", "unknown_endpoint")
    ]

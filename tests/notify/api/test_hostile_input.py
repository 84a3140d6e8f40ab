"""What somebody means ill by, in a title, an address or a parameter."""

import json
import re

import httpx
import pytest
from kit_cast import browser
from notify_house import PLAN, REPORTER, House, contact, overdue, plan_events, standing

EVIL = '<script src="https://evil.example/x.js"></script>&{{7*7}}'


async def hostile_plan(house: House) -> None:
    """Its titles are markup."""
    events = plan_events(version=2)
    for index, part in enumerate(("task", "units")):
        event = events[0 if part == "task" else -1]
        facts = event.model_dump(mode="json", by_alias=True)
        (facts["task"] if index == 0 else facts["units"][0])["title"] = {"zh": EVIL, "en": EVIL}
        events[0 if part == "task" else -1] = type(event).model_validate_json(json.dumps(facts))
    await house.hear(*events, overdue())


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_markup_in_a_title_is_text_on_every_page(house: House, language: str) -> None:
    await hostile_plan(house)
    reader = await house.visitor("observer")
    for path in ("/alerts", f"/alerts/{(await house.alert()).id}"):
        page = await reader.get(path, params={"lang": language})
        assert page.status_code == 200
        assert "&lt;script src=" in page.text
        assert "<script" not in page.text
        assert "{{7*7}}" in page.text


async def test_markup_in_a_title_is_text_in_the_mail(house: House) -> None:
    await hostile_plan(house)
    for mail in await house.deliveries():
        assert "&lt;script src=" in mail.html
        assert "<script" not in mail.html
        assert EVIL in mail.body.decode()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_page_loads_nothing_from_another_host(house: House, language: str) -> None:
    await house.hear(standing("green", "red"))
    reader = await house.visitor("observer")
    for path in ("/alerts", f"/alerts/{(await house.alert()).id}"):
        page = await reader.get(path, params={"lang": language})
        loaded = re.findall(r"(?:src|href|action)=\"([^\"]*)\"", page.text)
        assert "/static/duban.css" in loaded
        assert [one for one in loaded if not re.match(r"/(?!/)|\?|data:,$", one)] == []
        assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_reader_signs_in_comes_back_to_the_alert_and_signs_out(house: House) -> None:
    await house.hear(overdue())
    path = f"/alerts/{(await house.alert()).id}"
    token = (await house.token("submit", unit="port"))["authorization"].removeprefix("Bearer ")
    async with browser(house.app) as reader:
        asked = await reader.get(path)
        form = {"token": token, "next": httpx.URL(asked.headers["location"]).params["next"]}
        signed_in = await reader.post("/signin", data=form)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, path)
        assert "建码头" in (await reader.get(path)).text
        await reader.post("/signout")
        assert (await reader.get(path)).status_code == 303


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/decisions", {"limit": "-1"}),
        ("/v1/decisions", {"limit": "1000000000"}),
        ("/v1/decisions", {"cursor": "0"}),
        ("/v1/decisions", {"cursor": "9" * 30}),
        ("/v1/decisions", {"cursor": "msg-1"}),
        ("/v1/deliveries", {"limit": "501"}),
        ("/v1/deliveries", {"cursor": "msg-1"}),
        ("/v1/alerts", {"limit": "many"}),
        ("/v1/alerts", {"cursor": ""}),
        ("/v1/contacts", {}),
    ],
)
async def test_a_parameter_that_cannot_be_is_a_problem_that_says_so(
    house: House, path: str, params: dict[str, str]
) -> None:
    office = await house.visitor("office")
    answer = await office.get(path, params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid", "unknown_cursor"}


@pytest.mark.parametrize("plan", ["a b", "Financ\u0435", "x" * 65, "-x"])
async def test_contacts_are_kept_for_what_can_be_the_id_of_a_plan_only(
    house: House, plan: str
) -> None:
    office = await house.visitor("office")
    answer = await office.put(f"/v1/contacts/{plan}", json=[REPORTER])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "path.plan"


@pytest.mark.parametrize(
    "email",
    [
        "bb@",
        "@x.example",
        "b@x..example",
        "b@[127.0.0.1]",
        "b@x.example>",
        "b@x.example\r\nBcc: c@x.example",
        f"{'b' * 65}@x.example",
        '"b c"@x.example',
    ],
)
async def test_what_is_not_one_mail_address_is_refused_by_its_place(
    house: House, email: str
) -> None:
    office = await house.visitor("office")
    people = [REPORTER, contact("head", email)]
    answer = await office.put(f"/v1/contacts/{PLAN}", json=people)
    assert answer.status_code == 422
    assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [
        ("[1].email", "bad_address")
    ]

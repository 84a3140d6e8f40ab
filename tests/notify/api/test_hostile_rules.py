"""What a hostile or a hurried person sends to notify: a problem that tells the mend, no effect."""

import re
from pathlib import Path

import httpx
import pytest
from databases import Databases
from kit_cast import browser
from notify_house import (
    AT_ONCE,
    HEAD,
    PLAN,
    REPORTER,
    House,
    Json,
    make_house,
    open_hook,
    overdue,
    published,
    released,
    report,
)

from notify.service.links import Links
from shared.contracts.notify import AlertAcknowledged

HOOK = "https://93.184.215.14/hook"
MUTE = {
    "match": {"unit": "port"},
    "until": "2022-06-01T00:00:00+08:00",
    "reason": "The crane is being repaired.",
}
ENDPOINT = {"id": "hook", "url": HOOK}
TESTED = {"plan": PLAN, "unit": "port", "task": "quay"}
READ = (
    "/v1/mutes?over=true",
    "/v1/routes",
    "/v1/endpoints",
    f"/v1/contacts?plan={PLAN}",
    "/v1/alerts",
    "/v1/decisions",
    "/v1/deliveries",
)
"""All that an office can look up."""


async def kept(house: House) -> list[str]:
    office = await house.visitor("office")
    answers = [await office.get(path) for path in READ]
    assert {one.status_code for one in answers} == {200}
    return [one.text for one in answers]


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (problem["status"], problem["detail"] != "") == (answer.status_code, True)
    return answer.status_code, problem["code"]


def fields(answer: httpx.Response) -> list[tuple[str, str]]:
    """Where and what is wrong with a body."""
    assert told(answer)[0] == 422, answer.text
    return [(one["path"], one["code"]) for one in answer.json()["errors"]]


BODIES = [
    ("PUT", f"/v1/contacts/{PLAN}"),
    ("PUT", "/v1/routes"),
    ("POST", "/v1/routes/test"),
    ("POST", "/v1/endpoints"),
    ("POST", "/v1/mutes"),
]
NO_JSON: list[tuple[bytes, int, str]] = [
    (b"", 422, "not_json"),
    (b"null", 422, "invalid"),
    (b'"text"', 422, "invalid"),
    (b"{'match': {}}", 422, "not_json"),
    (b'{"reason": "a"} and more', 422, "not_json"),
    (b'{"reason": "a", "reason": "b"}', 422, "duplicate_key"),
    (b'{"notify": {"daily_cap": NaN}}', 422, "number"),
    (b'{"notify": {"daily_cap": 1e400}}', 422, "number"),
    (b"\xff\xfe{\x00}\x00", 415, "wrong_encoding"),
    (b'{"reason": "\xff"}', 400, "not_utf8"),
    (b'{"reason": "\\ud800"}', 422, "half_character"),
    (b"[" * 100_000, 422, "too_deep"),
    (b'{"match":' * 70 + b"1" + b"}" * 70, 422, "too_deep"),
    (b" " * (9 << 20), 413, "too_large"),
]
YAML_BOMB = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nnotify: [*c, *c]\n"
NOT_READ: list[tuple[dict[str, str], bytes]] = [
    ({}, b"{}"),
    ({"content-type": "text/plain"}, b"{}"),
    ({"content-type": "application/yaml"}, YAML_BOMB),
    ({"content-type": "application/x-www-form-urlencoded"}, b"reason=a"),
    ({"content-type": "application/json; charset=latin-1"}, b"{}"),
    ({"content-type": "application/json", "content-encoding": "gzip"}, b"\x1f\x8b"),
]


async def test_what_is_not_json_is_refused_by_every_route_alike(house: House) -> None:
    office = await house.visitor("office")
    before = await kept(house)
    headers = {"content-type": "application/json"}
    for method, path in BODIES:
        for body, status, code in NO_JSON:
            answer = await office.request(method, path, content=body, headers=headers)
            assert told(answer) == (status, code), (path, body[:40])
        for other, body in NOT_READ:
            answer = await office.request(method, path, content=body, headers=other)
            assert answer.status_code == 415, (path, other)
            assert told(answer)[1] in {"wrong_media_type", "wrong_encoding"}
    assert await kept(house) == before


MUTES_REFUSED: list[tuple[Json, str, str]] = [
    ({"until": "2022-05-10T12:00:00+08:00"}, "until", "over_already"),
    ({"until": "2022-05-11T12:00:00+08:00"}, "until", "over_already"),
    ({"until": "2022-06-01T00:00:00"}, "until", "bad_value"),
    ({"until": "2022-02-30T00:00:00Z"}, "until", "bad_value"),
    ({"until": "9999-12-31T23:59:59-23:59"}, "until", "bad_value"),
    ({"until": "2200-12-31T23:59:59-08:00"}, "until", "bad_value"),
    ({"until": 1654041600}, "until", "bad_value"),
    ({"reason": ""}, "reason", "bad_value"),
    ({"reason": " \n\t"}, "reason", "bad_value"),
    ({"reason": "\u200b…"}, "reason", "bad_value"),
    ({"reason": "a" * 2001}, "reason", "out_of_bounds"),
    ({"reason": "a\0b"}, "reason", "bad_value"),
    ({"reason": "a\x1b[2Jb"}, "reason", "bad_value"),
    ({"reason": None}, "reason", "wrong_type"),
    ({"match": {}}, "match", "matches_everything"),
    ({"match": {"unit": None, "labels": {}}}, "match", "matches_everything"),
    ({"match": {"unit": []}}, "match.unit", "out_of_bounds"),
    ({"match": {"office": "port"}}, "match.office", "unknown_key"),
    ({"match": {"unit": "../port"}}, "match.unit", "bad_id"),
    ({"match": {"unit": "p\u043ert"}}, "match.unit", "bad_id"),
    ({"match": {"kind": "everything"}}, "match.kind", "wrong_choice"),
    ({"match": {"labels": {"a\r\n": "b"}}}, "match.labels.a\r\n", "bad_value"),
    ({"by": "Mr Wu"}, "by", "unknown_key"),
]


async def test_a_mute_that_is_not_meant_so_is_refused_by_its_field(house: House) -> None:
    office = await house.visitor("office")
    before = await kept(house)
    for change, path, code in MUTES_REFUSED:
        answer = await office.post("/v1/mutes", json=MUTE | change)
        assert fields(answer) == [(path, code)], change
    assert await kept(house) == before


async def test_a_mute_is_set_and_ended_by_the_office_alone_and_never_removed(
    house: House,
) -> None:
    office = await house.visitor("office")
    mute = (await office.post("/v1/mutes", json=MUTE)).json()["id"]
    before = await kept(house)
    for visitor in (await house.visitor("observer"), await house.visitor("submit", unit="port")):
        assert told(await visitor.post("/v1/mutes", json=MUTE)) == (403, "other_role")
        assert told(await visitor.post(f"/v1/mutes/{mute}/end")) == (403, "other_role")
    for gone in (f"/v1/mutes/{mute}", f"/v1/mutes/{mute}/end", "/v1/mutes"):
        assert (await office.delete(gone)).status_code in {404, 405}
    for name in ("none", "mute-%00", "..%2f..", "m" * 5000):
        assert told(await office.post(f"/v1/mutes/{name}/end"))[0] in {404, 422}
    assert told(await office.get("/v1/mutes", params={"over": "perhaps"})) == (422, "invalid")
    assert await kept(house) == before


async def test_the_last_instant_there_is_can_be_muted_until_and_read_again(house: House) -> None:
    office = await house.visitor("office")
    last = MUTE | {"until": "2200-12-31T23:59:59Z"}
    made = (await office.post("/v1/mutes", json=last)).json()
    assert (await office.get("/v1/mutes")).json()["items"] == [made]
    (would, *_) = (await office.post("/v1/routes/test", json=TESTED)).json()["told"]
    assert (would["reason"], would["until"]) == ("muted", "2200-12-31T23:59:59Z")


def nested(depth: int) -> Json:
    route: Json = {"match": {"kind": "lag"}}
    for _ in range(depth):
        route = {"match": {"kind": "lag"}, "routes": [route]}
    return {"routes": [route]}


WHEN = {"when": {"kind": "lag"}, "silence": {"kind": "early"}}


ROUTES_REFUSED: list[tuple[Json, str, str]] = [
    ({"default": {"group_wait": "-30s"}}, "default.group_wait", "bad_value"),
    ({"default": {"group_wait": 30}}, "default.group_wait", "bad_value"),
    ({"default": {"group_interval": "9999d" * 300}}, "default.group_interval", "bad_value"),
    ({"default": {"repeat_working_days": [-1]}}, "default.repeat_working_days[0]", "out_of_bounds"),
    ({"default": {"repeat_working_days": [0]}}, "default.repeat_working_days[0]", "out_of_bounds"),
    (
        {"default": {"repeat_working_days": [1] * 21}},
        "default.repeat_working_days",
        "out_of_bounds",
    ),
    ({"default": {"group_by": ["moon"]}}, "default.group_by[0]", "wrong_choice"),
    ({"default": {"to": [{"endpoint": "a\r\nb"}]}}, "default.to[0].endpoint", "bad_id"),
    ({"ladder": [{"after_working_days": 5, "role": "head"}]}, "ladder", "unknown_key"),
    ({"routes": [{"contniue": True}]}, "routes[0].contniue", "unknown_key"),
    ({"routes": [{"match": {"office": "a"}}]}, "routes[0].match.office", "unknown_key"),
    ({"inhibit": [WHEN | {"same": []}]}, "inhibit[0].same", "out_of_bounds"),
    ({"hours": {"from": "18:00", "to": "08:00"}}, "hours", "bad_value"),
    ({"hours": {"from": "24:01"}}, "hours.from", "bad_value"),
    ({"daily_cap": 0}, "daily_cap", "out_of_bounds"),
    ({"daily_cap": True}, "daily_cap", "wrong_type"),
    ({"daily_cap": "5"}, "daily_cap", "wrong_type"),
    (
        {"acknowledge_expires_working_days": 10**9},
        "acknowledge_expires_working_days",
        "out_of_bounds",
    ),
    ({"endpoints": [ENDPOINT, ENDPOINT]}, "endpoints[1].id", "duplicate_id"),
    ({"endpoints": [{"id": "a b", "url": HOOK}]}, "endpoints[0].id", "bad_id"),
    (
        {"routes": [{"routes": [{"to": [{"endpoint": "no"}]}]}]},
        "routes[0].routes[0].to",
        "unknown_endpoint",
    ),
]


async def test_routes_that_cannot_be_are_refused_by_their_place_and_those_before_hold(
    house: House,
) -> None:
    office = await house.visitor("office")
    before = await kept(house)
    for routes, path, code in ROUTES_REFUSED:
        answer = await office.put("/v1/routes", json={"notify": routes})
        assert (f"notify.{path}", code) in fields(answer), routes
    assert await kept(house) == before


async def test_routes_nest_as_deep_as_json_may_and_no_deeper(house: House) -> None:
    await house.set_routes(nested(29))
    office = await house.visitor("office")
    assert told(await office.put("/v1/routes", json={"notify": nested(30)})) == (422, "too_deep")
    tried = (await office.post("/v1/routes/test", json=TESTED)).json()
    assert [path.count("routes") for path in tried["routes"]] == [30]


@pytest.mark.parametrize(
    "inhibit",
    [
        [{"when": {"unit": "port"}, "silence": {"unit": "port"}, "same": ["plan"]}],
        [
            {"when": {"kind": "overdue"}, "silence": {"kind": "lag"}, "same": ["plan"]},
            {"when": {"kind": "lag"}, "silence": {"kind": "overdue"}, "same": ["plan"]},
        ],
    ],
)
async def test_alerts_that_would_silence_each_other_are_both_told(
    house: House, inhibit: list[Json]
) -> None:
    await house.set_routes({"inhibit": inhibit, "default": {"group_wait": "30s"}})
    await house.hear(overdue(), published("red"), released())
    await house.pass_until("2022-05-11 13:00")
    assert {one.kind for one in await house.alerts()} == {"overdue", "lag"}
    assert "inhibited" not in await house.verdicts("reporter@port")
    assert (await house.verdicts("reporter@port")).count("first_notification") == 2


DRY_RUNS_REFUSED: list[tuple[Json, str, str]] = [
    ({"plan": "village"}, "plan", "unknown_plan"),
    ({"task": "bridge"}, "task", "unknown_task"),
    ({"unit": "moon"}, "unit", "unknown_unit"),
    ({"unit": "port\n"}, "unit", "bad_id"),
    ({"kind": "apocalypse"}, "kind", "wrong_choice"),
    ({"level": "purple"}, "level", "wrong_choice"),
    ({"role": "a@b"}, "role", "bad_id"),
    ({"at": "2200-12-31T23:59:59Z"}, "at", "bad_value"),
    ({"at": "2022-06-01"}, "at", "bad_value"),
    ({"notify": {"daily_cap": -1}}, "notify.daily_cap", "out_of_bounds"),
    ({"send": True}, "send", "unknown_key"),
]


async def test_a_dry_run_of_what_cannot_be_is_refused_by_its_field(house: House) -> None:
    observer = await house.visitor("observer")
    for change, path, code in DRY_RUNS_REFUSED:
        answer = await observer.post("/v1/routes/test", json=TESTED | change)
        assert fields(answer) == [(path, code)], change


async def test_a_dry_run_tells_nobody_and_sets_nothing(house: House) -> None:
    office = await house.visitor("office")
    before = await kept(house)
    tried = {
        "endpoints": [{"id": "inside", "url": "http://169.254.169.254/"}],
        "default": {"to": [{"endpoint": "inside"}, {"role": "head"}], "group_wait": "7d"},
    }
    last = {"notify": tried, "at": "2199-12-31T23:59:59Z"}
    answer = await office.post("/v1/routes/test", json=TESTED | last)
    assert answer.status_code == 200
    missed = [(one["reason"], one["addressee"]) for one in answer.json()["not_told"]]
    assert ("endpoint_disabled", "inside") in missed
    assert await kept(house) == before


TARGETS_REFUSED = [
    ("https://[::ffff:10.0.0.1]/", "not_public"),
    ("https://[::ffff:a9fe:a9fe]/", "never_allowed"),
    ("https://[64:ff9b::7f00:1]/", "not_public"),
    ("https://[fe80::1%25eth0]/", "odd_address"),
    ("https://2130706433/", "odd_address"),
    ("https://0x7f.1/", "odd_address"),
    ("https://127。0。0。1/", "odd_address"),
    ("https://100.64.0.1/", "not_public"),
    ("https://localhost./", "not_public"),
    ("https://duban.test/", "own_host"),
    ("https://admin:secret@93.184.215.14/", "credentials_in_url"),
    ("https://93.184.215.14@10.0.0.1/", "credentials_in_url"),
    ("https://93.184.215.14:25/", "bad_port"),
    ("https://93.184.215.14:99999/", "bad_port"),
    ("https://93.184.215.14/\r\nX-Admin: 1", "bad_url"),
    ("https://93.184.215.14/#a", "bad_url"),
    ("https://" + "a" * 64 + ".example/", "bad_host"),
    ("https://a..example/", "bad_host"),
    ("https://", "bad_host"),
    ("gopher://93.184.215.14/", "bad_scheme"),
    ("//93.184.215.14/", "bad_scheme"),
    ("https://93.184.215.14/" + "a" * 2000, "out_of_bounds"),
]


async def test_no_endpoint_is_made_where_no_message_may_go(house: House) -> None:
    office = await house.visitor("office")
    for url, code in TARGETS_REFUSED:
        answer = await office.post("/v1/endpoints", json=ENDPOINT | {"url": url})
        assert fields(answer) == [("url", code)], url
    for name in ("a\r\nX-Admin: 1", "../hook", "a b", "a" * 65, "\u0430", ""):
        answer = await office.post("/v1/endpoints", json=ENDPOINT | {"id": name})
        assert fields(answer) == [("id", "bad_id")], name
    assert (await office.get("/v1/endpoints")).json()["items"] == []


@pytest.mark.parametrize("secret", ["hunter2", "whsec_c2hvcnQ=", "whsec_密钥", "MfKQ" * 8])
async def test_what_is_no_signing_secret_is_refused_before_a_message_needs_it(
    house: House, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("NOTIFY_SECRET_OWN", secret)
    office = await house.visitor("office")
    own = ENDPOINT | {"secret_env": "NOTIFY_SECRET_OWN"}
    for answer, path in (
        (await office.post("/v1/endpoints", json=own), "secret_env"),
        (
            await office.put("/v1/routes", json={"notify": {"endpoints": [own]}}),
            "notify.endpoints[0].secret_env",
        ),
    ):
        assert fields(answer) == [(path, "bad_secret")]
        assert secret not in answer.text
    assert (await office.get("/v1/endpoints")).json()["items"] == []


@pytest.mark.enable_socket
async def test_a_receiver_that_sends_callers_elsewhere_is_not_followed(
    tmp_path: Path, databases: Databases
) -> None:
    async with open_hook() as hook, open_hook() as inside:
        allowed = f"127.0.0.1/32:{hook.port}"
        async with make_house(
            tmp_path / "house", databases=databases, allow_targets=allowed
        ) as house:
            await house.add_endpoint("hook", hook.url)
            hook.statuses = [f"302 Found\r\nLocation: {inside.url}"]
            office = await house.visitor("office")
            answer = (await office.post("/v1/endpoints/hook/test")).json()
    assert (answer["outcome"], answer["reason"]) == ("retry", "redirected")
    assert (len(hook.calls), len(inside.calls)) == (1, 0)


@pytest.mark.parametrize("deed", ["test", "rotate", "enable"])
async def test_what_is_done_to_an_endpoint_is_done_by_the_office_to_one_that_is_there(
    house: House, deed: str
) -> None:
    await house.add_endpoint("hook", HOOK)
    before = await kept(house)
    office = await house.visitor("office")
    for name in ("none", "HOOK", "hook%20", "..%2fhook", "hook%00", "h" * 5000):
        status, code = told(await office.post(f"/v1/endpoints/{name}/{deed}"))
        assert (status, code) in {
            (404, "unknown_endpoint"),
            (404, "not_found"),
            (422, "invalid"),
        }, name
    for visitor in (await house.visitor("observer"), await house.visitor("submit", unit="port")):
        answer = await visitor.post(f"/v1/endpoints/hook/{deed}")
        assert told(answer) == (403, "other_role")
    assert (await office.get(f"/v1/endpoints/hook/{deed}")).status_code == 405
    assert await kept(house) == before


CONTACTS_REFUSED: list[tuple[Json, str, str]] = [
    ({"name": "Lin\r\nBcc: all@port.example"}, "[1].name", "bad_value"),
    ({"name": "Lin\x85Wu"}, "[1].name", "bad_value"),
    ({"name": "Lin\0"}, "[1].name", "bad_value"),
    ({"name": "\u202eniL"}, "[1].name", "bad_value"),
    ({"name": "a" * 201}, "[1].name", "out_of_bounds"),
    ({"email": "lin@port.example\r\nBcc: all@port.example"}, "[1].email", "bad_address"),
    ({"email": "lin@port.example\n"}, "[1].email", "bad_address"),
    ({"email": "lin\0@port.example"}, "[1].email", "bad_address"),
    ({"email": "Lin <lin@port.example>"}, "[1].email", "bad_address"),
    ({"subject": "port\r\n"}, "[1].subject", "bad_id"),
    ({"role": "reporter\n"}, "[1].role", "bad_id"),
    ({"endpoint": "nobody"}, "[1].endpoint", "unknown_endpoint"),
    ({"hours": {"from": "17:00", "to": "09:00"}}, "[1].hours", "bad_value"),
    ({"language": "en\r\n"}, "[1].language", "wrong_choice"),
]


async def test_a_contact_that_no_message_can_reach_is_refused_and_all_stay_as_they_were(
    house: House,
) -> None:
    office = await house.visitor("office")
    before = await kept(house)
    for change, path, code in CONTACTS_REFUSED:
        people = [HEAD, REPORTER | change]
        answer = await office.put(f"/v1/contacts/{PLAN}", json=people)
        assert fields(answer) == [(path, code)], change
    assert await kept(house) == before


async def message_link(house: House) -> str:
    """The path of the link in the first mail to Lin of an alert."""
    mails = [one for one in await house.deliveries() if one.recipient == REPORTER["email"]]
    return path_in(mails[0].body.decode())


async def unsubscribe_link(house: House, to: str = REPORTER["email"]) -> str:
    """The path of the link by which somebody ends the news of a plan."""
    mails = [one for one in await house.deliveries(news=True) if one.recipient == to]
    return path_in("".join({one.unsubscribe for one in mails}))


def path_in(text: str) -> str:
    (found,) = re.findall(r"http://duban\.test(/\w+/[\w.-]+)", text)
    return str(found)


async def test_an_answer_is_given_by_whoever_the_alert_concerns(house: House) -> None:
    await house.hear(overdue())
    path = f"/v1/alerts/{(await house.alert()).id}/acknowledge"
    before = await kept(house)
    link = (await message_link(house)).rpartition("/")[2]
    for visitor, refused in (
        (await house.visitor("submit", unit="parks"), (404, "unknown_alert")),
        (await house.visitor("observer"), (403, "other_role")),
        (await house.visitor("observer", unit="port"), (403, "other_role")),
        (browser(house.app), (401, "token_missing")),
        (browser(house.app, headers={"authorization": f"Bearer {link}"}), (401, "token_malformed")),
        (browser(house.app, cookies={"duban_session": link}), (401, "session_expired")),
    ):
        assert told(await visitor.post(path)) == refused
    office = await house.visitor("office")
    assert told(await office.get(path)) == (405, "method_not_allowed")
    assert told(await office.post("/v1/alerts/none/acknowledge")) == (404, "unknown_alert")
    assert await kept(house) == before


async def test_who_only_reads_sees_no_button_to_answer_with(house: House) -> None:
    await house.hear(overdue())
    path = f"/alerts/{(await house.alert()).id}"
    reads = await house.visitor("observer", unit="port")
    answers = await house.visitor("submit", unit="port")
    assert "/acknowledge" not in (await reads.get(path)).text
    assert "/acknowledge" in (await answers.get(path)).text
    assert told(await reads.post(f"{path}/acknowledge")) == (403, "other_role")
    assert (await house.alert()).acknowledged_by is None


async def test_who_answers_twice_has_answered_until_the_same_day(house: House) -> None:
    await house.hear(overdue())
    path = f"/v1/alerts/{(await house.alert()).id}/acknowledge"
    port = await house.visitor("submit", unit="port")
    first, second = (await port.post(path)).json(), (await port.post(path)).json()
    assert first == second
    assert (second["state"], second["acknowledged_until"]) == ("acknowledged", "2022-05-16")
    await house.hear(report())
    before = await kept(house)
    assert told(await port.post(path)) == (409, "already_over")
    assert await kept(house) == before


async def test_an_answer_is_taken_where_next_years_holidays_are_not_known(house: House) -> None:
    await house.set_routes({"default": AT_ONCE | {"repeat_working_days": [1]}})
    await house.pass_until("2026-12-30 10:00")
    await house.hear(overdue())
    path = f"/v1/alerts/{(await house.alert()).id}/acknowledge"
    port = await house.visitor("submit", unit="port")
    assert (await port.post(path)).json()["acknowledged_until"] == "2027-01-01"
    await house.pass_until("2027-01-04 10:00")
    assert (await house.alert()).acknowledged_until is None
    assert (await port.post(path)).json()["acknowledged_until"] == "2027-01-05"


def other_than(token: str) -> list[str]:
    """What somebody makes of a token: longer, shorter, changed, signed by another."""
    content, _, mark = token.rpartition(".")
    forger = Links(public_url="http://duban.test", secret="x" * 32)
    forged = [forger.message("msg-1"), forger.unsubscribe(PLAN, "lin@port.example")]
    swapped = mark[:-1] + ("A" if mark[-1] != "A" else "B")
    return [
        f"{token}x",
        token[:-4],
        content,
        f".{mark}",
        f"{content}.",
        f"{content}.{swapped}x",
        f"x{content}.{mark}",
        "%00",
        "%FF",
        "\u0430",
        "a" * 9000,
        *(one.rpartition("/")[2] for one in forged),
    ]


async def two_mails(house: House) -> tuple[str, str]:
    """Lin is told of the overdue report of the quay and of a publication."""
    await house.hear(overdue(), published("green"), released())
    return await message_link(house), await unsubscribe_link(house)


async def test_a_link_that_was_not_made_here_opens_and_changes_nothing(house: House) -> None:
    message, unsubscribe = await two_mails(house)
    before = await kept(house)
    reader = browser(house.app)
    wrong = [message.replace("/messages/", "/unsubscribe/")]
    wrong += [unsubscribe.replace("/unsubscribe/", "/messages/")]
    for path in (message, unsubscribe):
        place, _, token = path.rpartition("/")
        wrong += [f"{place}/{one}" for one in other_than(token)]
    for path in wrong:
        for method in ("GET", "POST"):
            answer = await reader.request(method, path)
            assert answer.status_code in {404, 422}, (method, path[:60])
            assert PLAN not in answer.text, path[:60]
            assert REPORTER["email"] not in answer.text, path[:60]
    assert await kept(house) == before
    assert "退订后" in (await reader.get(unsubscribe)).text


async def test_whoever_only_looks_at_a_link_has_not_answered(house: House) -> None:
    message, unsubscribe = await two_mails(house)
    before = await kept(house)
    reader = browser(house.app)
    for path in (message, unsubscribe, f"{unsubscribe}?again", f"{message}?answered"):
        assert (await reader.get(path)).status_code == 200
        assert (await reader.head(path)).status_code == 405
        for method in ("PUT", "DELETE", "PATCH"):
            assert told(await reader.request(method, path)) == (405, "method_not_allowed")
    headers = {"x-http-method-override": "POST"}
    assert (await reader.get(message, headers=headers)).status_code == 200
    assert await kept(house) == before
    assert await house.said(AlertAcknowledged) == []
    assert "退订后" in (await reader.get(unsubscribe)).text


async def test_a_link_answers_for_its_own_message_alone(house: House) -> None:
    await house.hear(overdue())
    link = await message_link(house)
    await house.hear(overdue(period="2022-B1"))
    answered = await browser(house.app).post(link)
    assert answered.headers["location"] == f"{link}?answered"
    by = {one.period: one.acknowledged_by for one in await house.alerts()}
    assert by == {"2022-B2": REPORTER["email"], "2022-B1": None}


async def test_nobody_is_thanked_for_an_answer_that_came_too_late(house: House) -> None:
    await house.hear(overdue())
    link = await message_link(house)
    await house.hear(report())
    before = await kept(house)
    answered = await browser(house.app).post(link)
    assert (answered.status_code, answered.headers["location"]) == (303, link)
    assert "已记录您的答复" not in (await browser(house.app).get(link)).text
    assert await kept(house) == before


async def test_a_link_ends_the_news_of_the_one_it_was_sent_to(house: House) -> None:
    await house.hear(published("green"), released())
    reader = browser(house.app)
    mine = await unsubscribe_link(house)
    hers = await unsubscribe_link(house, to=HEAD["email"])
    program = {"List-Unsubscribe": (None, "One-Click")}  # as multipart/form-data
    assert (await reader.post(mine, files=program)).status_code == 200
    assert (await reader.post(mine, content=b"List-Unsubscribe=One-Click")).status_code == 200
    assert (await reader.post(mine)).status_code == 303  # a person's form
    assert "已退订" in (await reader.get(mine)).text
    assert "退订后" in (await reader.get(hers)).text
    assert (await reader.post(f"{mine}?again")).status_code == 303
    assert "退订后" in (await reader.get(mine)).text


async def test_only_the_office_sends_again_and_only_what_is_there(
    house: House, tmp_path: Path, databases: Databases
) -> None:
    await house.hear(overdue())
    sent = (await house.deliveries())[0].id
    office = await house.visitor("office")
    before = await kept(house)
    for visitor in (await house.visitor("observer"), await house.visitor("submit", unit="port")):
        answer = await visitor.post(f"/v1/deliveries/{sent}/redeliver")
        assert told(answer) == (403, "other_role")
    for name in ("none", sent.upper(), f"{sent}%20", f"{sent}%00", "m" * 5000):
        assert told(await office.post(f"/v1/deliveries/{name}/redeliver"))[0] in {404, 422}
    databases.execute(tmp_path / "house", "UPDATE deliveries SET body = ''")
    answer = await office.post(f"/v1/deliveries/{sent}/redeliver")
    assert told(answer) == (409, "text_lost")
    assert await kept(house) == before

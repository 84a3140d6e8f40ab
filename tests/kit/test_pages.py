"""The shell of every page: sign-in that leads nowhere else, two languages, nothing from outside."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fastapi import APIRouter, Request
from fastapi.responses import Response
from kit_cast import Service, browser

from shared.kit.auth import COOKIE
from shared.kit.pages import Pages
from shared.kit.problems import PROBLEM_JSON


@pytest.fixture
async def client(service: Service, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "board.html").write_text(
        '{% extends "shell.html" %}{% block main %}<p>{{ title }}</p>{% endblock %}'
    )
    pages = Pages(gate=service.gate(), secure_cookie=False, templates=tmp_path)
    router = APIRouter()

    @router.get("/board")
    async def board(request: Request) -> Response:
        if await pages.reader(request) is None:
            return pages.to_sign_in(request)
        return pages.render(request, "board.html", title="<script>alert(1)</script>")

    async with browser(service.app(router)) as made:
        yield made


async def sign_in(
    service: Service, client: httpx.AsyncClient, *, after: str = "/"
) -> httpx.Response:
    token = await service.issue("office")
    return await client.post("/signin", data={"token": f" {token.text}\n", "next": after})


async def test_who_is_not_signed_in_is_led_to_sign_in_and_back(
    service: Service, client: httpx.AsyncClient
) -> None:
    away = await client.get("/board?plan=fuzhou&lang=en", headers={"Host": "evil.example"})
    assert away.status_code == 303
    assert away.headers["location"] == "/signin?next=%2Fboard%3Fplan%3Dfuzhou%26lang%3Den"

    form = await client.get(away.headers["location"])
    found = re.search(r'name="next" value="([^"]*)"', form.text)
    assert found is not None
    after = found[1].replace("&amp;", "&")
    back = await sign_in(service, client, after=after)

    assert (back.status_code, back.headers["location"]) == (303, "/board?plan=fuzhou&lang=en")
    assert (await client.get(back.headers["location"])).status_code == 200


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    service: Service, client: httpx.AsyncClient
) -> None:
    cookie = (await sign_in(service, client)).headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_signing_out_ends_the_session(service: Service, client: httpx.AsyncClient) -> None:
    await sign_in(service, client)
    assert (await client.get("/board")).status_code == 200
    assert (await client.post("/signout")).status_code == 303
    assert (await client.get("/board")).status_code == 303


@pytest.mark.parametrize(
    "after",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "",
    ],
)
async def test_sign_in_sends_nobody_to_another_host(
    service: Service, client: httpx.AsyncClient, after: str
) -> None:
    form = await client.get("/signin", params={"next": after})
    assert 'name="next" value="/"' in form.text
    back = (await sign_in(service, client, after=after)).headers["location"]
    assert back == "/"


async def test_an_ordinary_way_back_is_kept(service: Service, client: httpx.AsyncClient) -> None:
    back = (await sign_in(service, client, after="/units/财政局?year=2022")).headers["location"]
    assert urlsplit(urljoin("http://duban.test/signin", back)).netloc == "duban.test"
    assert back.endswith("?year=2022")


async def test_a_bad_token_is_told_on_the_page_and_not_repeated(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/signin", data={"token": "duban_mistyped", "next": "/board"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "mistyped" not in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert 'name="next" value="/board"' in answer.text


@pytest.mark.parametrize("form", [b"", b"token", b"next=%ff%00", b"token=%ed%a0%80&token=x"])
async def test_a_garbled_form_is_a_bad_token(client: httpx.AsyncClient, form: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await client.post("/signin", content=form, headers=headers)).status_code == 401


async def test_a_flood_for_a_form_is_refused(client: httpx.AsyncClient) -> None:
    taken = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(300):
            taken += 1
            yield b"x" * (1 << 20)

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await client.post("/signin", content=flood(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM_JSON)
    assert taken <= 2


async def test_what_a_page_shows_is_escaped(service: Service, client: httpx.AsyncClient) -> None:
    await sign_in(service, client)
    page = await client.get("/board")
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_a_page_takes_nothing_from_another_host(
    service: Service, client: httpx.AsyncClient
) -> None:
    await sign_in(service, client)
    for path in ("/signin", "/board"):
        page = await client.get(path)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for reference in re.findall(r'(?:src|href|action)="([^"]*)"', page.text):
            assert re.match(r"/(?!/)|\?|data:,$", reference), reference
    assert (await client.get("/static/duban.css")).status_code == 200


@pytest.mark.parametrize(
    ("query", "accepts", "language"),
    [
        ("", None, "zh-CN"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=zh-CN", "en", "zh-CN"),
        ("?lang=tlh", "en", "zh-CN"),
    ],
)
async def test_a_page_speaks_the_readers_language(
    client: httpx.AsyncClient, query: str, accepts: str | None, language: str
) -> None:
    headers = {} if accepts is None else {"Accept-Language": accepts}
    page = await client.get(f"/signin{query}", headers=headers)
    assert page.headers["content-language"] == language
    assert f'<html lang="{language}">' in page.text
    assert ("登录" in page.text) == (language == "zh-CN")


async def test_a_page_leads_to_itself_in_the_other_language(client: httpx.AsyncClient) -> None:
    page = await client.get("/signin?next=/board&lang=en")
    assert 'href="?next=/board&amp;lang=zh-CN"' in page.text or (
        'href="?next=%2Fboard&amp;lang=zh-CN"' in page.text
    )

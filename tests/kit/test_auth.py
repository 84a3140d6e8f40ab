"""A request comes from the holder of a token or from nobody, and may do what its roles allow."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from itsdangerous import URLSafeTimedSerializer
from kit_cast import Service, browser

from shared.contracts.intake import CredentialChanged
from shared.kit import auth
from shared.kit.auth import COOKIE, Credentials, Gate, NewToken, Principal, new_token
from shared.kit.problems import Problem, install_problem_handlers
from shared.kit.signals import Bell

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    gate = service.gate()
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/me")
    async def me(principal: Annotated[Principal, Depends(gate)]) -> dict[str, Any]:
        return {"holder": principal.holder, "unit": principal.unit, "roles": principal.roles}

    async with browser(app) as made:
        yield made


def bearer(token: NewToken | str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token if isinstance(token, str) else token.text}"}


async def ask(client: httpx.AsyncClient, token: NewToken | str) -> tuple[int, str]:
    """Status and code of the answer to this token."""
    answer = await client.get("/me", headers=bearer(token))
    return answer.status_code, answer.json().get("code", "")


async def test_a_tokens_holder_comes_in_with_its_unit_and_roles(
    service: Service, client: httpx.AsyncClient
) -> None:
    token = await service.issue("submit", "observer", unit="finance")
    answer = await client.get("/me", headers=bearer(token))
    assert answer.status_code == 200
    known = answer.json()
    assert (known["holder"], known["unit"]) == ("Ms Lin", "finance")
    assert set(known["roles"]) == {"submit", "observer"}


async def test_no_token_is_told_from_a_bad_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic TGluOnB3", "Bearer x", "Bearer duban_a_b", "Bearer duban__",
     "Bearer " + "x" * 10_000, "Bearer duban_" + "_" * 5000, "Bearer duban_é_bcdefghij"],
    ids=lambda header: header[:20],
)  # fmt: skip
async def test_what_is_no_token_is_refused(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get("/me", headers=[(b"authorization", header.encode("latin-1"))])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_malformed")


async def test_one_character_mistyped_is_noticed_before_any_look_up(
    service: Service, client: httpx.AsyncClient
) -> None:
    token = await service.issue("office")
    for place in range(len("duban_"), len(token.text)):
        wrong = "b" if token.text[place] == "a" else "a"
        mistyped = token.text[:place] + wrong + token.text[place + 1 :]
        assert await ask(client, mistyped) == (401, "token_malformed")
    assert (await ask(client, token.text[:-1]))[1] == "token_malformed"
    assert (await ask(client, token.text + "a"))[1] == "token_malformed"


async def test_an_unknown_token_is_refused(client: httpx.AsyncClient) -> None:
    assert await ask(client, new_token()) == (401, "token_unknown")


async def test_a_known_id_with_another_secret_is_refused(
    service: Service, client: httpx.AsyncClient
) -> None:
    theirs, forged = await service.issue("office"), new_token()
    secret = forged.text.rpartition("_")[2][:-7]
    text = f"duban_{theirs.id}_{secret}{auth._checksum(theirs.id + secret)}"
    assert await ask(client, text) == (401, "token_unknown")


async def test_a_revoked_token_is_refused(service: Service, client: httpx.AsyncClient) -> None:
    token = await service.issue("office")
    assert (await ask(client, token))[0] == 200
    await service.issue("office", token=token, revoked_at=LONG_AGO)
    assert await ask(client, token) == (401, "token_revoked")


async def test_a_token_is_good_until_it_expires(
    service: Service, client: httpx.AsyncClient
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert (await ask(client, await service.issue("office", expires_at=soon)))[0] == 200
    past = await service.issue("office", expires_at=LONG_AGO)
    assert await ask(client, past) == (401, "token_expired")


def test_a_new_token_is_told_once_and_kept_as_a_hash() -> None:
    token = new_token()
    secret = token.text.rpartition("_")[2][:-7]
    assert token.text.startswith(f"duban_{token.id}_")
    assert token.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert len({new_token().text for _ in range(100)}) == 100


async def test_a_change_of_a_token_keeps_when_it_was_last_used(service: Service) -> None:
    token = await service.issue("office")
    gate = Gate(
        db=service.db,
        credentials=service.credentials,
        clock=service.clock,
        session_secret="secret",
        remember_use=True,
    )
    before = datetime.now(UTC)
    await gate.admit(token.text)
    await service.issue("office", token=token, revoked_at=datetime.now(UTC))
    async with service.db.read() as session:
        (row,) = await service.credentials.all(session)
    assert row["last_used_at"] >= before
    assert row["revoked_at"] is not None


# --- roles and units


def test_a_role_is_required_and_any_of_several_will_do() -> None:
    clerk = Principal(token="t", holder="Ms Lin", unit="finance", roles=frozenset({"submit"}))
    clerk.require("submit")
    clerk.require("office", "submit")
    with pytest.raises(Problem, match="role office or operator") as refusal:
        clerk.require("office", "operator")
    assert (refusal.value.status, refusal.value.code) == (403, "other_role")


def test_a_token_of_a_unit_speaks_for_no_other() -> None:
    clerk = Principal(token="t", holder="Ms Lin", unit="finance", roles=frozenset({"submit"}))
    clerk.require_unit("finance")
    with pytest.raises(Problem, match="finance only") as refusal:
        clerk.require_unit("works")
    assert (refusal.value.status, refusal.value.code) == (403, "other_unit")


def test_a_token_without_a_unit_speaks_for_all() -> None:
    office = Principal(token="t", holder="Mr Wu", unit=None, roles=frozenset({"office"}))
    office.require_unit("finance")
    office.require_unit("works")


# --- sessions


async def session_of(service: Service, token: NewToken) -> str:
    gate = service.gate()
    return gate.session_cookie(await gate.admit(token.text))


async def with_cookie(client: httpx.AsyncClient, cookie: str) -> tuple[int, str]:
    answer = await client.get("/me", headers=[(b"cookie", f"{COOKIE}={cookie}".encode())])
    return answer.status_code, answer.json().get("code", "")


async def test_a_session_stands_for_its_token(service: Service, client: httpx.AsyncClient) -> None:
    cookie = await session_of(service, await service.issue("office"))
    assert (await with_cookie(client, cookie))[0] == 200


async def test_a_session_does_not_hold_the_tokens_secret(service: Service) -> None:
    token = await service.issue("office")
    assert token.text[-47:-7] not in await session_of(service, token)


async def test_a_tampered_session_is_refused(service: Service, client: httpx.AsyncClient) -> None:
    mine, theirs = await service.issue("submit"), await service.issue("office")
    payload, _, signature = (await session_of(service, mine)).partition(".")
    other, _, _ = (await session_of(service, theirs)).partition(".")
    assert (await with_cookie(client, f"{payload}.{signature}"))[0] == 200
    for cookie in (
        f"{other}.{signature}",
        f"{payload}.{signature[:-2]}xx",
        payload,
        "",
        "garbage",
        "é.é.é",
        "x" * 10_000,
    ):
        assert await with_cookie(client, cookie) == (401, "session_expired")


async def test_a_session_signed_with_another_secret_is_refused(
    service: Service, client: httpx.AsyncClient
) -> None:
    token = await service.issue("office")
    forged = URLSafeTimedSerializer("guessed", salt="duban-session").dumps(token.id)
    assert await with_cookie(client, str(forged)) == (401, "session_expired")


async def test_a_session_ends_after_its_time(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = await session_of(service, await service.issue("office"))
    monkeypatch.setattr(auth, "SESSION_SECONDS", -1)
    assert await with_cookie(client, cookie) == (401, "session_expired")


async def test_a_session_ends_with_its_token(service: Service, client: httpx.AsyncClient) -> None:
    token = await service.issue("office")
    cookie = await session_of(service, token)
    await service.issue("office", token=token, revoked_at=LONG_AGO)
    assert await with_cookie(client, cookie) == (401, "token_revoked")


# --- what is remembered for a second


class Wall:
    """A wall clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moved = Bell()
        self.now = datetime.now(UTC)

    def business_now(self) -> datetime:
        return self.now

    def wall_now(self) -> datetime:
        return self.now


def elsewhere(service: Service, wall: Wall) -> Gate:
    """The gate of another process on the same table."""
    credentials = Credentials(tables=service.tables)
    return Gate(db=service.db, credentials=credentials, clock=wall, session_secret="secret")


async def test_a_revocation_reaches_other_processes_within_a_second(service: Service) -> None:
    wall = Wall()
    gate = elsewhere(service, wall)
    token = await service.issue("office")
    await gate.admit(token.text)
    await service.issue("office", token=token, revoked_at=wall.now)
    wall.now += timedelta(milliseconds=999)
    assert (await gate.admit(token.text)).token == token.id
    wall.now += timedelta(milliseconds=1)
    with pytest.raises(Problem, match="was revoked"):
        await gate.admit(token.text)


async def test_a_token_that_expires_is_not_remembered_longer(service: Service) -> None:
    wall = Wall()
    gate = elsewhere(service, wall)
    token = await service.issue("office", expires_at=wall.now + timedelta(milliseconds=500))
    await gate.admit(token.text)
    wall.now += timedelta(milliseconds=500)
    with pytest.raises(Problem, match="has expired"):
        await gate.admit(token.text)


async def test_an_unknown_token_is_let_in_as_soon_as_it_is_known(service: Service) -> None:
    gate = elsewhere(service, Wall())
    token = new_token()
    with pytest.raises(Problem, match="no such token"):
        await gate.admit(token.text)
    await service.issue("office", token=token)
    assert (await gate.admit(token.text)).token == token.id


async def test_another_secret_of_a_remembered_token_is_refused(service: Service) -> None:
    gate = elsewhere(service, Wall())
    theirs, forged = await service.issue("office"), new_token()
    await gate.admit(theirs.text)
    secret = forged.text.rpartition("_")[2][:-7]
    text = f"duban_{theirs.id}_{secret}{auth._checksum(theirs.id + secret)}"
    with pytest.raises(Problem, match="no such token"):
        await gate.admit(text)


async def test_a_change_that_is_undone_changes_nothing_that_is_remembered(
    service: Service,
) -> None:
    token = await service.issue("office")
    gate = service.gate()
    await gate.admit(token.text)
    with contextlib.suppress(OSError):
        async with service.db.write() as session:
            changed = CredentialChanged(
                token=token.id,
                holder="Ms Lin",
                unit=None,
                roles=("office",),
                secret_sha256=token.secret_sha256,
                issued_at=LONG_AGO,
                expires_at=None,
                revoked_at=LONG_AGO,
            )
            await service.credentials.store(session, changed)
            raise OSError("undone")
    assert (await gate.admit(token.text)).token == token.id


async def test_many_at_once_with_one_token_need_one_look(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    find = service.credentials.find

    async def counted(*asked: Any) -> Any:  # noqa: ANN401  # as the table's
        looks.append(asked)
        return await find(*asked)

    monkeypatch.setattr(service.credentials, "find", counted)
    token, gate = await service.issue("office"), service.gate()
    looks.clear()
    principals = await asyncio.gather(*(gate.admit(token.text) for _ in range(50)))
    assert {one.token for one in principals} == {token.id}
    assert len(looks) == 1

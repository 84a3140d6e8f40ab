"""A token is issued by an operator, shown once, kept as a hash, and ends everywhere at once."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from intake_cast import Town, running

from intake.service.caller import Refused
from shared.contracts.intake import CredentialChanged


async def refusal(town: Town, holder: str) -> tuple[int, str]:
    """Status and code a holder's token is refused with."""
    answer = await town.get("/v1/plans", by=holder)
    return answer.status_code, answer.json()["code"]


async def listed(town: Town) -> dict[str, dict[str, Any]]:
    """The tokens as an operator sees them, by holder."""
    answer = await town.get("/v1/tokens", by="operator")
    return {one["holder"]: one for one in answer.json()["items"]}


async def test_the_first_token_is_an_operators_and_is_made_once(
    tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path, databases=databases) as town:
        town.tokens["operator"] = await town.intake.access.bootstrap(holder="operator")
        with pytest.raises(Refused) as refused:
            await town.intake.access.bootstrap(holder="second operator")
        assert [one.code for one in refused.value.refusals] == ["not_empty"]
        assert {name: one["roles"] for name, one in (await listed(town)).items()} == {
            "operator": ["operator"]
        }
    async with running(tmp_path, databases=databases) as again:
        with pytest.raises(Refused):
            await again.intake.access.bootstrap(holder="operator")


async def test_a_revoked_first_token_does_not_open_the_store_again(empty_town: Town) -> None:
    for one in (await listed(empty_town)).values():
        if one["holder"] != "operator":
            await empty_town.post(f"/v1/tokens/{one['id']}/revoke", by="operator")
    mine = (await listed(empty_town))["operator"]["id"]
    await empty_town.post(f"/v1/tokens/{mine}/revoke", by="operator")
    with pytest.raises(Refused):
        await empty_town.intake.access.bootstrap(holder="operator")


async def test_a_token_is_shown_once_and_kept_as_a_hash(empty_town: Town) -> None:
    issued = await empty_town.issue("new office", "office", "observer")
    secret = issued["token"].split("_")[2][:-7]
    shown = (await empty_town.get("/v1/tokens", by="operator")).text
    empty_town.tokens.clear()
    sent = b"".join(path.read_bytes() for path in empty_town.folder.iterdir() if path.is_file())
    kept = sent + repr([empty_town.stored(one) for one in ("credentials", "journal")]).encode()
    assert secret not in shown
    assert secret.encode() not in kept
    assert hashlib.sha256(secret.encode()).hexdigest() not in shown
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in kept


async def test_the_others_learn_of_a_token_without_its_secret(empty_town: Town) -> None:
    issued = await empty_town.issue("lake school", "submit", unit="east")
    told = empty_town.said(CredentialChanged)[-1]
    assert (told.token, told.holder, told.unit) == (issued["id"], "lake school", "east")
    assert (told.roles, told.revoked_at) == (("submit",), None)
    assert told.key == issued["id"]
    assert (
        told.secret_sha256
        == hashlib.sha256(issued["token"].split("_")[2][:-7].encode()).hexdigest()
    )


async def test_the_tokens_are_listed_with_holder_unit_and_roles(empty_town: Town) -> None:
    tokens = await listed(empty_town)
    assert {name: (one["unit"], one["roles"]) for name, one in tokens.items()} == {
        "operator": (None, ["operator"]),
        "office": (None, ["office"]),
        "second office": (None, ["office"]),
        "observer": (None, ["observer"]),
        "water": ("water", ["submit"]),
        "works": ("works", ["submit"]),
        "east": ("east", ["submit"]),
    }


async def test_a_revoked_token_ends_at_once_and_says_so(empty_town: Town) -> None:
    token = (await listed(empty_town))["observer"]["id"]
    answer = await empty_town.post(f"/v1/tokens/{token}/revoke", by="operator")
    assert answer.json() == {"id": token, "state": "revoked"}
    assert await refusal(empty_town, "observer") == (401, "token_revoked")
    assert (await empty_town.get("/v1/plans", by="office")).status_code == 200
    assert (await listed(empty_town))["observer"]["revoked_at"] is not None
    told = empty_town.said(CredentialChanged)[-1]
    assert (told.token, told.revoked_at is None) == (token, False)


async def test_a_token_is_revoked_once(empty_town: Town) -> None:
    token = (await listed(empty_town))["observer"]["id"]
    for _ in range(2):
        answer = await empty_town.post(f"/v1/tokens/{token}/revoke", by="operator")
        assert answer.status_code == 200
    told = [one for one in empty_town.said(CredentialChanged) if one.token == token]
    assert [one.revoked_at is None for one in told] == [True, False]


async def test_an_unknown_token_cannot_be_revoked(empty_town: Town) -> None:
    answer = await empty_town.post("/v1/tokens/nobody/revoke", by="operator")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_token")


async def test_an_expired_token_says_so(empty_town: Town) -> None:
    now = datetime.now(UTC)
    await empty_town.issue("guest", "observer", expires_at=(now - timedelta(1)).isoformat())
    await empty_town.issue("visitor", "observer", expires_at=(now + timedelta(1)).isoformat())
    assert await refusal(empty_town, "guest") == (401, "token_expired")
    assert (await empty_town.get("/v1/plans", by="visitor")).status_code == 200


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("duban_aaaaaaaaaaaa_short", "token_malformed"),
        ("x" * 10_000, "token_malformed"),
        (None, "token_missing"),
    ],
    ids=["wrong checksum", "10 kB", "none"],
)
async def test_what_is_no_token_is_refused_and_says_why(
    empty_town: Town, token: str | None, code: str
) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await empty_town.web.get("/v1/plans", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_of_another_house_is_unknown(
    empty_town: Town, tmp_path: Path, databases: Databases
) -> None:
    async with running(tmp_path / "other", databases=databases) as other:
        await other.open()
        empty_town.tokens["stranger"] = other.tokens["office"]
    assert await refusal(empty_town, "stranger") == (401, "token_unknown")


async def test_when_a_token_was_last_used_is_kept(empty_town: Town) -> None:
    assert (await listed(empty_town))["observer"]["last_used_at"] is None
    before = datetime.now(UTC)
    await empty_town.get("/v1/plans", by="observer")
    used = datetime.fromisoformat((await listed(empty_town))["observer"]["last_used_at"])
    assert before <= used <= datetime.now(UTC)


@pytest.mark.parametrize("by", ["office", "observer", "water"])
async def test_only_an_operator_issues_and_revokes(empty_town: Town, by: str) -> None:
    token = (await listed(empty_town))["office"]["id"]
    issue = await empty_town.post("/v1/tokens", {"holder": "x", "roles": ["office"]}, by=by)
    revoke = await empty_town.post(f"/v1/tokens/{token}/revoke", by=by)
    for answer in (issue, revoke):
        assert (answer.status_code, answer.json()["code"]) == (403, "other_role")
    assert len(await listed(empty_town)) == 7


@pytest.mark.parametrize(("by", "status"), [("office", 200), ("observer", 403), ("water", 403)])
async def test_the_office_sees_who_holds_tokens_and_units_do_not(
    empty_town: Town, by: str, status: int
) -> None:
    assert (await empty_town.get("/v1/tokens", by=by)).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"holder": "x", "roles": ["submit"]},
        {"holder": "x", "roles": []},
        {"holder": "x", "roles": ["mayor"]},
        {"holder": "", "roles": ["office"]},
        {"holder": "  ", "roles": ["office"]},
        {"holder": "x\ny", "roles": ["office"]},
        {"holder": "x", "roles": ["office"], "expires_at": "2030-01-01T00:00:00"},
        {"holder": "x", "roles": ["office"], "is_admin": True},
    ],
    ids=[
        "reporter without unit",
        "no role",
        "no such role",
        "nobody",
        "blank",
        "two lines",
        "naive",
        "more",
    ],
)
async def test_a_token_is_for_somebody_and_something(empty_town: Town, body: Any) -> None:  # noqa: ANN401  # JSON
    answer = await empty_town.post("/v1/tokens", body, by="operator")
    assert answer.status_code == 422
    assert len(await listed(empty_town)) == 7

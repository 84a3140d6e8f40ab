"""What is released is signed; keys that signed stay known after another took their place."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError
from scoring_cast import a_task
from scoring_house import PLAN, SIGNING, House, Site

from duban.verify import signed_by
from scoring.config import ScoringSettings
from scoring.domain.signing import SigningKey, signed_text, written
from scoring.service.signatures import Signatures
from scoring.store.tables import PublicationRow

NEXT = SigningKey(seed=bytes(range(32)))
DOCUMENTS = f"/v1/publications/{PLAN}/2022-B1/documents"


async def published(site: Site) -> dict[str, Any]:
    await site.house.hear_plan(a_task("T1"))
    site.house.at("2022-03-15T10:00")
    return await site.publish("2022-B1")


def a_row(house: House, version: int) -> PublicationRow:
    now = house.clock.business_now()
    return PublicationRow(
        plan=PLAN,
        period="2022-B1",
        version=version,
        state="published",
        cutoff="c",
        drafted_by="Ms Lin",
        drafted_at=now,
        last_day=now.date(),
        correlation="0" * 32,
        digest=f"{version:064}",
    )


async def test_a_release_is_signed_beside_what_is_hashed(site: Site) -> None:
    body = await published(site)
    office = site.visitor(await site.house.token("office"))
    [one] = (await office.get(DOCUMENTS)).json()["publications"]
    [signature] = one["signatures"]
    assert signature["key"] == SIGNING.name
    raw = base64.b64decode(signature["signature"])
    assert signed_by(SIGNING.public, signed_text(body["digest"]), raw)
    assert "signatures" not in one["manifest"]


async def test_everybody_can_have_the_keys(site: Site) -> None:
    nobody = site.visitor()
    assert (await nobody.get("/v1/keys")).json() == {"items": []}
    await published(site)
    [key] = (await nobody.get("/v1/keys")).json()["items"]
    assert (key["id"], key["algorithm"], key["public"]) == (
        SIGNING.name,
        "Ed25519",
        written(SIGNING.public),
    )
    assert key["until"] is None
    assert written(SIGNING.seed) not in str(key)


async def test_a_page_names_the_key(site: Site) -> None:
    await published(site)
    office = site.visitor(await site.house.token("office"))
    page = (await office.get(f"/bulletin/{PLAN}/2022-B1")).text
    assert SIGNING.name in page


async def test_a_key_that_was_replaced_stays_known(house: House) -> None:
    rows = [a_row(house, number) for number in (1, 2, 3)]
    for row, key, day in zip(
        rows, (SIGNING, NEXT, SIGNING), ("2022-03-01", "2022-03-02", "2022-03-03"), strict=True
    ):
        house.at(f"{day}T10:00")
        signer = Signatures(db=house.db, clock=house.clock, key=key)
        async with house.db.write(PLAN) as session:
            await signer.sign(session, row)
    told = Signatures(db=house.db, clock=house.clock, key=None)
    keys = {key.id: key.until for key in await told.keys()}
    assert keys[SIGNING.name] is None
    assert keys[NEXT.name] is not None
    names = [[key.id for _, key in await told.of(row)] for row in rows]
    assert names == [[SIGNING.name], [NEXT.name], [SIGNING.name]]


async def test_without_a_key_nothing_is_signed(house: House) -> None:
    told = Signatures(db=house.db, clock=house.clock, key=None)
    async with house.db.write(PLAN) as session:
        await told.sign(session, a_row(house, 1))
    assert (await told.of(a_row(house, 1)), await told.keys()) == ([], [])


def test_a_setting_that_is_no_key_stops_the_service_with_the_mend() -> None:
    with pytest.raises(ValidationError, match="openssl rand -base64 32"):
        ScoringSettings.model_validate({"session_secret": "s" * 32, "signing_key": "short"})


def test_an_empty_setting_is_no_key() -> None:
    settings = ScoringSettings.model_validate({"session_secret": "s" * 32, "signing_key": ""})
    assert settings.key() is None

"""`duban verify` checks signatures without a library; the vectors are those of RFC 8032, 7.1."""

import json
from pathlib import Path
from typing import Any

import pytest
from local.test_verify import Desk, Json, documents

from duban.verify import signed_by
from scoring.domain.signing import SigningKey, signed_text, written

VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
KEY = SigningKey(seed=bytes(range(32)))
OTHER = SigningKey(seed=bytes(range(1, 33)))


@pytest.fixture
def desk(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> Desk:  # noqa: ANN401  # a path
    return Desk(tmp_path, capsys)


def signed(one: Json, *keys: SigningKey) -> Json:
    """A publication with the signatures of keys."""
    told = [
        {
            "key": key.name,
            "algorithm": "Ed25519",
            "public": written(key.public),
            "signature": written(key.sign(one["digest"])),
        }
        for key in keys
    ]
    return {**one, "signatures": told}


def kept(folder: Path, *keys: SigningKey) -> Path:
    """The keys as GET /v1/keys answers them."""
    path = folder / "keys.json"
    items = [{"id": key.name, "public": written(key.public)} for key in keys]
    path.write_text(json.dumps({"items": items}))
    return path


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_signer_and_verifier_agree_with_the_standard(
    seed: str, public: str, message: str, signature: str
) -> None:
    raw, text, proof = (bytes.fromhex(one) for one in (public, message, signature))
    assert SigningKey(seed=bytes.fromhex(seed)).public == raw
    assert signed_by(raw, text, proof)
    assert not signed_by(raw, text + b"!", proof)
    for place in (0, 31, 32, 63):
        other = bytearray(proof)
        other[place] ^= 1
        assert not signed_by(raw, text, bytes(other))
    assert not signed_by(bytes(32), text, proof)
    assert not signed_by(raw, text, proof[:-1])


def test_what_one_signs_the_other_verifies() -> None:
    digest = "ab" * 32
    assert signed_by(KEY.public, signed_text(digest), KEY.sign(digest))
    assert not signed_by(OTHER.public, signed_text(digest), KEY.sign(digest))


def test_a_signature_is_told_and_digests_stay_without_it(desk: Desk) -> None:
    plain = documents()
    status, [told], errors = desk.verify(desk.file(signed(plain, KEY, OTHER)))
    assert (status, errors) == (0, [])
    assert f"signed by {KEY.name}, {OTHER.name}" in told
    assert told.endswith(plain["digest"])


def test_a_signature_of_another_digest_is_wrong(desk: Desk) -> None:
    one = signed(documents(), KEY)
    one["signatures"][0]["signature"] = written(KEY.sign("00" * 32))
    assert desk.errors(one) == [f"signature: it is not signed by the key {KEY.name}"]


def test_a_key_is_what_its_name_says(desk: Desk) -> None:
    one = signed(documents(), KEY)
    one["signatures"][0]["public"] = written(OTHER.public)
    assert desk.errors(one) == [f"signature: the key {KEY.name} is not what its name says"]


def test_with_keys_a_publication_has_to_be_signed_by_one_of_them(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from duban.verify import main  # noqa: PLC0415  # beside what it is given

    good, bare = desk.file(signed(documents(), KEY)), desk.file(documents())
    strange = desk.file(signed(documents(), OTHER))
    keys = str(kept(tmp_path, KEY))
    assert main(["--keys", keys, str(good)]) == 0
    for file in (bare, strange):
        assert main(["--keys", keys, str(file)]) == 1
        assert "it is not signed by a key that was given" in capsys.readouterr().err


def test_a_file_that_holds_no_keys_is_told(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from duban.verify import main  # noqa: PLC0415  # beside what it is given

    path = tmp_path / "no-keys.json"
    path.write_text("[]")
    assert main(["--keys", str(path), str(desk.file(documents()))]) == 2  # misuse
    assert "holds no keys" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "AAAA", "not base64", "A" * 64])
def test_what_is_no_key_is_refused_with_how_to_make_one(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        SigningKey.read(text)

"""The documents of a result, and their digests: a manifest, a leaf for each unit, lines in it.

The leaves made here are the office's copy. In the public copy a hidden line is sealed: its digest
stands for it. Both copies have the same digests (ADR 18).
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

FORMAT: Final = "duban.publication/2"
SEAL: Final = "sha256"
"""The one key of what stands for a sealed line."""

Document = Mapping[str, Any]
"""JSON values, without floats."""
Kind = Literal["period", "evaluation", "year"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a leaf: its id, its document, and whether everybody may read it."""

    id: str
    document: Document
    public: bool


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """What is said of one unit: its result, and the lines it follows from.

    The result stands in both copies: it must not tell what a hidden line says.
    """

    result: Document
    lines: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True)
class Publication:
    """`digest` is the SHA-256 of the manifest's canonical bytes.

    `leaves` is the office's copy, by unit; the digest of each stands in the manifest.
    """

    manifest: Document
    leaves: Mapping[str, Document]
    digest: str


def canonical(document: Document) -> bytes:
    """The one way to write a document: UTF-8, keys in order, no spaces, no floats.

    Raises:
        TypeError: the document holds a float: write it as a decimal string.
    """
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    json.loads(text, parse_float=_refuse_float, parse_constant=_refuse_float)
    return text.encode()


def digest_of(document: Document) -> str:
    """The SHA-256 of a document's canonical bytes, in hexadecimal."""
    return sha256(canonical(document)).hexdigest()


def leaf_digest(leaf: Document) -> str:
    """The digest of a leaf is that of its result and of the digests of its lines, in their order.

    So it is the same for whoever reads a line and for whoever sees only its seal.
    """
    return digest_of({**leaf, "tasks": [_sealed(line)[SEAL] for line in leaf["tasks"]]})


def public_copy(leaf: Document) -> dict[str, Any]:
    """The copy of a leaf for everybody: a hidden line is sealed."""
    lines = leaf["tasks"]
    return {**leaf, "tasks": [line if line.get("public") else _sealed(line) for line in lines]}


def compose(
    *,
    kind: Kind,
    plan: str,
    period: str,
    version: int,
    whole: Document,
    leaves: Mapping[str, Leaf],
    previous_digest: str | None,
    salt_key: bytes | None = None,
) -> Publication:
    """The documents of any result that has units.

    Args:
        kind: what the result is of.
        plan: its id.
        period: the id of the period, or the year.
        version: 1 for the first.
        whole: what the manifest says beside its head and its leaves.
        leaves: by unit.
        previous_digest: that of the publication released before, None for the plan's first.
        salt_key: a secret of the office. With it each hidden line gets a salt of its own, so that
            nobody finds out what it says by guessing until a digest fits.

    Raises:
        ValueError: a line is hidden and there is no key to salt it with.
    """
    head = {"format": FORMAT, "kind": kind, "plan": plan, "period": period, "version": version}
    place = f"{plan}/{kind}/{period}"
    written = {
        unit: {
            **head,
            "result": leaf.result,
            "tasks": [_written(line, place, salt_key) for line in leaf.lines],
        }
        for unit, leaf in leaves.items()
    }
    manifest = {
        **whole,
        **head,
        "leaves": {unit: leaf_digest(leaf) for unit, leaf in written.items()},
        "previous": previous_digest,
    }
    return Publication(manifest=manifest, leaves=written, digest=digest_of(manifest))


def _sealed(line: Document) -> Document:
    return line if line.keys() == {SEAL} else {SEAL: digest_of(line)}


def _written(line: Line, place: str, key: bytes | None) -> Document:
    if line.public:
        return {**line.document, "public": True}
    if not key:
        raise ValueError(f"{line.id} is hidden: give a salt_key")
    told = f"duban hidden line {place}/{line.id}".encode()
    salt = hmac.new(key, told, sha256).hexdigest()
    return {**line.document, "public": False, "salt": salt}


def _refuse_float(text: str) -> object:
    raise TypeError(f"a document holds the float {text}: write it as a decimal string")

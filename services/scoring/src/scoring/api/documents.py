"""The documents of a publication as one file, which `duban verify` reads without a service."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from fastapi.responses import Response

from scoring.api.door import is_office, problem_of
from scoring.api.schemas import FiledLine, Manifest, PublicationSummary
from scoring.domain.documents import canonical, public_copy
from scoring.domain.rollup import UnitResult
from scoring.domain.signing import ALGORITHM
from scoring.service.caller import Refused
from scoring.service.publications import Publications
from scoring.service.signatures import Signatures
from scoring.store.tables import KeyRow, LeafRow, PublicationRow, SignatureRow
from shared.contracts.values import Contract, Id
from shared.kit.auth import Principal


class SealedLine(Contract):
    """What stands for a line that is not for this reader."""

    sha256: str
    """Its digest, in hexadecimal."""


class FiledLeaf(Contract):
    """A unit's document.

    Its digest is the SHA-256 of its bytes, with its keys in order and no spaces, in which each line
    is replaced by its own digest.
    """

    format: Literal["duban.publication/2"]
    kind: Literal["period", "evaluation", "year"]
    plan: Id
    period: Id
    version: int
    result: UnitResult
    tasks: tuple[FiledLine | SealedLine, ...]
    """The lines it has a share in."""


class Signature(Contract):
    """A signature of the digest; it stands outside of what is hashed."""

    key: str
    """The key's name: GET /v1/keys has it."""
    algorithm: Literal["Ed25519"]
    public: str
    """The key itself, 32 bytes in base64."""
    signature: str
    """64 bytes in base64, of `duban.publication/2`, a line feed, the digest, a line feed."""


class Documents(Contract):
    """One publication. What `record` says of who did which step stands outside the digest."""

    reader: Literal["office", "public"]
    """public: lines that are not for everybody are sealed."""
    digest: str
    """SHA-256 in hexadecimal of the manifest, with its keys in order and no spaces."""
    manifest: Manifest
    leaves: dict[Id, FiledLeaf]
    """By unit."""
    signatures: tuple[Signature, ...]
    record: PublicationSummary


class DocumentSet(Contract):
    """A file for `duban verify`; one may hold several publications."""

    format: Literal["duban.documents/1"]
    publications: tuple[Documents, ...]


class YearDocuments(Contract):
    """A file for `duban verify`, of a year: its documents as of a publication."""

    format: Literal["duban.documents/1"]
    publications: tuple[dict[str, Any], ...]
    """Reader, digest, manifest, leaves by unit, signatures, and who did which step."""


def document_set(
    row: PublicationRow,
    manifest: str,
    leaves: Sequence[LeafRow],
    *,
    signed: Sequence[tuple[SignatureRow, KeyRow]] = (),
    full: bool,
) -> dict[str, Any]:
    """All documents of a computed publication, sealed where the reader is not to see a line.

    `signed` are its signatures, each with its key.
    """
    filed = {leaf.unit: json.loads(leaf.document) for leaf in leaves}
    one = {
        "reader": "office" if full else "public",
        "digest": row.digest,
        "manifest": json.loads(manifest),
        "leaves": {unit: leaf if full else public_copy(leaf) for unit, leaf in filed.items()},
        "signatures": [
            {
                "key": key.id,
                "algorithm": ALGORITHM,
                "public": key.public,
                "signature": one.signature,
            }
            for one, key in signed
        ],
        "record": PublicationSummary.of(row).model_dump(mode="json"),
    }
    return {"format": "duban.documents/1", "publications": [one]}


async def documents_file(
    row: PublicationRow,
    principal: Principal,
    *,
    named: str,
    publications: Publications,
    signatures: Signatures,
) -> Response:
    """The documents of a publication or a year as a file: whole for office and observers.

    Raises:
        Problem: 409 `not_computed`, with what is `named`.
    """
    if row.manifest is None:
        raise problem_of(Refused("not_computed", f"{named} has no result yet"))
    full = is_office(principal) or "observer" in principal.roles
    body = document_set(
        row,
        row.manifest,
        await publications.leaves(row),
        signed=await signatures.of(row),
        full=full,
    )
    kept_as = {"Content-Disposition": f'attachment; filename="{file_name(row, full=full)}"'}
    return Response(canonical(body), media_type="application/json", headers=kept_as)


def file_name(row: PublicationRow, *, full: bool) -> str:
    """What the file is called where it is kept."""
    state = "" if row.state == "published" else f".{row.state}"
    copy = "" if full else ".public"
    return f"duban.{row.plan}.{row.period}.v{row.version}{state}{copy}.json"

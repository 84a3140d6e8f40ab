"""How reports are taken in, singly or in a batch.

Mostly ahead of FastAPI, which would cost more than all that is done here: see `hot` in the app.
"""

import json
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from intake.api.door import caller_of, problem_of
from intake.domain.reported import Refusal
from intake.service.caller import Caller, Refused
from intake.service.lane import Busy
from intake.service.receipt import Receipt
from intake.service.submissions import Submissions
from shared.contracts.submission import BatchItem, Submission
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import (
    BATCH_BYTES,
    SINGLE_BYTES,
    check_json,
    field_errors,
    parse_json,
    read_body,
)
from shared.kit.problems import Problem

_WRITER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_KEY_LONGEST: Final = 255
_BATCH_MOST: Final = 10_000
_ONE: Final = "POST /v1/submissions"
_BUSY: Final = Problem(
    503,
    "busy",
    "too many reports are waiting; nothing was stored. Send it again in a second.",
    headers={"Retry-After": "1"},
)


class _Accepted(JSONResponse):
    """The answer to a report: bytes and headers as they go out, made without a detour."""

    def __init__(self, receipt: Receipt) -> None:
        # Not by the way of `JSONResponse`, which looks up, copies and encodes for all cases.
        self.status_code = 202
        self.background = None
        self.body = _WRITER.encode(receipt.members()).encode()
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
            (b"location", b"/v1/submissions/" + str(receipt.id).encode()),
        ]


class Taking:
    """The two ways in for reports."""

    def __init__(self, *, submissions: Submissions, gate: Authenticate) -> None:
        self._submissions = submissions
        self._gate = gate

    async def one(self, request: Request, *, dry_run: bool = False) -> JSONResponse:
        """One report; the answer is its receipt."""
        principal = await self._gate(request)
        report = parse_json(await read_body(request, limit=SINGLE_BYTES), Submission)
        _may_submit(principal, report)
        caller, key = caller_of(request, principal), _idempotency_key(request)
        try:
            if dry_run:
                rehearsed = await self._submissions.rehearse(report, caller=caller)
                return JSONResponse(rehearsed.members(), 200)
            receipt = await self._submissions.submit(report, key=key, route=_ONE, caller=caller)
        except Refused as refused:
            raise problem_of(refused) from refused
        except Busy as busy:
            raise _BUSY from busy
        return _Accepted(receipt)

    async def batch(self, request: Request, *, dry_run: bool = False) -> JSONResponse:
        """Many reports; each has its own outcome."""
        principal = await self._gate(request)
        principal.require("submit", "office")
        caller = caller_of(request, principal)
        items = [_item(one, caller) for one in await _batch(request)]
        answer = self._submissions.rehearse_batch if dry_run else self._submissions.submit_batch
        outcomes = await answer([item for _, item in items], caller=caller)
        answers = [
            _outcome(ref, outcome) for (ref, _), outcome in zip(items, outcomes, strict=True)
        ]
        return JSONResponse({"items": answers}, 207)


def _may_submit(principal: Principal, submission: Submission) -> None:
    principal.require("submit", "office")
    principal.require_unit(submission.unit)


def _idempotency_key(request: Request) -> str | None:
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return None
    key = keys[0]
    if len(keys) > 1 or not 0 < len(key) <= _KEY_LONGEST or not key.isprintable():
        raise Problem(
            400,
            "bad_idempotency_key",
            f"send one Idempotency-Key of 1 to {_KEY_LONGEST} printable characters",
        )
    return key


async def _batch(request: Request) -> list[Any]:
    """The raw items of a batch, at most 10,000."""
    types = ("application/json", "application/x-ndjson")
    body = await read_body(request, limit=BATCH_BYTES, types=types)
    if request.headers["content-type"].lower().startswith(types[1]):
        items = [_line(one) for one in body.splitlines() if one.strip()]
    else:
        items = check_json(body)
    if not isinstance(items, list) or not items:
        raise Problem(422, "not_a_batch", "send a JSON array, or one JSON object a line")
    if len(items) > _BATCH_MOST:
        raise Problem(413, "too_many_items", f"a batch holds at most {_BATCH_MOST:,} items")
    return items


def _line(line: bytes) -> Any:  # noqa: ANN401  # any JSON, or why it is none
    """One line of NDJSON; a broken one is the fault of that item alone."""
    try:
        return check_json(line)
    except Problem as problem:
        return problem


def _item(raw: Any, caller: Caller) -> tuple[str | None, Submission | Refused]:  # noqa: ANN401
    """One item, or why it cannot be read; `ref` is echoed either way."""
    ref = raw.get("ref") if isinstance(raw, dict) and isinstance(raw.get("ref"), str) else None
    if isinstance(raw, Problem):
        return None, Refused([Refusal(code=raw.code, path="", message=raw.detail)])
    try:
        item = BatchItem.model_validate_json(json.dumps(raw), extra="forbid")
        _may_submit(caller.principal, item)
    except ValidationError as error:
        return ref, Refused(
            [
                Refusal(code="invalid", path=one.path, message=one.message)
                for one in field_errors(error, raw, BatchItem)
            ]
        )
    except Problem as problem:
        return ref, Refused([Refusal(code=problem.code, path="unit", message=problem.detail)])
    return ref, item


def _outcome(ref: str | None, outcome: Receipt | Refused) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        problem = problem_of(outcome)
        return {"ref": ref, "status": problem.status, "problem": problem.body()}
    return {"ref": ref, "status": 202 if outcome.id else 200, "receipt": outcome.members()}

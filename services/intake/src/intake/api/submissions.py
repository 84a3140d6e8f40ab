"""POST and read submissions; their review; what is owed."""

import json
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from intake.api.door import caller_of, page_size, problem_of
from intake.api.schemas import ReturnOrder, Verification, owed_json, submission_json
from intake.domain.admission import Refusal
from intake.service.caller import Caller, Refused
from intake.service.duties import Duties
from intake.service.review import Review
from intake.service.submissions import ItemOutcome, Submissions
from shared.contracts.submission import BatchItem, Submission
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import (
    BATCH_BYTES,
    check_json,
    describe_body,
    field_errors,
    json_body,
    read_body,
)
from shared.kit.problems import Problem

_KEY_LONGEST: Final = 255
_BATCH_MOST: Final = 10_000
_ONE: Final = "POST /v1/submissions"

State = Literal["submitted", "verified", "returned"]


def submissions_router(
    *, submissions: Submissions, review: Review, duties: Duties, gate: Authenticate
) -> APIRouter:
    """Routes of what departments send and of what the office makes of it."""
    router = APIRouter(prefix="/v1", tags=["submissions"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        "/submissions",
        status_code=202,
        summary="Send one report",
        description="202 means it is durable; the answer is the receipt (回执).",
        openapi_extra=describe_body(Submission),
    )
    async def submit(
        request: Request,
        principal: asking,
        body: Annotated[Submission, Depends(json_body(Submission))],
        dry_run: bool = False,
    ) -> JSONResponse:
        _may_submit(principal, body)
        caller = caller_of(request, principal)
        key = _idempotency_key(request)
        try:
            if dry_run:
                return JSONResponse(asdict(await submissions.rehearse(body, caller=caller)), 200)
            receipt = await submissions.submit(body, key=key, route=_ONE, caller=caller)
        except Refused as refused:
            raise problem_of(refused) from refused
        location = {"Location": f"/v1/submissions/{receipt.id}"}
        return JSONResponse(asdict(receipt), 202, headers=location)

    @router.post(
        "/submissions/batch",
        status_code=207,
        summary="Send up to 10,000 reports",
        description="A JSON array or NDJSON. Each item has its own outcome; `ref` is echoed.",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    kind: {"schema": {"type": "array", "items": {"$ref": _ITEM_REF}}}
                    for kind in ("application/json", "application/x-ndjson")
                },
            }
        },
    )
    async def submit_batch(
        request: Request, principal: asking, dry_run: bool = False
    ) -> JSONResponse:
        principal.require("submit", "office")
        caller = caller_of(request, principal)
        items = [_item(one, caller) for one in await _batch(request)]
        answer = submissions.rehearse_batch if dry_run else submissions.submit_batch
        outcomes = await answer([item for _, item in items], caller=caller)
        answers = [
            _outcome(ref, outcome) for (ref, _), outcome in zip(items, outcomes, strict=True)
        ]
        return JSONResponse({"items": answers}, 207)

    @router.get("/submissions", summary="List submissions, newest first")
    async def list_submissions(
        request: Request,
        principal: asking,
        plan: str | None = None,
        unit: str | None = None,
        period: str | None = None,
        state: State | None = None,
        cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        rows = await submissions.list(
            plan=plan,
            unit=unit,
            period=period,
            state=state,
            before=cursor,
            limit=page_size(limit),
            caller=caller_of(request, principal),
        )
        more = rows[-1].number if len(rows) == limit else None
        return {"items": [submission_json(row, None) for row in rows], "cursor": more}

    @router.get("/submissions/{submission}", summary="One submission with what was reported")
    async def one_submission(
        submission: str, request: Request, principal: asking
    ) -> dict[str, Any]:
        try:
            row, content = await submissions.get(submission, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return submission_json(row, content)

    @router.post(
        "/submissions/{submission}/verify",
        summary="Confirm a report (核实)",
        openapi_extra=describe_body(Verification),
    )
    async def verify(
        submission: str,
        request: Request,
        principal: asking,
        body: Annotated[Verification, Depends(json_body(Verification))],
    ) -> dict[str, Any]:
        principal.require("office")
        try:
            row = await review.verify(
                submission,
                marks=body.marks,
                reason=body.reason,
                caller=caller_of(request, principal),
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return submission_json(row, None)

    @router.post(
        "/submissions/{submission}/return",
        summary="Send a report back with a reason",
        openapi_extra=describe_body(ReturnOrder),
    )
    async def send_back(
        submission: str,
        request: Request,
        principal: asking,
        body: Annotated[ReturnOrder, Depends(json_body(ReturnOrder))],
    ) -> dict[str, Any]:
        principal.require("office")
        try:
            row = await review.send_back(
                submission, reason=body.reason, caller=caller_of(request, principal)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return submission_json(row, None)

    @router.get("/obligations", summary="What is owed, by when, with a prefilled report")
    async def obligations(
        principal: asking, plan: str, unit: str | None = None, period: str | None = None
    ) -> dict[str, Any]:
        try:
            owed = await duties.owed(plan, unit=principal.unit or unit, period=period)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"items": [owed_json(one) for one in owed]}

    return router


_ITEM_REF: Final = "#/components/schemas/BatchItem"


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


def _outcome(ref: str | None, outcome: ItemOutcome) -> dict[str, Any]:
    if outcome.receipt is not None:
        status = 202 if outcome.receipt.id else 200
        return {"ref": ref, "status": status, "receipt": asdict(outcome.receipt)}
    assert outcome.refused is not None  # noqa: S101  # one of the two is there
    problem = problem_of(outcome.refused)
    return {"ref": ref, "status": problem.status, "problem": problem.body()}

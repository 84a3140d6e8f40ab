"""POST and read submissions; their review."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from intake.api.door import caller_of, page_size, problem_of
from intake.api.schemas import (
    BatchOutcome,
    ReturnOrder,
    State,
    SubmissionPage,
    SubmissionReceipt,
    SubmissionSummary,
    Verification,
    WholeSubmission,
)
from intake.api.taking import Taking
from intake.service.caller import Refused
from intake.service.review import Review
from intake.service.submissions import Submissions
from shared.contracts.submission import Submission
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.refusals import refusals


def submissions_router(
    *, taking: Taking, submissions: Submissions, review: Review, gate: Authenticate
) -> APIRouter:
    """Routes of what departments send and of what the office makes of it."""
    router = APIRouter(prefix="/v1", tags=["submissions"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        "/submissions",
        status_code=202,
        summary="Send one report",
        description="202 means it is durable; the answer is the receipt (回执).",
        response_model=SubmissionReceipt,
        responses={200: _REHEARSED, **refusals(403, 404, reads_body=True)},
        openapi_extra=describe_body(Submission),
    )
    async def submit(request: Request, dry_run: bool = False) -> JSONResponse:
        return await taking.one(request, dry_run=dry_run)

    @router.post(
        "/submissions/batch",
        status_code=207,
        summary="Send up to 10,000 reports",
        description="A JSON array or NDJSON. Each item has its own outcome; `ref` is echoed.",
        response_model=BatchOutcome,
        responses=refusals(403, reads_body=True),
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
    async def submit_batch(request: Request, dry_run: bool = False) -> JSONResponse:
        return await taking.batch(request, dry_run=dry_run)

    @router.get("/submissions", summary="List submissions, newest first", responses=refusals())
    async def list_submissions(
        request: Request,
        principal: asking,
        plan: str | None = None,
        unit: str | None = None,
        period: str | None = None,
        state: State | None = None,
        cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: int = 100,
    ) -> SubmissionPage:
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
        return SubmissionPage(items=tuple(map(SubmissionSummary.of, rows)), cursor=more)

    @router.get(
        "/submissions/{submission}",
        summary="One submission with what was reported",
        responses=refusals(404),
    )
    async def one_submission(
        submission: str, request: Request, principal: asking
    ) -> WholeSubmission:
        try:
            row, content = await submissions.get(submission, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return WholeSubmission.reported(row, content)

    @router.post(
        "/submissions/{submission}/verify",
        summary="Confirm a report (核实)",
        responses=refusals(403, 404, 409, reads_body=True),
        openapi_extra=describe_body(Verification),
    )
    async def verify(
        submission: str,
        request: Request,
        principal: asking,
        body: Annotated[Verification, Depends(json_body(Verification))],
    ) -> SubmissionSummary:
        principal.require("office")
        try:
            row = await review.verify(
                submission,
                marks=body.marks,
                reason=body.reason,
                rubric=body.rubric,
                values=body.values,
                caller=caller_of(request, principal),
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return SubmissionSummary.of(row)

    @router.post(
        "/submissions/{submission}/return",
        summary="Send a report back with a reason",
        responses=refusals(403, 404, 409, reads_body=True),
        openapi_extra=describe_body(ReturnOrder),
    )
    async def send_back(
        submission: str,
        request: Request,
        principal: asking,
        body: Annotated[ReturnOrder, Depends(json_body(ReturnOrder))],
    ) -> SubmissionSummary:
        principal.require("office")
        try:
            row = await review.send_back(
                submission, reason=body.reason, caller=caller_of(request, principal)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return SubmissionSummary.of(row)

    return router


_REHEARSED: Final = {"model": SubmissionReceipt, "description": "The receipt a dry run would give."}
_ITEM_REF: Final = "#/components/schemas/BatchItem"

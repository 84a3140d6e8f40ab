"""The office's steps: draft, correct, return, approve and release, of a period and of a year."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from scoring.api.documents import YearDocuments, documents_file
from scoring.api.door import caller_of, is_office, problem_of
from scoring.api.schemas import (
    CorrectRequest,
    DraftRequest,
    ExplainedYear,
    PublicationSummary,
    ReturnRequest,
    WholeYear,
    YearStep,
    whole_year_json,
)
from scoring.service.caller import Caller, Refused
from scoring.service.drafts import Drafts
from scoring.service.explanations import Explanations
from scoring.service.publications import Publications
from scoring.service.signatures import Signatures
from scoring.service.years import Years
from scoring.store.tables import PublicationRow
from shared.contracts.plan import Language
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.refusals import refusals

_PATH = "/publications/{plan}/{period}"
_YEAR = "/years/{plan}/{year}"
Year = Annotated[int, Path(ge=1970, le=2200)]


def releasing_router(
    *,
    drafts: Drafts,
    publications: Publications,
    years: Years,
    explanations: Explanations,
    signatures: Signatures,
    gate: Authenticate,
) -> APIRouter:
    """Routes that change what is published."""
    router = APIRouter(prefix="/v1", tags=["publishing"])
    asking = Annotated[Principal, Depends(gate)]
    steps = refusals(403, 404, 409)
    told = refusals(403, 404, 409, reads_body=True)

    @router.post(
        _PATH + "/draft",
        status_code=202,
        summary="Ask for a draft at a new cut-off",
        description="It is computed when its cut-off mark has come through; poll the publication.",
        responses=told,
        openapi_extra=describe_body(DraftRequest),
    )
    async def draft(
        plan: str,
        period: str,
        request: Request,
        response: Response,
        principal: asking,
        body: Annotated[DraftRequest, Depends(json_body(DraftRequest))],
    ) -> PublicationSummary:
        office = _office(request, principal)
        response.headers["Location"] = f"/v1/publications/{plan}/{period}"
        return await _row(drafts.draft(plan, period, forced=body.force, caller=office))

    @router.post(
        _PATH + "/correct",
        status_code=202,
        summary="Ask for the next version of a published period",
        description=(
            "It is run again at the cut-off of version 1, with the corrected reports and the "
            "decisions named here; later periods whose lights change, and a published year, get a "
            "new version with it. It is approved and released like a draft."
        ),
        responses=told,
        openapi_extra=describe_body(CorrectRequest),
    )
    async def correct(
        plan: str,
        period: str,
        request: Request,
        response: Response,
        principal: asking,
        body: Annotated[CorrectRequest, Depends(json_body(CorrectRequest))],
    ) -> PublicationSummary:
        office = _office(request, principal)
        response.headers["Location"] = f"/v1/publications/{plan}/{period}"
        return await _row(
            drafts.correct(
                plan,
                period,
                reason=body.reason,
                submissions=body.submissions,
                exemptions=body.exemptions,
                zero=body.zero,
                appeals=body.appeals,
                caller=office,
            )
        )

    @router.post(
        _PATH + "/return",
        summary="Send a draft back: it is to be drafted anew",
        operation_id="return_draft",
        responses=told,
        openapi_extra=describe_body(ReturnRequest),
    )
    async def send_back(
        plan: str,
        period: str,
        request: Request,
        principal: asking,
        body: Annotated[ReturnRequest, Depends(json_body(ReturnRequest))],
    ) -> PublicationSummary:
        office = _office(request, principal)
        return await _row(publications.send_back(plan, period, reason=body.reason, caller=office))

    @router.post(
        _PATH + "/approve", summary="Stand for a draft, as another holder", responses=steps
    )
    async def approve(
        plan: str, period: str, request: Request, principal: asking
    ) -> PublicationSummary:
        return await _row(publications.approve(plan, period, caller=_office(request, principal)))

    @router.post(_PATH + "/release", summary="Publish an approved draft", responses=steps)
    async def release(
        plan: str, period: str, request: Request, principal: asking
    ) -> PublicationSummary:
        return await _row(publications.release(plan, period, caller=_office(request, principal)))

    @router.get(
        _YEAR,
        summary="The roll-up of a year",
        description="Until it is computed, it is where it is on its way.",
        response_model=WholeYear | PublicationSummary,
        responses=refusals(404),
    )
    async def one_year(
        plan: str, year: Year, principal: asking, version: int | None = None
    ) -> JSONResponse:
        row = await _found(years.find(plan, year, version=version, drafts=is_office(principal)))
        sealed = frozenset[str]() if is_office(principal) else await explanations.sealed(plan)
        return JSONResponse(whole_year_json(row, sealed=sealed))

    @router.get(
        _YEAR + "/units/{unit}/explanation",
        summary="How a unit's year came about",
        responses=refusals(404, 409),
    )
    async def explain_year(
        plan: str,
        year: Year,
        unit: str,
        principal: asking,
        lang: Annotated[Language, Query()] = "zh-CN",
    ) -> ExplainedYear:
        row = await _found(years.find(plan, year, drafts=is_office(principal)))
        try:
            told = await explanations.of_year(
                row, language=lang, hidden=is_office(principal), own=principal.unit
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        if unit not in told:
            raise problem_of(Refused("unknown_unit", f"{unit} is not in {plan} {year}"))
        result, text = told[unit]
        return ExplainedYear(unit=unit, year=year, text=text, result=result)

    @router.get(
        _YEAR + "/documents",
        summary="All documents of a year, to verify it offline",
        description="As of a publication: one file for `duban verify`.",
        response_model=YearDocuments,
        responses=refusals(404, 409),
    )
    async def documents_of_a_year(
        plan: str, year: Year, principal: asking, version: int | None = None
    ) -> Response:
        row = await _found(years.find(plan, year, version=version, drafts=is_office(principal)))
        return await documents_file(
            row,
            principal,
            named=f"the year {year} of {plan}",
            publications=publications,
            signatures=signatures,
        )

    @router.post(
        _YEAR,
        status_code=202,
        summary="Draft, approve, release or freeze a year",
        responses=told,
        openapi_extra=describe_body(YearStep),
    )
    async def step_of_a_year(
        plan: str,
        year: Year,
        request: Request,
        principal: asking,
        body: Annotated[YearStep, Depends(json_body(YearStep))],
    ) -> PublicationSummary:
        office = _office(request, principal)
        step = {
            "draft": years.draft,
            "approve": years.approve,
            "release": years.release,
            "freeze": years.freeze,
        }[body.step]
        return await _row(step(plan, year, caller=office))

    return router


def _office(request: Request, principal: Principal) -> Caller:
    principal.require("office")
    return caller_of(request, principal)


async def _found(asked: Awaitable[PublicationRow]) -> PublicationRow:
    try:
        return await asked
    except Refused as refused:
        raise problem_of(refused) from refused


async def _row(asked: Awaitable[PublicationRow]) -> PublicationSummary:
    return PublicationSummary.of(await _found(asked))

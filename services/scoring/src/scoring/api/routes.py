"""The board, and publications from their draft to their explanation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from scoring.api.documents import DocumentSet, document_set, file_name
from scoring.api.door import caller_of, is_office, problem_of
from scoring.api.schemas import (
    Board,
    DraftRequest,
    ExplainedLine,
    ExplainedUnit,
    PublicationList,
    PublicationSummary,
    UnitDocument,
    WholePublication,
    leaf_json,
    whole_publication_json,
)
from scoring.domain.documents import canonical
from scoring.service.caller import Refused
from scoring.service.explanations import Explanations
from scoring.service.publications import Publications
from scoring.service.standings import Standings
from scoring.store.tables import PublicationRow
from shared.contracts.plan import Language
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.problems import Problem
from shared.kit.refusals import refusals

_PATH = "/publications/{plan}/{period}"
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


def results_router(
    *,
    standings: Standings,
    publications: Publications,
    explanations: Explanations,
    gate: Authenticate,
) -> APIRouter:
    """Routes of every result."""
    router = APIRouter(prefix="/v1", tags=["results"])
    asking = Annotated[Principal, Depends(gate)]

    @router.get("/board", summary="Where each task stands now", responses=refusals())
    async def board(
        principal: asking,
        plan: str | None = None,
        unit: str | None = None,
        light: str | None = None,
    ) -> Board:
        rows = await standings.board(
            plan=plan,
            unit=principal.unit or unit,
            light=light,
            hidden=is_office(principal) or principal.unit is not None,
        )
        return Board.of(rows)

    @router.get(
        "/publications", summary="Every publication, newest period first", responses=refusals()
    )
    async def list_publications(principal: asking, plan: str | None = None) -> PublicationList:
        rows = await publications.all(plan=plan, drafts=is_office(principal))
        return PublicationList(items=tuple(map(PublicationSummary.of, rows)))

    @router.get(
        _PATH,
        summary="A publication: manifest, units, tasks, actions, plan",
        description="Until it is computed, it is where it is on its way.",
        response_model=WholePublication | PublicationSummary,
        responses=refusals(404),
    )
    async def one_publication(
        plan: str, period: str, principal: asking, version: Version = None
    ) -> JSONResponse:
        row = await _find(plan, period, version, principal)
        return JSONResponse(whole_publication_json(row, office=is_office(principal)))

    @router.get(
        _PATH + "/documents",
        summary="All documents of a publication, to verify it offline",
        description="One file for `duban verify`. Office and observers get every line; for others "
        "a line that is not public is sealed. Both copies have the same digest.",
        response_model=DocumentSet,
        responses=refusals(404, 409),
    )
    async def documents(
        plan: str, period: str, principal: asking, version: Version = None
    ) -> Response:
        row = await _find(plan, period, version, principal)
        if row.manifest is None:
            raise problem_of(Refused("not_computed", f"{plan} {period} has no result yet"))
        full = is_office(principal) or "observer" in principal.roles
        body = document_set(row, row.manifest, await publications.leaves(row), full=full)
        named = {"Content-Disposition": f'attachment; filename="{file_name(row, full=full)}"'}
        return Response(canonical(body), media_type="application/json", headers=named)

    @router.get(
        _PATH + "/units/{unit}",
        summary="One unit's document",
        response_model=UnitDocument,
        responses=refusals(404),
    )
    async def one_leaf(
        plan: str, period: str, unit: str, principal: asking, version: Version = None
    ) -> JSONResponse:
        row = await _find(plan, period, version, principal)
        try:
            leaf = await publications.leaf(row, unit)
        except Refused as refused:
            raise problem_of(refused) from refused
        return JSONResponse(leaf_json(leaf.document, office=is_office(principal)))

    @router.get(
        _PATH + "/units/{unit}/explanation",
        summary="How a unit's lines came about",
        responses=refusals(404, 409),
    )
    async def explain_unit(
        plan: str,
        period: str,
        unit: str,
        principal: asking,
        lang: Annotated[Language, Query()] = "zh-CN",
    ) -> ExplainedUnit:
        row = await _find(plan, period, None, principal)
        items = await _told(row, principal, lang, unit=unit, task=None)
        return ExplainedUnit(unit=unit, items=items)

    @router.get(
        _PATH + "/tasks/{task}/explanation",
        summary="How a task's line came about",
        responses=refusals(404, 409),
    )
    async def explain_task(
        plan: str,
        period: str,
        task: str,
        principal: asking,
        lang: Annotated[Language, Query()] = "zh-CN",
    ) -> ExplainedLine:
        row = await _find(plan, period, None, principal)
        items = await _told(row, principal, lang, unit=None, task=task)
        return items[0]

    @router.post(
        _PATH + "/draft",
        status_code=202,
        summary="Ask for a draft at a new cut-off",
        description="It is computed when its cut-off mark has come through; poll the publication.",
        responses=refusals(403, 404, 409, reads_body=True),
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
        principal.require("office")
        try:
            row = await publications.draft(
                plan, period, forced=body.force, caller=caller_of(request, principal)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        response.headers["Location"] = f"/v1/publications/{plan}/{period}"
        return PublicationSummary.of(row)

    @router.post(
        _PATH + "/approve",
        summary="Stand for a draft, as another holder",
        responses=refusals(403, 404, 409),
    )
    async def approve(
        plan: str, period: str, request: Request, principal: asking
    ) -> PublicationSummary:
        principal.require("office")
        try:
            row = await publications.approve(plan, period, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return PublicationSummary.of(row)

    @router.post(
        _PATH + "/release",
        summary="Publish an approved draft",
        responses=refusals(403, 404, 409),
    )
    async def release(
        plan: str, period: str, request: Request, principal: asking
    ) -> PublicationSummary:
        principal.require("office")
        try:
            row = await publications.release(plan, period, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return PublicationSummary.of(row)

    @router.post(_PATH + "/correct", summary="Not in this release", responses=refusals(403))
    @router.post(
        _PATH + "/return",
        summary="Not in this release",
        operation_id="return_draft",
        responses=refusals(403),
    )
    async def later(plan: str, period: str, principal: asking) -> Response:
        principal.require("office")
        raise Problem(
            422, "not_supported", f"this release cannot correct or return {plan} {period}"
        )

    async def _find(
        plan: str, period: str, version: int | None, principal: Principal
    ) -> PublicationRow:
        try:
            return await publications.find(
                plan, period, version=version, drafts=is_office(principal)
            )
        except Refused as refused:
            raise problem_of(refused) from refused

    async def _told(
        row: PublicationRow,
        principal: Principal,
        language: Language,
        *,
        unit: str | None,
        task: str | None,
    ) -> tuple[ExplainedLine, ...]:
        try:
            lines = await explanations.of(
                row, language=language, unit=unit, task=task, hidden=is_office(principal)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return tuple(ExplainedLine.of(line, text) for line, text in lines)

    return router

"""What is read: the board, publications, and how their lines came about."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from scoring.api.documents import DocumentSet, documents_file
from scoring.api.door import is_office, problem_of
from scoring.api.schemas import (
    Board,
    ExplainedLine,
    ExplainedPlan,
    ExplainedUnit,
    KeyList,
    PublicationList,
    PublicationSummary,
    PublicKey,
    UnitDocument,
    WholePublication,
    leaf_json,
    whole_publication_json,
)
from scoring.service.appeals import Appeals
from scoring.service.caller import Refused
from scoring.service.explanations import Explanations
from scoring.service.publications import Publications
from scoring.service.signatures import Signatures
from scoring.service.standings import Standings
from scoring.store.tables import PublicationRow
from shared.contracts.plan import Language
from shared.kit.auth import Authenticate, Principal
from shared.kit.refusals import refusals

_PATH = "/publications/{plan}/{period}"
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


def results_router(
    *,
    standings: Standings,
    publications: Publications,
    explanations: Explanations,
    appeals: Appeals,
    signatures: Signatures,
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
        "/keys",
        summary="The keys that publications are signed with",
        description="For everybody, without a token: keep them for `duban verify --keys`.",
        responses=refusals(),
    )
    async def keys() -> KeyList:
        return KeyList(items=tuple(map(PublicKey.of, await signatures.keys())))

    @router.get(
        "/publications", summary="Every publication, newest period first", responses=refusals()
    )
    async def list_publications(principal: asking, plan: str | None = None) -> PublicationList:
        rows = await publications.all(plan=plan, drafts=is_office(principal), kind=None)
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
        contested = [one.item for one in await appeals.under_review(row)]
        return JSONResponse(
            whole_publication_json(row, office=is_office(principal), contested=contested)
        )

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
        return await documents_file(
            row,
            principal,
            named=f"{plan} {period}",
            publications=publications,
            signatures=signatures,
        )

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
        summary="How a unit's score, rank and lines came about",
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
        hidden = is_office(principal)
        try:
            text = await explanations.of_unit(row, unit, language=lang, hidden=hidden)
        except Refused as refused:
            raise problem_of(refused) from refused
        return ExplainedUnit(unit=unit, text=text, items=items)

    @router.get(
        _PATH + "/explanation",
        summary="How the scores of the actions and of the plan came about",
        responses=refusals(404, 409),
    )
    async def explain_plan(
        plan: str,
        period: str,
        principal: asking,
        lang: Annotated[Language, Query()] = "zh-CN",
    ) -> ExplainedPlan:
        row = await _find(plan, period, None, principal)
        try:
            text = await explanations.of_plan(row, language=lang, hidden=is_office(principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return ExplainedPlan(plan=plan, period=period, text=text)

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

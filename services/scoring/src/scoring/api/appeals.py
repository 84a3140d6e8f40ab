"""Appeals: a unit contests, somebody not involved decides."""

from collections.abc import Awaitable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from scoring.api.door import caller_of, is_office, problem_of
from scoring.api.schemas import Appeal, AppealList, AppealRequest, DecideRequest
from scoring.service.appeals import Appeals
from scoring.service.caller import Refused
from scoring.store.tables import AppealRow
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.refusals import refusals

_PATH = "/appeals"


def appeals_router(*, appeals: Appeals, gate: Authenticate) -> APIRouter:
    """Routes of appeals (assessment 4.13)."""
    router = APIRouter(prefix="/v1", tags=["appeals"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        _PATH,
        status_code=201,
        summary="Contest an item of a published period",
        description="In time, and once an item; the bulletin stays up, marked as under review.",
        responses=refusals(403, 404, 409, reads_body=True),
        openapi_extra=describe_body(AppealRequest),
    )
    async def file(
        request: Request,
        response: Response,
        principal: asking,
        body: Annotated[AppealRequest, Depends(json_body(AppealRequest))],
    ) -> Appeal:
        principal.require("submit", "office")
        principal.require_unit(body.unit)
        filed = await _answer(
            appeals.file(
                body.plan,
                body.period,
                unit=body.unit,
                item=body.item,
                grounds=body.grounds,
                caller=caller_of(request, principal),
            )
        )
        response.headers["Location"] = f"/v1/appeals/{filed.id}"
        return filed

    @router.get(_PATH, summary="Appeals, the newest first", responses=refusals())
    async def every(
        principal: asking,
        plan: str | None = None,
        state: Annotated[Literal["open", "upheld", "rejected"] | None, Query()] = None,
    ) -> AppealList:
        rows = await appeals.all(plan=plan, state=state)
        return AppealList(items=tuple(Appeal.of(row) for row in rows if _sees(principal, row)))

    @router.get(_PATH + "/{appeal}", summary="One appeal", responses=refusals(404))
    async def one(appeal: str, principal: asking) -> Appeal:
        try:
            row = await appeals.find(appeal)
        except Refused as refused:
            raise problem_of(refused) from refused
        if not _sees(principal, row):
            raise problem_of(Refused("unknown_appeal", f"there is no appeal {appeal}"))
        return Appeal.of(row)

    @router.post(
        _PATH + "/{appeal}/decide",
        summary="Decide an appeal, as somebody who took no part in what it contests",
        description="Where it is upheld, a correction that names it follows.",
        responses=refusals(403, 404, 409, reads_body=True),
        openapi_extra=describe_body(DecideRequest),
    )
    async def decide(
        appeal: str,
        request: Request,
        principal: asking,
        body: Annotated[DecideRequest, Depends(json_body(DecideRequest))],
    ) -> Appeal:
        principal.require("office")
        caller = caller_of(request, principal)
        return await _answer(
            appeals.decide(appeal, upheld=body.upheld, reason=body.reason, caller=caller)
        )

    return router


def _sees(principal: Principal, row: AppealRow) -> bool:
    """Office and observers see every appeal, a unit its own."""
    everything = is_office(principal) or "observer" in principal.roles
    return everything or principal.unit == row.unit


async def _answer(asked: Awaitable[AppealRow]) -> Appeal:
    try:
        return Appeal.of(await asked)
    except Refused as refused:
        raise problem_of(refused) from refused

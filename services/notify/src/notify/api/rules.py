"""Mutes, and the dry run of the routes."""

from typing import Annotated

from fastapi import APIRouter, Depends

from notify.api.door import OFFICE, READERS, problem_of
from notify.api.schemas import (
    KnownMute,
    MuteIn,
    MutePage,
    NotTold,
    RoutesTested,
    RouteTest,
    SupposedNotice,
    answered,
)
from notify.service.caller import Refused
from notify.service.mutes import Mutes
from notify.service.rehearsing import Heard, Rehearsing, Supposed
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.refusals import refusals


def rules_router(*, mutes: Mutes, rehearsing: Rehearsing, gate: Authenticate) -> APIRouter:
    """Routes of what keeps messages back, and of who would hear of what."""
    router = APIRouter(prefix="/v1", tags=["rules"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        "/mutes",
        status_code=201,
        summary="Keep alerts quiet for a while, and say why",
        responses=refusals(403, reads_body=True),
        openapi_extra=describe_body(MuteIn),
    )
    async def mute(
        principal: asking, body: Annotated[MuteIn, Depends(json_body(MuteIn))]
    ) -> KnownMute:
        principal.require(*OFFICE)
        try:
            row = await mutes.add(
                body.match, until=body.until, reason=body.reason, by=principal.holder
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return KnownMute.model_validate(row, from_attributes=True)

    @router.get("/mutes", summary="The mutes that hold", responses=refusals(403))
    async def every_mute(principal: asking, over: bool = False) -> MutePage:
        principal.require(*READERS)
        return MutePage(items=answered(KnownMute, await mutes.every(over=over)))

    @router.post(
        "/mutes/{mute}/end",
        summary="End a mute now: what it kept quiet goes out, if it still stands",
        responses=refusals(403, 404),
    )
    async def end(mute: str, principal: asking) -> KnownMute:
        principal.require(*OFFICE)
        try:
            row = await mutes.end(mute)
        except Refused as refused:
            raise problem_of(refused) from refused
        return KnownMute.model_validate(row, from_attributes=True)

    @router.post(
        "/routes/test",
        summary="Who would hear of an alert, and who would not; nobody is told",
        responses=refusals(403, reads_body=True),
        openapi_extra=describe_body(RouteTest),
    )
    async def rehearse(
        principal: asking, body: Annotated[RouteTest, Depends(json_body(RouteTest))]
    ) -> RoutesTested:
        principal.require(*READERS)
        supposed = Supposed(
            plan=body.plan,
            unit=body.unit,
            task=body.task,
            kind=body.kind,
            level=body.level,
            role=body.role,
            at=body.at,
        )
        try:
            found = await rehearsing.rehearse(supposed, body.notify)
        except Refused as refused:
            raise problem_of(refused) from refused
        return RoutesTested(
            routes=tuple(found.routes),
            told=tuple(_told(one) for one in found.heard),
            not_told=tuple(NotTold(reason=reason, addressee=who) for reason, who in found.missed),
        )

    return router


def _told(heard: Heard) -> SupposedNotice:
    one, verdict = heard.recipient, heard.verdict
    return SupposedNotice(
        channel=one.channel,
        recipient=one.address,
        addressee=one.addressee,
        language=one.language,
        route=one.taken.path,
        group=heard.group,
        at=heard.at,
        effect=verdict.effect,
        reason=verdict.reason,
        until=verdict.until,
        operands=dict(verdict.operands),
    )

"""PUT and read rulebooks."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from intake.api.door import caller_of, problem_of, problem_of_file, read_file
from intake.api.schemas import Moment
from intake.service.caller import Refused, refuse
from intake.service.rulebooks import Rulebooks
from shared.contracts.rulebook import Rulebook, RulebookDocument
from shared.contracts.values import Contract, Id
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body
from shared.kit.db import Database
from shared.kit.documents import DocumentError
from shared.kit.refusals import refusals


class Adoption(Contract):
    """Which rulebook governs now."""

    rulebook: Id
    version: int
    plan: Id | None
    """The plan it governs; null for every plan that has no rulebook of its own."""


class AdoptedRulebook(Contract):
    """A version of a rulebook."""

    version: int
    plan: Id | None
    """The plan it was adopted for; null for every plan that has no rulebook of its own."""
    adopted_by: str
    adopted_at: Moment
    rulebook: Rulebook


class RulebookVersions(Contract):
    """The versions of a rulebook, newest first."""

    items: tuple[AdoptedRulebook, ...]


def rulebooks_router(*, db: Database, rulebooks: Rulebooks, gate: Authenticate) -> APIRouter:
    """Routes of rulebooks."""
    router = APIRouter(prefix="/v1", tags=["plans"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/rulebooks/{rulebook}",
        summary="Let a version of a rulebook govern a plan",
        description="Without `plan` it governs every plan that has no rulebook of its own.",
        responses=refusals(403, 404, reads_body=True),
        openapi_extra=describe_body(RulebookDocument),
    )
    async def put_rulebook(
        rulebook: str, request: Request, principal: asking, plan: str | None = None
    ) -> Adoption:
        principal.require("office")
        data = await read_file(request)
        try:
            adopted = await rulebooks.adopt(
                rulebook, data, plan=plan, caller=caller_of(request, principal)
            )
        except DocumentError as error:
            raise problem_of_file(error) from error
        except Refused as refused:
            raise problem_of(refused) from refused
        return Adoption(rulebook=adopted.id, version=adopted.version, plan=plan)

    @router.get(
        "/rulebooks/{rulebook}",
        summary="The versions of a rulebook, newest first",
        response_model=RulebookVersions,
        responses=refusals(404),
    )
    async def get_rulebook(rulebook: str, _principal: asking) -> JSONResponse:
        async with db.read() as session:
            versions = await rulebooks.versions(session, rulebook)
        if not versions:
            raise problem_of(refuse("unknown_rulebook", f"there is no rulebook {rulebook}"))
        items = [
            {
                "version": one.version,
                "plan": one.plan or None,
                "adopted_by": one.adopted_by,
                "adopted_at": one.adopted_at.isoformat(),
                "rulebook": json.loads(one.document),  # as it was adopted, whatever came since
            }
            for one in versions
        ]
        return JSONResponse({"items": items})

    return router

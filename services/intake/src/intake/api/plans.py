"""PUT and read plans and rulebooks; mark a run's cut-off."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from intake.api.door import caller_of, problem_of, problem_of_file
from intake.domain.plan_parts import shown_to
from intake.service.caller import Refused, refuse
from intake.service.duties import Duties
from intake.service.plans import Plans
from shared.contracts.plan import PlanDocument
from shared.contracts.rulebook import RulebookDocument
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, read_body
from shared.kit.db import Database
from shared.kit.documents import DocumentError

_FILE_BYTES: Final = 64 << 20
_FILE_TYPES: Final = ("application/json", "application/yaml", "application/x-yaml")


def plans_router(*, db: Database, plans: Plans, duties: Duties, gate: Authenticate) -> APIRouter:
    """Routes of what the office decides on."""
    router = APIRouter(prefix="/v1", tags=["plans"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/plans/{plan}",
        summary="Put a version of a plan in force",
        description=(
            "The plan file, as YAML or JSON. The same document again changes nothing. Contacts "
            "are stripped: send them to the notify service."
        ),
        openapi_extra=describe_body(PlanDocument),
    )
    async def put_plan(
        plan: str, request: Request, principal: asking, dry_run: bool = False
    ) -> JSONResponse:
        principal.require("office")
        data = await read_body(request, limit=_FILE_BYTES, types=_FILE_TYPES)
        try:
            applied = await plans.apply(
                plan, data, dry_run=dry_run, caller=caller_of(request, principal)
            )
        except DocumentError as error:
            raise problem_of_file(error) from error
        return JSONResponse(
            {
                "plan": applied.plan,
                "version": applied.version,
                "dry_run": dry_run,
                "changes": [str(change) for change in applied.changes],
                "notices": [str(notice) for notice in applied.notices],
                "contacts_stripped": applied.contacts_stripped,
                "owed_from": applied.owed_from,
            }
        )

    @router.get("/plans", summary="The plans in force")
    async def list_plans(_principal: asking) -> dict[str, Any]:
        async with db.read() as session:
            in_force = await plans.all(session)
        return {
            "items": [
                {
                    "plan": one.document.plan.id,
                    "title": one.document.plan.title.model_dump(),
                    "version": one.version,
                    "activate_from": one.activate_from,
                }
                for one in in_force
            ]
        }

    @router.get("/plans/{plan}", summary="A plan as it is in force")
    async def get_plan(plan: str, principal: asking) -> dict[str, Any]:
        async with db.read() as session:
            in_force = await plans.in_force(session, plan)
        if in_force is None:
            raise problem_of(refuse("unknown_plan", f"there is no plan {plan}"))
        document = in_force.document
        if principal.roles.isdisjoint({"office", "operator"}):
            document = shown_to(document, principal.unit)
        return {
            "version": in_force.version,
            "activate_from": in_force.activate_from,
            "document": document.model_dump(mode="json", by_alias=True),
        }

    @router.post(
        "/plans/{plan}/cutoffs", status_code=202, summary="Mark a place in the plan's order"
    )
    async def mark_cutoff(plan: str, request: Request, principal: asking) -> dict[str, str]:
        principal.require("office")
        try:
            cutoff = await duties.mark_cutoff(plan, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"cutoff": cutoff}

    @router.put(
        "/rulebooks/{rulebook}",
        summary="Let a version of a rulebook govern a plan",
        description="Without `plan` it governs every plan that has no rulebook of its own.",
        openapi_extra=describe_body(RulebookDocument),
    )
    async def put_rulebook(
        rulebook: str, request: Request, principal: asking, plan: str | None = None
    ) -> JSONResponse:
        principal.require("office")
        data = await read_body(request, limit=_FILE_BYTES, types=_FILE_TYPES)
        try:
            adopted = await plans.adopt_rulebook(
                rulebook, data, plan=plan, caller=caller_of(request, principal)
            )
        except DocumentError as error:
            raise problem_of_file(error) from error
        except Refused as refused:
            raise problem_of(refused) from refused
        return JSONResponse({"rulebook": adopted.id, "version": adopted.version, "plan": plan})

    @router.get("/rulebooks/{rulebook}", summary="The versions of a rulebook, newest first")
    async def get_rulebook(rulebook: str, _principal: asking) -> dict[str, Any]:
        async with db.read() as session:
            versions = await plans.rulebooks(session, rulebook)
        if not versions:
            raise problem_of(refuse("unknown_rulebook", f"there is no rulebook {rulebook}"))
        return {
            "items": [
                {
                    "version": one.version,
                    "plan": one.plan or None,
                    "adopted_by": one.adopted_by,
                    "adopted_at": one.adopted_at.isoformat(),
                    "rulebook": json.loads(one.document),
                }
                for one in versions
            ]
        }

    return router

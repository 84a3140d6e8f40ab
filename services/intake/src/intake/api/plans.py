"""PUT and read plans; mark a run's cut-off."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from intake.api.door import caller_of, problem_of, problem_of_file, read_file
from intake.domain.plan_parts import shown_to
from intake.service.caller import Refused, refuse
from intake.service.duties import Duties
from intake.service.plans import Plans
from shared.contracts.decisions import Amended
from shared.contracts.plan import PlanDocument
from shared.contracts.values import Contract, Id, Text
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body
from shared.kit.db import Database
from shared.kit.documents import DocumentError
from shared.kit.refusals import refusals


class PlanApplied(Contract):
    """What applying a plan did, or with a dry run would do."""

    plan: Id
    version: int
    """The version in force now, 1 for the first."""
    dry_run: bool
    changes: Annotated[tuple[str, ...], Field(examples=[["task trees: weight '20' -> '25'"]])]
    """Each difference from the version before, in words."""
    notices: tuple[str, ...]
    """What is worth knowing and hinders nothing."""
    contacts_stripped: int
    """How many people the file named: they are not kept here."""
    owed_from: Id | None
    """The first period for which reports are owed; null where every window had closed."""


class PlanSummary(Contract):
    """A plan in force."""

    plan: Id
    title: Text
    version: int
    activate_from: Id | None
    """The first period for which reports are owed; null where every window had closed."""


class PlanList(Contract):
    """The plans in force, by id."""

    items: tuple[PlanSummary, ...]


class WholePlan(Contract):
    """A plan as it is in force; a unit sees the parts that concern it."""

    version: int
    activate_from: Id | None
    """The first period for which reports are owed; null where every window had closed."""
    document: PlanDocument
    """As the file has it, with the tasks that decisions added."""
    amended: dict[Id, Amended]
    """By task, what decisions have changed of it."""


class CutoffMark(Contract):
    """A place in the plan's order: every report received until then lies before it."""

    cutoff: Id


def plans_router(*, db: Database, plans: Plans, duties: Duties, gate: Authenticate) -> APIRouter:
    """Routes of plans."""
    router = APIRouter(prefix="/v1", tags=["plans"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/plans/{plan}",
        summary="Put a version of a plan in force",
        description=(
            "The plan file, as YAML or JSON. The same document again changes nothing. Contacts "
            "are stripped: send them to the notify service."
        ),
        responses=refusals(403, reads_body=True),
        openapi_extra=describe_body(PlanDocument),
    )
    async def put_plan(
        plan: str, request: Request, principal: asking, dry_run: bool = False
    ) -> PlanApplied:
        principal.require("office")
        data = await read_file(request)
        try:
            applied = await plans.apply(
                plan, data, dry_run=dry_run, caller=caller_of(request, principal)
            )
        except DocumentError as error:
            raise problem_of_file(error) from error
        return PlanApplied(
            plan=applied.plan,
            version=applied.version,
            dry_run=dry_run,
            changes=tuple(map(str, applied.changes)),
            notices=tuple(map(str, applied.notices)),
            contacts_stripped=applied.contacts_stripped,
            owed_from=applied.owed_from,
        )

    @router.get("/plans", summary="The plans in force", responses=refusals())
    async def list_plans(_principal: asking) -> PlanList:
        async with db.read() as session:
            in_force = await plans.all(session)
        return PlanList(
            items=tuple(
                PlanSummary(
                    plan=one.document.plan.id,
                    title=one.document.plan.title,
                    version=one.version,
                    activate_from=one.activate_from,
                )
                for one in in_force
            )
        )

    @router.get("/plans/{plan}", summary="A plan as it is in force", responses=refusals(404))
    async def get_plan(plan: str, principal: asking) -> WholePlan:
        async with db.read() as session:
            in_force = await plans.in_force(session, plan)
        if in_force is None:
            raise problem_of(refuse("unknown_plan", f"there is no plan {plan}"))
        document = in_force.document
        if principal.roles.isdisjoint({"office", "operator"}):
            document = shown_to(document, principal.unit)
        shown = {task.id for action in document.actions for task in action.tasks}
        return WholePlan(
            version=in_force.version,
            activate_from=in_force.activate_from,
            document=document,
            amended={task: one for task, one in in_force.amended.items() if task in shown},
        )

    @router.post(
        "/plans/{plan}/cutoffs",
        status_code=202,
        summary="Mark a place in the plan's order",
        responses=refusals(403, 404),
    )
    async def mark_cutoff(plan: str, request: Request, principal: asking) -> CutoffMark:
        principal.require("office")
        try:
            cutoff = await duties.mark_cutoff(plan, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return CutoffMark(cutoff=cutoff)

    return router

"""POST and read decisions of the office."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from intake.api.door import caller_of, page_size, problem_of
from intake.api.schemas import Moment
from intake.service.caller import Refused
from intake.service.decisions import Decisions
from intake.store.tables import DecisionRow
from shared.contracts.decisions import Decision
from shared.contracts.values import Contract, Id
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import SINGLE_BYTES, check_json, parse_json, read_body
from shared.kit.problems import FieldError, Problem
from shared.kit.refusals import refusals

KINDS: Final[Mapping[str, type[BaseModel]]] = {
    kind.model_fields["type"].default: kind for kind in get_args(get_args(Decision)[0])
}
"""The decisions by their `type`."""


class DecisionOutcome(Contract):
    """What a decision led to."""

    decision: Id
    """Its id; that of an exemption is the one it was given."""
    version: int | None
    """The version of the plan it made; null where it changes no task."""
    submission: Id | None
    """The report it stored, where it corrects one."""


class TakenDecision(Contract):
    """A decision of the office."""

    decision: Id
    made_at: Moment
    by: str
    """The holder of the token it came with."""
    decided: Decision
    """What was decided."""


class DecisionPage(Contract):
    """Decisions in their order."""

    items: tuple[TakenDecision, ...]
    cursor: int | None
    """Where the next page begins; null where there is none."""


def decisions_router(*, decisions: Decisions, gate: Authenticate) -> APIRouter:
    """Routes of what the office decides about a plan."""
    router = APIRouter(prefix="/v1", tags=["plans"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        "/plans/{plan}/decisions",
        status_code=201,
        summary="Decide: extend, exempt, adjust, suspend, cancel, add, merge, split, correct …",
        description="`type` tells them apart. What changes a task makes a version of the plan.",
        responses=refusals(403, 404, 409, reads_body=True),
        openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
    )
    async def decide(
        plan: str,
        request: Request,
        principal: asking,
        decision: Annotated[Decision, Depends(_read_decision)],
    ) -> DecisionOutcome:
        principal.require("office")
        try:
            made = await decisions.decide(plan, decision, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return DecisionOutcome(**vars(made))

    @router.get(
        "/plans/{plan}/decisions",
        summary="The decisions about a plan, in their order",
        description="The office sees all, a unit those of its tasks and its own.",
        response_model=DecisionPage,
        responses=refusals(404),
    )
    async def list_decisions(
        plan: str,
        request: Request,
        principal: asking,
        cursor: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: int = 100,
    ) -> JSONResponse:
        try:
            rows = await decisions.all(
                plan,
                after=cursor,
                limit=page_size(limit),
                caller=caller_of(request, principal),
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        more = rows[-1].number if len(rows) == limit else None
        return JSONResponse({"items": list(map(_item, rows)), "cursor": more})

    return router


_CONTENT: Final = {
    "application/json": {
        "schema": {
            "oneOf": [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in KINDS.values()],
            "discriminator": {
                "propertyName": "type",
                "mapping": {
                    name: f"#/components/schemas/{kind.__name__}" for name, kind in KINDS.items()
                },
            },
        }
    }
}


async def _read_decision(request: Request) -> Any:  # noqa: ANN401  # one of the union
    """The decision in the body, told by its `type`; unknown fields are refused."""
    body = await read_body(request, limit=SINGLE_BYTES)
    value = check_json(body)
    name = value.get("type") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in KINDS:
        message = f"write one of {', '.join(KINDS)}"
        error = FieldError(path="type", code="wrong_choice", message=message)
        raise Problem(422, "invalid", "the body does not fit; see errors", errors=[error])
    return parse_json(body, KINDS[name])


def _item(row: DecisionRow) -> dict[str, Any]:
    return {
        "decision": row.id,
        "made_at": row.made_at.isoformat(),
        "by": row.holder,
        "decided": json.loads(row.content),  # as it was made, whatever came since
    }

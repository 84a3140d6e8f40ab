"""Tokens: issued once, listed without secrets, revoked."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy.engine import RowMapping

from intake.api.door import caller_of, problem_of
from intake.api.schemas import TokenRequest
from intake.service.access import Access
from intake.service.caller import Refused
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body


def tokens_router(*, access: Access, gate: Authenticate) -> APIRouter:
    """Routes of who may do what."""
    router = APIRouter(prefix="/v1/tokens", tags=["tokens"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        "",
        status_code=201,
        summary="Issue a token; its text is shown this once",
        openapi_extra=describe_body(TokenRequest),
    )
    async def issue(
        request: Request,
        principal: asking,
        body: Annotated[TokenRequest, Depends(json_body(TokenRequest))],
    ) -> dict[str, Any]:
        principal.require("operator")
        token, text = await access.issue(
            holder=body.holder,
            unit=body.unit,
            roles=body.roles,
            expires_at=body.expires_at,
            caller=caller_of(request, principal),
        )
        return {"id": token, "token": text, "holder": body.holder, "unit": body.unit}

    @router.get("", summary="Every token, without its secret")
    async def list_tokens(principal: asking) -> dict[str, Any]:
        principal.require("operator", "office")
        return {"items": [_json(row) for row in await access.all()]}

    @router.post("/{token}/revoke", summary="End a token everywhere")
    async def revoke(token: str, request: Request, principal: asking) -> dict[str, str]:
        principal.require("operator")
        try:
            await access.revoke(token, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"id": token, "state": "revoked"}

    return router


def _json(row: RowMapping) -> dict[str, Any]:
    return {
        "id": row["token"],
        "holder": row["holder"],
        "unit": row["unit"],
        "roles": row["roles"].split(","),
        "issued_at": row["issued_at"],
        "expires_at": row["expires_at"],
        "revoked_at": row["revoked_at"],
        "last_used_at": row["last_used_at"],
    }

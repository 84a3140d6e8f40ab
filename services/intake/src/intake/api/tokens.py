"""Tokens: issued once, listed without secrets, revoked."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy.engine import RowMapping

from intake.api.door import caller_of, problem_of
from intake.api.schemas import TokenRequest
from intake.service.access import Access
from intake.service.caller import Refused
from shared.contracts.intake import AccessRole
from shared.contracts.values import Contract, Id, Instant
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.refusals import refusals


class IssuedToken(Contract):
    """A token at its birth."""

    id: Id
    token: Annotated[str, Field(examples=["duban_k3v9…_…"])]
    """Its text, shown this once."""
    holder: str
    unit: Id | None


class KnownToken(Contract):
    """A token, without its secret."""

    id: Id
    holder: str
    unit: Id | None
    """The unit it speaks for; null for the office's own."""
    roles: tuple[AccessRole, ...]
    issued_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None
    """To the minute."""

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """As it is stored."""
        return cls(
            id=row["token"],
            holder=row["holder"],
            unit=row["unit"],
            roles=tuple(row["roles"].split(",")),
            issued_at=row["issued_at"],
            expires_at=row["expires_at"],
            revoked_at=row["revoked_at"],
            last_used_at=row["last_used_at"],
        )


class TokenList(Contract):
    """Every token, newest first."""

    items: tuple[KnownToken, ...]


class RevokedToken(Contract):
    """A token that has ended."""

    id: Id
    state: Literal["revoked"]


def tokens_router(*, access: Access, gate: Authenticate) -> APIRouter:
    """Routes of who may do what."""
    router = APIRouter(prefix="/v1/tokens", tags=["tokens"])
    asking = Annotated[Principal, Depends(gate)]

    @router.post(
        "",
        status_code=201,
        summary="Issue a token; its text is shown this once",
        responses=refusals(403, reads_body=True),
        openapi_extra=describe_body(TokenRequest),
    )
    async def issue(
        request: Request,
        principal: asking,
        body: Annotated[TokenRequest, Depends(json_body(TokenRequest))],
    ) -> IssuedToken:
        principal.require("operator")
        token, text = await access.issue(
            holder=body.holder,
            unit=body.unit,
            roles=body.roles,
            expires_at=body.expires_at,
            caller=caller_of(request, principal),
        )
        return IssuedToken(id=token, token=text, holder=body.holder, unit=body.unit)

    @router.get("", summary="Every token, without its secret", responses=refusals(403))
    async def list_tokens(principal: asking) -> TokenList:
        principal.require("operator", "office")
        return TokenList(items=tuple(map(KnownToken.of, await access.all())))

    @router.post("/{token}/revoke", summary="End a token everywhere", responses=refusals(403, 404))
    async def revoke(token: str, request: Request, principal: asking) -> RevokedToken:
        principal.require("operator")
        try:
            await access.revoke(token, caller=caller_of(request, principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return RevokedToken(id=token, state="revoked")

    return router

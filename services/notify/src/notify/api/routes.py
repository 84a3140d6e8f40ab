"""Alerts and why, deliveries, and whom messages go to."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from notify.api.door import OFFICE, READERS, own_unit, page_size, problem_of
from notify.api.schemas import (
    ContactList,
    alert_json,
    contact_json,
    decision_json,
    delivery_json,
    endpoint_json,
    routes_json,
)
from notify.domain.routes import EndpointSpec, RoutesDocument
from notify.service.caller import Refused
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.looking import Looking
from shared.contracts.values import Id
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body, parse_json, read_body

_CONTACT_BYTES = 8 << 20


def alerts_router(*, looking: Looking, dispatcher: Dispatcher, gate: Authenticate) -> APIRouter:
    """Routes of what was decided and sent."""
    router = APIRouter(prefix="/v1", tags=["alerts"])
    asking = Annotated[Principal, Depends(gate)]

    @router.get("/alerts", summary="Alerts, newest first")
    async def alerts(
        principal: asking,
        plan: str | None = None,
        unit: str | None = None,
        kind: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        own = own_unit(principal)
        if unit is not None:
            principal.require_unit(unit)
        try:
            rows = await looking.alerts(
                plan=plan,
                unit=own or unit,
                kind=kind,
                state=state,
                after=cursor,
                limit=page_size(limit),
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return _page([alert_json(row) for row in rows], "id", limit)

    @router.get("/alerts/{alert}", summary="One alert, with its decisions and deliveries")
    async def one_alert(alert: str, principal: asking) -> dict[str, Any]:
        try:
            whole = await looking.alert(alert, unit=own_unit(principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        return {
            **alert_json(whole.alert),
            "decisions": [decision_json(row) for row in whole.decisions],
            "deliveries": [delivery_json(row) for row in whole.deliveries],
        }

    @router.get("/decisions", summary="Why somebody was, or was not, told; newest first")
    async def decisions(
        principal: asking,
        plan: str | None = None,
        task: str | None = None,
        unit: str | None = None,
        kind: str | None = None,
        reason: str | None = None,
        cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        principal.require(*READERS)
        rows = await looking.decisions(
            plan=plan,
            task=task,
            unit=unit,
            kind=kind,
            reason=reason,
            after=cursor,
            limit=page_size(limit),
        )
        return _page([decision_json(row) for row in rows], "number", limit)

    @router.get("/deliveries", summary="What was sent, newest first")
    async def deliveries(
        principal: asking,
        plan: str | None = None,
        state: str | None = None,
        channel: str | None = None,
        recipient: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        principal.require(*READERS)
        try:
            rows = await looking.deliveries(
                plan=plan,
                state=state,
                channel=channel,
                recipient=recipient,
                after=cursor,
                limit=page_size(limit),
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return _page([delivery_json(row) for row in rows], "id", limit)

    @router.post("/deliveries/{delivery}/redeliver", summary="Send again, under the same id")
    async def redeliver(delivery: str, principal: asking) -> dict[str, Any]:
        principal.require(*OFFICE)
        try:
            row = await dispatcher.redeliver(delivery)
        except Refused as refused:
            raise problem_of(refused) from refused
        return delivery_json(row)

    return router


def directory_router(
    *, directory: Directory, dispatcher: Dispatcher, gate: Authenticate
) -> APIRouter:
    """Routes of whom messages go to."""
    router = APIRouter(prefix="/v1", tags=["recipients"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/contacts/{plan}",
        summary="Replace a plan's contacts",
        openapi_extra=describe_body(ContactList),
    )
    async def put_contacts(plan: Id, request: Request, principal: asking) -> dict[str, Any]:
        principal.require(*OFFICE)
        body = await read_body(request, limit=_CONTACT_BYTES)
        people = [one.person() for one in parse_json(body, ContactList).root]
        try:
            count = await directory.set_contacts(plan, people)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"plan": plan, "contacts": count}

    @router.get("/contacts", summary="A plan's contacts")
    async def contacts(principal: asking, plan: str) -> dict[str, Any]:
        principal.require(*READERS)
        return {"items": [contact_json(row) for row in await directory.contacts(plan)]}

    @router.put(
        "/routes", summary="Put a route in force", openapi_extra=describe_body(RoutesDocument)
    )
    async def put_routes(
        principal: asking,
        body: Annotated[RoutesDocument, Depends(json_body(RoutesDocument))],
    ) -> dict[str, Any]:
        principal.require(*OFFICE)
        try:
            version, made = await directory.set_routes(body, by=principal.holder)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"version": version, **routes_json(body.notify), "secrets": made}

    @router.get("/routes", summary="The route in force")
    async def get_routes(principal: asking) -> dict[str, Any]:
        principal.require(*READERS)
        version, routes = await directory.routes_in_force()
        return {"version": version, **routes_json(routes)}

    @router.post(
        "/endpoints",
        status_code=201,
        summary="Create a webhook endpoint; its secret is shown this once",
        openapi_extra=describe_body(EndpointSpec),
    )
    async def create_endpoint(
        principal: asking, body: Annotated[EndpointSpec, Depends(json_body(EndpointSpec))]
    ) -> dict[str, Any]:
        principal.require(*OFFICE)
        try:
            secret = await directory.add_endpoint(body)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"id": body.id, "url": body.url, "secret": secret}

    @router.get("/endpoints", summary="The webhook endpoints, without their secrets")
    async def endpoints(principal: asking) -> dict[str, Any]:
        principal.require(*READERS)
        return {"items": [endpoint_json(row) for row in await directory.endpoints()]}

    @router.post("/endpoints/{endpoint}/test", summary="Send a signed test message now")
    async def test_endpoint(endpoint: str, principal: asking) -> dict[str, Any]:
        principal.require(*OFFICE)
        try:
            result = await dispatcher.test(endpoint)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {
            "outcome": result.outcome,
            "reason": result.reason,
            "detail": result.detail,
            "status": result.status,
        }

    return router


def _page(items: Sequence[dict[str, Any]], key: str, limit: int) -> dict[str, Any]:
    return {"items": items, "cursor": items[-1][key] if len(items) == limit else None}

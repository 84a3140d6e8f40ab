"""Alerts and why, deliveries, and whom messages go to."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from notify.api.door import page_of, problem_of
from notify.api.schemas import (
    ContactList,
    EndpointIn,
    alert_json,
    contact_json,
    decision_json,
    delivery_json,
    endpoint_json,
)
from notify.domain.routes import RoutesDocument
from notify.service.caller import Refused
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.looking import Looking
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body, parse_json, read_body
from shared.kit.db import Database
from shared.kit.problems import Problem

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
        cursor: int = 0,
        limit: int = 100,
    ) -> dict[str, Any]:
        skip, size = page_of(cursor, limit)
        rows = await looking.alerts(
            plan=plan,
            unit=principal.unit or unit,
            kind=kind,
            state=state,
            skip=skip,
            limit=size,
        )
        return _page([alert_json(row) for row in rows], skip, size)

    @router.get("/alerts/{alert}", summary="One alert, with its decisions and deliveries")
    async def one_alert(alert: str, principal: asking) -> dict[str, Any]:
        try:
            whole = await looking.alert(alert, unit=principal.unit)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {
            **alert_json(whole.alert),
            "decisions": [decision_json(row) for row in whole.decisions],
            "deliveries": [delivery_json(row) for row in whole.deliveries],
        }

    @router.get("/decisions", summary="Why somebody was, or was not, told")
    async def decisions(
        principal: asking,
        plan: str | None = None,
        task: str | None = None,
        cursor: int = 0,
        limit: int = 100,
    ) -> dict[str, Any]:
        principal.require("office", "operator", "observer")
        skip, size = page_of(cursor, limit)
        rows = await looking.decisions(plan=plan, task=task, skip=skip, limit=size)
        return _page([decision_json(row) for row in rows], skip, size)

    @router.get("/deliveries", summary="What was sent, newest first")
    async def deliveries(
        principal: asking,
        state: str | None = None,
        channel: str | None = None,
        cursor: int = 0,
        limit: int = 100,
    ) -> dict[str, Any]:
        principal.require("office", "operator", "observer")
        skip, size = page_of(cursor, limit)
        rows = await looking.deliveries(state=state, channel=channel, skip=skip, limit=size)
        return _page([delivery_json(row) for row in rows], skip, size)

    @router.post("/deliveries/{delivery}/redeliver", summary="Send again, under the same id")
    async def redeliver(delivery: str, principal: asking) -> dict[str, Any]:
        principal.require("office", "operator")
        try:
            row = await dispatcher.redeliver(delivery)
        except Refused as refused:
            raise problem_of(refused) from refused
        return delivery_json(row)

    return router


def directory_router(
    *, db: Database, directory: Directory, dispatcher: Dispatcher, gate: Authenticate
) -> APIRouter:
    """Routes of whom messages go to."""
    router = APIRouter(prefix="/v1", tags=["recipients"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/contacts/{plan}",
        summary="Replace a plan's contacts",
        openapi_extra=describe_body(ContactList),
    )
    async def put_contacts(plan: str, request: Request, principal: asking) -> dict[str, Any]:
        principal.require("office", "operator")
        body = await read_body(request, limit=_CONTACT_BYTES)
        people = [one.person() for one in parse_json(body, ContactList).root]
        try:
            count = await directory.set_contacts(plan, people)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"plan": plan, "contacts": count}

    @router.get("/contacts", summary="A plan's contacts")
    async def contacts(principal: asking, plan: str) -> dict[str, Any]:
        principal.require("office", "operator")
        return {"items": [contact_json(row) for row in await directory.contacts(plan)]}

    @router.put(
        "/routes", summary="Put a route in force", openapi_extra=describe_body(RoutesDocument)
    )
    async def put_routes(
        principal: asking,
        body: Annotated[RoutesDocument, Depends(json_body(RoutesDocument))],
    ) -> dict[str, Any]:
        principal.require("office", "operator")
        try:
            made = await directory.set_routes(body, by=principal.holder)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"notify": body.notify.model_dump(mode="json", by_alias=True), "secrets": made}

    @router.get("/routes", summary="The route in force")
    async def get_routes(principal: asking) -> dict[str, Any]:
        principal.require("office", "operator", "observer")
        async with db.read() as session:
            routes = await directory.routes(session)
        return {"notify": routes.model_dump(mode="json", by_alias=True)}

    @router.post(
        "/endpoints",
        status_code=201,
        summary="Create a webhook endpoint; its secret is shown this once",
        openapi_extra=describe_body(EndpointIn),
    )
    async def create_endpoint(
        principal: asking, body: Annotated[EndpointIn, Depends(json_body(EndpointIn))]
    ) -> dict[str, Any]:
        principal.require("office", "operator")
        if body.format != "standard":
            raise Problem(422, "not_supported", "this release speaks the format standard only")
        try:
            secret = await directory.add_endpoint(body.id, body.url)
        except Refused as refused:
            raise problem_of(refused) from refused
        return {"id": body.id, "url": body.url, "secret": secret}

    @router.get("/endpoints", summary="The webhook endpoints, without their secrets")
    async def endpoints(principal: asking) -> dict[str, Any]:
        principal.require("office", "operator", "observer")
        return {"items": [endpoint_json(row) for row in await directory.endpoints()]}

    @router.post("/endpoints/{endpoint}/test", summary="Send a signed test message now")
    async def test_endpoint(endpoint: str, principal: asking) -> dict[str, Any]:
        principal.require("office", "operator")
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


def _page(items: list[dict[str, Any]], skip: int, size: int) -> dict[str, Any]:
    return {"items": items, "cursor": skip + size if len(items) == size else None}

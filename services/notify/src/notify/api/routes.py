"""Alerts and why, deliveries, and whom messages go to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from notify.api.door import OFFICE, READERS, answering_unit, own_unit, page_size, problem_of
from notify.api.schemas import (
    AlertPage,
    AlertSummary,
    ContactList,
    ContactPage,
    ContactsSet,
    DecisionPage,
    DeliveryPage,
    DeliveryState,
    EndpointPage,
    KnownContact,
    KnownEndpoint,
    NewEndpoint,
    RotatedSecret,
    RoutesInForce,
    RoutesSet,
    StoredDecision,
    StoredNotice,
    TestedEndpoint,
    WholeAlert,
    answered,
)
from notify.domain.routes import EndpointSpec, RoutesDocument
from notify.service.acknowledging import Acknowledging
from notify.service.caller import Refused
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.endpoints import Endpoints
from notify.service.looking import Looking
from shared.contracts.values import Id
from shared.kit.app import correlation_of
from shared.kit.auth import Authenticate, Principal
from shared.kit.bodies import describe_body, json_body, parse_json, read_body
from shared.kit.refusals import refusals

_CONTACT_BYTES = 8 << 20


def alerts_router(
    *,
    looking: Looking,
    acknowledging: Acknowledging,
    dispatcher: Dispatcher,
    gate: Authenticate,
) -> APIRouter:
    """Routes of what was decided and sent."""
    router = APIRouter(prefix="/v1", tags=["alerts"])
    asking = Annotated[Principal, Depends(gate)]

    @router.get("/alerts", summary="Alerts, newest first", responses=refusals(403))
    async def alerts(
        principal: asking,
        plan: str | None = None,
        unit: str | None = None,
        kind: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> AlertPage:
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
        items = answered(AlertSummary, rows)
        return AlertPage(items=items, cursor=items[-1].id if len(items) == limit else None)

    @router.get(
        "/alerts/{alert}",
        summary="One alert, with its decisions and deliveries",
        responses=refusals(403, 404),
    )
    async def one_alert(alert: str, principal: asking) -> WholeAlert:
        try:
            whole = await looking.alert(alert, unit=own_unit(principal))
        except Refused as refused:
            raise problem_of(refused) from refused
        summary = AlertSummary.model_validate(whole.alert, from_attributes=True)
        return WholeAlert(
            **dict(summary),
            decisions=answered(StoredDecision, whole.decisions),
            notices=answered(StoredNotice, whole.notices),
            deliveries=answered(DeliveryState, whole.deliveries),
        )

    @router.post(
        "/alerts/{alert}/acknowledge",
        summary="Answer for an alert: until the answer expires nobody is asked again",
        responses=refusals(403, 404, 409, 422),
    )
    async def acknowledge(alert: str, request: Request, principal: asking) -> AlertSummary:
        unit = answering_unit(principal)
        try:
            row = await acknowledging.acknowledge(
                alert, by=principal.holder, unit=unit, correlation=correlation_of(request)
            )
        except Refused as refused:
            raise problem_of(refused) from refused
        return AlertSummary.model_validate(row, from_attributes=True)

    @router.get(
        "/decisions",
        summary="Why somebody was, or was not, told; newest first",
        responses=refusals(403),
    )
    async def decisions(
        principal: asking,
        plan: str | None = None,
        task: str | None = None,
        unit: str | None = None,
        kind: str | None = None,
        reason: str | None = None,
        addressee: Annotated[
            str | None, Query(description="as role@unit, group@action or office@plan")
        ] = None,
        cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: int = 100,
    ) -> DecisionPage:
        principal.require(*READERS)
        rows = await looking.decisions(
            plan=plan,
            task=task,
            unit=unit,
            kind=kind,
            reason=reason,
            addressee=addressee,
            after=cursor,
            limit=page_size(limit),
        )
        items = answered(StoredDecision, rows)
        return DecisionPage(items=items, cursor=items[-1].number if len(items) == limit else None)

    @router.get("/deliveries", summary="What was sent, newest first", responses=refusals(403))
    async def deliveries(
        principal: asking,
        plan: str | None = None,
        state: str | None = None,
        channel: str | None = None,
        recipient: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> DeliveryPage:
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
        items = answered(DeliveryState, rows)
        return DeliveryPage(items=items, cursor=items[-1].id if len(items) == limit else None)

    @router.post(
        "/deliveries/{delivery}/redeliver",
        summary="Send again, under the same id",
        responses=refusals(403, 404, 409),
    )
    async def redeliver(delivery: str, principal: asking) -> DeliveryState:
        principal.require(*OFFICE)
        try:
            row = await dispatcher.redeliver(delivery)
        except Refused as refused:
            raise problem_of(refused) from refused
        return DeliveryState.model_validate(row, from_attributes=True)

    return router


def directory_router(
    *, directory: Directory, endpoints: Endpoints, gate: Authenticate
) -> APIRouter:
    """Routes of whom messages go to."""
    router = APIRouter(prefix="/v1", tags=["recipients"])
    asking = Annotated[Principal, Depends(gate)]

    @router.put(
        "/contacts/{plan}",
        summary="Replace a plan's contacts",
        responses=refusals(403, reads_body=True),
        openapi_extra=describe_body(ContactList),
    )
    async def put_contacts(plan: Id, request: Request, principal: asking) -> ContactsSet:
        principal.require(*OFFICE)
        body = await read_body(request, limit=_CONTACT_BYTES)
        people = [one.person() for one in parse_json(body, ContactList).root]
        try:
            count = await directory.set_contacts(plan, people)
        except Refused as refused:
            raise problem_of(refused) from refused
        return ContactsSet(plan=plan, contacts=count)

    @router.get("/contacts", summary="A plan's contacts", responses=refusals(403))
    async def contacts(principal: asking, plan: str) -> ContactPage:
        principal.require(*READERS)
        return ContactPage(items=answered(KnownContact, await directory.contacts(plan)))

    @router.put(
        "/routes",
        summary="Put routes in force",
        response_model_exclude_none=True,
        responses=refusals(403, reads_body=True),
        openapi_extra=describe_body(RoutesDocument),
    )
    async def put_routes(
        principal: asking,
        body: Annotated[RoutesDocument, Depends(json_body(RoutesDocument))],
    ) -> RoutesSet:
        principal.require(*OFFICE)
        try:
            version, made = await directory.set_routes(body, by=principal.holder)
        except Refused as refused:
            raise problem_of(refused) from refused
        return RoutesSet(version=version, notify=body.notify, secrets=made)

    @router.get(
        "/routes",
        summary="The routes in force",
        response_model_exclude_none=True,
        responses=refusals(403),
    )
    async def get_routes(principal: asking) -> RoutesInForce:
        principal.require(*READERS)
        version, routes = await directory.routes_in_force()
        return RoutesInForce(version=version, notify=routes)

    @router.post(
        "/endpoints",
        status_code=201,
        summary="Create a webhook endpoint; its secret is shown this once",
        responses=refusals(403, 409, reads_body=True),
        openapi_extra=describe_body(EndpointSpec),
    )
    async def create_endpoint(
        principal: asking, body: Annotated[EndpointSpec, Depends(json_body(EndpointSpec))]
    ) -> NewEndpoint:
        principal.require(*OFFICE)
        try:
            secret = await directory.add_endpoint(body)
        except Refused as refused:
            raise problem_of(refused) from refused
        return NewEndpoint(id=body.id, url=body.url, secret=secret)

    @router.get(
        "/endpoints",
        summary="The webhook endpoints, without their secrets",
        responses=refusals(403),
    )
    async def every_endpoint(principal: asking) -> EndpointPage:
        principal.require(*READERS)
        return EndpointPage(items=answered(KnownEndpoint, await directory.endpoints()))

    @router.post(
        "/endpoints/{endpoint}/test",
        summary="Send a signed test message now",
        responses=refusals(403, 404),
    )
    async def test_endpoint(endpoint: str, principal: asking) -> TestedEndpoint:
        principal.require(*OFFICE)
        try:
            result = await endpoints.test(endpoint)
        except Refused as refused:
            raise problem_of(refused) from refused
        return TestedEndpoint.model_validate(result, from_attributes=True)

    @router.post(
        "/endpoints/{endpoint}/rotate",
        summary="A new secret, shown this once; for 24 hours the former one signs too",
        responses=refusals(403, 404, 409, 422),
    )
    async def rotate(endpoint: str, principal: asking) -> RotatedSecret:
        principal.require(*OFFICE)
        try:
            return RotatedSecret(id=endpoint, secret=await endpoints.rotate(endpoint))
        except Refused as refused:
            raise problem_of(refused) from refused

    @router.post(
        "/endpoints/{endpoint}/enable",
        summary="Let a disabled endpoint be spoken to again",
        responses=refusals(403, 404),
    )
    async def enable(endpoint: str, principal: asking) -> KnownEndpoint:
        principal.require(*OFFICE)
        try:
            row = await endpoints.enable(endpoint)
        except Refused as refused:
            raise problem_of(refused) from refused
        return KnownEndpoint.model_validate(row, from_attributes=True)

    return router

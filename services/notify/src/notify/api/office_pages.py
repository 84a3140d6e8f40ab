"""The office's pages: what was sent, the routes in force, and a test of each."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.api.door import OFFICE, READERS, problem_of
from notify.api.words import words_in
from notify.domain.routes import Default, Route, ToEndpoint
from notify.service.caller import Refused
from notify.service.directory import Directory
from notify.service.dispatch import Dispatcher
from notify.service.endpoints import Endpoints
from notify.service.looking import Looking
from shared.kit.auth import Principal
from shared.kit.pages import Pages, language_of


def office_router(
    *,
    pages: Pages,
    looking: Looking,
    directory: Directory,
    endpoints: Endpoints,
    dispatcher: Dispatcher,
) -> APIRouter:
    """Pages for whoever looks after messages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/deliveries")
    async def log(request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        reader.require(*READERS)
        rows = await looking.deliveries(after=None, limit=200)
        return pages.render(
            request,
            "deliveries.html",
            w=words_in(language_of(request)),
            deliveries=rows,
            office=_is_office(reader),
        )

    @router.post("/deliveries/{delivery}/redeliver")
    async def redeliver(delivery: str, request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        reader.require(*OFFICE)
        try:
            await dispatcher.redeliver(delivery)
        except Refused as refused:
            raise problem_of(refused) from refused
        return await log(request)

    @router.get("/routes")
    async def routes(request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        reader.require(*READERS)
        return await _routes(request, reader, {})

    @router.post("/endpoints/{endpoint}/test")
    async def test(endpoint: str, request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        reader.require(*OFFICE)
        try:
            result = await endpoints.test(endpoint)
        except Refused as refused:
            raise problem_of(refused) from refused
        return await _routes(request, reader, {endpoint: result})

    @router.post("/endpoints/{endpoint}/enable")
    async def enable(endpoint: str, request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        reader.require(*OFFICE)
        try:
            await endpoints.enable(endpoint)
        except Refused as refused:
            raise problem_of(refused) from refused
        return await _routes(request, reader, {})

    async def _routes(request: Request, reader: Principal, tested: dict[str, Any]) -> Response:
        version, document = await directory.routes_in_force()
        rows = [row for n, one in enumerate(document.routes) for row in _rows(one, f"routes[{n}]")]
        return pages.render(
            request,
            "routes.html",
            w=words_in(language_of(request)),
            version=version,
            routes=[*rows, _row(document.default, "default")],
            document=document,
            endpoints=await directory.endpoints(),
            tested=tested,
            office=_is_office(reader),
        )

    return router


def _is_office(reader: Principal) -> bool:
    return not reader.roles.isdisjoint(OFFICE)


def _rows(route: Route, path: str) -> list[dict[str, Any]]:
    """A route and its children, as lines."""
    mine = [_row(route, path)]
    for number, child in enumerate(route.routes):
        mine += _rows(child, f"{path}.routes[{number}]")
    return mine


def _row(route: Route | Default, path: str) -> dict[str, Any]:
    match = route.match.model_dump(exclude_none=True) if isinstance(route, Route) else {}
    said = [f"{name}: {', '.join(values)}" for name, values in match.items() if name != "labels"]
    said += [f"{name}: {', '.join(values)}" for name, values in match.get("labels", {}).items()]
    return {
        "path": path,
        "match": said,
        "to": [one.endpoint if isinstance(one, ToEndpoint) else one.role for one in route.to or ()],
        "hooks": [one.endpoint for one in route.to or () if isinstance(one, ToEndpoint)],
    }

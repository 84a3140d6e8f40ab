"""The silhouette: how each of the three services looks from outside, and how it starts and ends."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from shared.contracts.values import Contract, Note
from shared.kit.auth import Gate, Principal
from shared.kit.bodies import describe_body, describe_models, json_body
from shared.kit.bus.base import Bus
from shared.kit.bus.loop import ConsumerLoop
from shared.kit.db import Database, SchemaTooOld
from shared.kit.dead_letters import DeadLetters
from shared.kit.edge import Edge
from shared.kit.engines import is_passing
from shared.kit.hot import Answer, HotRoute, HotRoutes
from shared.kit.inbox import Inbox
from shared.kit.journal import backlog
from shared.kit.metrics import KitMetrics
from shared.kit.pages import Pages, static_files
from shared.kit.problems import Problem, install_problem_handlers
from shared.kit.tables import KitTables
from shared.kit.workers import Workers

_SETTLED: Final = "a dead letter is settled once; this one is not open"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a service is made of below its routes."""

    db: Database
    tables: KitTables
    bus: Bus
    inbox: Inbox
    dead_letters: DeadLetters
    consumer: ConsumerLoop | None
    workers: Workers
    gate: Gate
    pages: Pages
    metrics: KitMetrics


class Settlement(Contract):
    """Why the loss of a rejected record is acceptable."""

    reason: Note


def build_app(
    *,
    name: str,
    summary: str,
    parts: Parts,
    routers: Sequence[APIRouter],
    bodies: Sequence[type[BaseModel]],
    hot: Mapping[str, Answer] | None = None,
) -> FastAPI:
    """A service's app: its routers, and what all services have.

    Args:
        name: the service's name, as in "intake".
        summary: one sentence for its documentation page.
        parts: what it is made of; the app starts and stops the workers.
        routers: the service's own routes.
        bodies: the models its routes read, for the OpenAPI document.
        hot: what answers a POST without a query at these paths, ahead of FastAPI, which has a
            route of the same meaning for each and describes it.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await parts.db.check_schema()
        parts.workers.start()
        yield
        await parts.workers.stop()
        await parts.db.close()

    app = FastAPIOffline(title=f"Duban {name}", summary=summary, version="1", lifespan=lifespan)
    app.add_middleware(Edge, metrics=parts.metrics)
    app.add_middleware(
        HotRoutes,
        routes={
            path: Edge(HotRoute(path, answer), metrics=parts.metrics)
            for path, answer in (hot or {}).items()
        },
    )
    install_problem_handlers(app)
    app.mount("/static", static_files(), name="static")
    for router in (_probes(parts), _dead_letters(parts), parts.pages.router(), *routers):
        app.include_router(router)
    describe_models(app, [*bodies, Settlement])
    return app


def _probes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Whether the process is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Whether what the service depends on answers")
    async def readyz() -> JSONResponse:
        checks = await _checks(parts)
        ready = all(answer == "ok" for answer in checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        async with parts.db.read() as session:
            unsent, parked = await backlog(session, parts.tables)
            parts.metrics.journal_unsent.set(unsent)
            parts.metrics.journal_parked.set(parked)
            parts.metrics.inbox_gaps.set(await parts.inbox.gaps(session))
            parts.metrics.dead_letters_open.set(await parts.dead_letters.open(session))
        return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _checks(parts: Parts) -> Mapping[str, str]:
    checks = {"database": await _database(parts.db)}
    checks["bus"] = "ok" if await parts.bus.healthy() else "does not answer"
    failing = parts.workers.failing()
    checks["workers"] = "; ".join(f"{name}: {why}" for name, why in failing.items()) or "ok"
    if parts.consumer is not None:
        checks["events"] = "ok" if parts.consumer.caught_up else "still catching up"
    return checks


async def _database(db: Database) -> str:
    try:
        answers = await db.answers()
        if answers:
            await db.check_schema()
    except SchemaTooOld as error:
        return str(error)
    except Exception as error:
        if not is_passing(error):
            raise
        answers = False  # it has gone between the two questions
    return "ok" if answers else "does not answer"


def _dead_letters(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/dead-letters", tags=["operations"])

    @router.get("", summary="Records this service rejected and nobody has settled")
    async def open_letters(
        principal: Annotated[Principal, Depends(parts.gate)],
    ) -> dict[str, object]:
        principal.require("operator", "office")
        async with parts.db.read() as session:
            return {"items": [dict(row) for row in await parts.dead_letters.list_open(session)]}

    @router.post(
        "/{letter}/settle",
        summary="Accept the loss of a record, with a reason",
        openapi_extra=describe_body(Settlement),
    )
    async def settle(
        letter: str,
        principal: Annotated[Principal, Depends(parts.gate)],
        body: Annotated[Settlement, Depends(json_body(Settlement))],
    ) -> dict[str, str]:
        principal.require("operator")
        async with parts.db.write() as session:
            done = await parts.dead_letters.settle(
                session, letter, by=principal.holder, reason=body.reason
            )
        if not done:
            raise Problem(404, "not_found", _SETTLED)
        return {"id": letter, "settled_by": principal.holder}

    return router


def correlation_of(request: Request) -> str:
    """The id that ties this request to all that follows from it."""
    return str(request.scope["state"]["correlation"])

"""What operators ask of a service: is it alive, is it ready, its figures, what it rejected."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from shared.contracts.values import Contract, Note
from shared.kit.auth import Principal
from shared.kit.bodies import describe_body, json_body
from shared.kit.db import Database, SchemaTooOld
from shared.kit.engines import is_passing
from shared.kit.parts import Parts
from shared.kit.problems import Problem
from shared.kit.refusals import refusals

_SETTLED: Final = "a dead letter is settled once; this one is not open"


class Alive(BaseModel):
    """The process answers."""

    status: str


class Readiness(BaseModel):
    """Whether the service can do its work, and each thing it depends on: "ok", or what is wrong."""

    ready: bool
    checks: dict[str, str]


class DeadLetter(BaseModel):
    """A record this service rejected: where it stands in the log, and why."""

    id: str
    topic: str
    partition: int
    offset: int
    key: str
    code: str
    reason: str
    at: datetime
    settled_by: str | None
    settled_reason: str | None


class DeadLetters(BaseModel):
    """Those nobody has settled, oldest first."""

    items: list[DeadLetter]


class Settlement(Contract):
    """Why the loss of a rejected record is acceptable."""

    reason: Note


class Settled(BaseModel):
    """A dead letter nobody has to look at any more."""

    id: str
    settled_by: str


def probes(parts: Parts) -> APIRouter:
    """Liveness, readiness and figures; they need no token, and the origin does not show them."""
    router = APIRouter(tags=["operations"])
    _show_readiness(parts)
    ready: dict[int | str, dict[str, Any]] = {
        200: {"model": Readiness},
        503: {"model": Readiness, "description": "It is not ready; `checks` tell why."},
    }

    @router.get("/healthz", summary="Whether the process is alive")
    async def healthz() -> Alive:
        return Alive(status="alive")

    @router.get("/readyz", summary="Whether what the service depends on answers", responses=ready)
    async def readyz() -> JSONResponse:
        checks = await _checks(parts)
        ready = all(answer == "ok" for answer in checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def dead_letters(parts: Parts) -> APIRouter:
    """The records this service could not take in, and their settlement."""
    router = APIRouter(prefix="/v1/dead-letters", tags=["operations"])

    @router.get(
        "", summary="Records this service rejected and nobody has settled", responses=refusals(403)
    )
    async def open_letters(
        principal: Annotated[Principal, Depends(parts.gate)],
    ) -> DeadLetters:
        principal.require("operator", "office")
        async with parts.db.read() as session:
            rows = await parts.dead_letters.list_open(session)
        return DeadLetters(items=[DeadLetter(**row) for row in rows])

    @router.post(
        "/{letter}/settle",
        summary="Accept the loss of a record, with a reason",
        openapi_extra=describe_body(Settlement),
        responses=refusals(403, 404, reads_body=True),
    )
    async def settle(
        letter: str,
        principal: Annotated[Principal, Depends(parts.gate)],
        body: Annotated[Settlement, Depends(json_body(Settlement))],
    ) -> Settled:
        principal.require("operator")
        async with parts.db.write() as session:
            done = await parts.dead_letters.settle(
                session, letter, by=principal.holder, reason=body.reason
            )
        if not done:
            raise Problem(404, "not_found", _SETTLED)
        return Settled(id=letter, settled_by=principal.holder)

    return router


async def _checks(parts: Parts) -> Mapping[str, str]:
    checks = {"database": await _database(parts.db)}
    checks["bus"] = "ok" if await parts.bus.healthy() else "does not answer"
    checks["journal"] = parts.guard.finding or "ok"
    failing = parts.workers.failing()
    checks["workers"] = "; ".join(f"{name}: {why}" for name, why in failing.items()) or "ok"
    if parts.consumer is not None:
        checks["events"] = "ok" if parts.consumer.caught_up else "still catching up"
    return checks


def _show_readiness(parts: Parts) -> None:
    """What is known without asking shows as it is; `figures` asks the database and the bus."""
    known: Mapping[str, Callable[[], bool]] = {
        "journal": lambda: not parts.guard.finding,
        "workers": lambda: not parts.workers.failing(),
        "events": lambda: parts.consumer is None or parts.consumer.caught_up,
    }
    for check, holds in known.items():
        parts.metrics.ready.labels(check).set_function(holds)


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

"""The silhouette: how each of the three services looks from outside, and how it starts and ends."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel

from shared.kit.bodies import describe_models
from shared.kit.edge import Edge
from shared.kit.hot import Answer, HotRoute, put_ahead
from shared.kit.operations import Settlement, dead_letters, probes
from shared.kit.pages import static_files
from shared.kit.parts import Parts
from shared.kit.problems import install_problem_handlers
from shared.kit.refusals import ProblemDocument


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
    app.add_middleware(Edge, metrics=parts.metrics, barred=parts.guard.refusal)
    put_ahead(
        app,
        {
            path: Edge(HotRoute(path, answer), metrics=parts.metrics, barred=parts.guard.refusal)
            for path, answer in (hot or {}).items()
        },
    )
    install_problem_handlers(app)
    app.mount("/static", static_files(), name="static")
    for router in (probes(parts), dead_letters(parts), parts.pages.router(), *routers):
        app.include_router(router)
    describe_models(app, [*bodies, Settlement, ProblemDocument])
    return app


def correlation_of(request: Request) -> str:
    """The id that ties this request to all that follows from it."""
    return str(request.scope["state"]["correlation"])

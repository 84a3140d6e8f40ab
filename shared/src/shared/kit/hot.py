"""Routes ahead of FastAPI, for the few that carry the load: it would cost more than their work."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.kit.problems import Problem, problem_response

Answer = Callable[[Request], Awaitable[Response]]
"""Answers a request itself; a `Problem` it raises is answered for it."""


class HotRoute:
    """One route as a plain ASGI app; `path` names it in the figures."""

    def __init__(self, path: str, answer: Answer) -> None:
        self.path = path
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        scope["route"] = self
        try:
            response = await self._answer(Request(scope, receive))
        except Problem as problem:
            response = problem_response(problem)
        await response(scope, receive, send)


def put_ahead(app: FastAPI, routes: Mapping[str, ASGIApp]) -> None:
    """Put routes ahead of all that FastAPI itself puts around an app."""
    plain = app.build_middleware_stack
    app.build_middleware_stack = lambda: HotRoutes(plain(), routes=routes)  # type: ignore[method-assign]  # the one place where it can be done


class HotRoutes:
    """Lets no POST without a query to one of the hot paths through to FastAPI.

    FastAPI has a route of the same meaning at each, which describes it and answers all else there.
    """

    def __init__(self, app: ASGIApp, *, routes: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        app = self._app
        if scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]:
            app = self._routes.get(scope["path"], app)
        await app(scope, receive, send)

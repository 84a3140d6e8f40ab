"""Where somebody lands who opens intake in a browser: at what describes it."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse


def home_router() -> APIRouter:
    """Intake has no page of its own beside its documentation."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> RedirectResponse:
        return RedirectResponse("/docs", 303)

    return router

"""Every error tells the mend, as problem+json (RFC 9457)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEM_JSON: Final = "application/problem+json"
MOST_ERRORS: Final = 100
_LONGEST: Final = 500


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One thing wrong with what was sent: where, what, and how to mend it."""

    path: str
    code: str
    message: str


class Problem(Exception):  # noqa: N818  # the name of the standard
    """An answer that says what is wrong and what to do. `code` is stable."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": f"urn:duban:problem:{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [asdict(error) for error in self.errors]
        return document


def problem_response(problem: Problem) -> JSONResponse:
    """The problem as a response."""
    return JSONResponse(
        problem.body(), problem.status, headers=problem.headers, media_type=PROBLEM_JSON
    )


def install_problem_handlers(app: "FastAPI") -> None:
    """Answer every error that `app` knows as problem+json; the edge answers the others."""
    from fastapi.exceptions import RequestValidationError  # noqa: PLC0415  # only an app needs it

    async def on_problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101  # registered for it
        return problem_response(error)

    async def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for it
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        problem = Problem(
            error.status_code, code, str(error.detail), headers=dict(error.headers or {})
        )
        return problem_response(problem)

    async def on_validation(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it
        errors = [
            FieldError(
                path=bounded(".".join(map(str, item["loc"]))),
                code=item["type"],
                message=bounded(item["msg"]),
            )
            for item in error.errors()[:MOST_ERRORS]
        ]
        return problem_response(Problem(422, "invalid", "a parameter is invalid", errors=errors))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)


def bounded(text: str) -> str:
    """A text that may be answered: short, and without half a character."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()

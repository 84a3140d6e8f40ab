"""Who comes through intake's door, and what a refusal looks like outside."""

from collections.abc import Mapping
from typing import Final

from fastapi import Request

from intake.service.caller import Caller, Refused
from shared.kit.app import correlation_of
from shared.kit.auth import Principal
from shared.kit.bodies import read_body
from shared.kit.documents import DocumentError
from shared.kit.problems import FieldError, Problem

_STATUS: Final[Mapping[str, int]] = {
    "unknown_plan": 404,
    "unknown_submission": 404,
    "unknown_token": 404,
    "unknown_rulebook": 404,
    "unknown_calendar": 404,
    "not_loaded": 404,
    "other_unit": 403,
    "same_holder": 403,
    "decision_taken": 409,
    "already_returned": 409,
    "not_empty": 409,
    "internal": 500,
    "unavailable": 503,
}
_PAGE_MOST: Final = 500
_FILE_BYTES: Final = 64 << 20
_FILE_TYPES: Final = ("application/json", "application/yaml", "application/x-yaml")


def caller_of(request: Request, principal: Principal) -> Caller:
    """The caller of a use case."""
    return Caller(principal=principal, correlation=correlation_of(request))


def problem_of(refused: Refused) -> Problem:
    """A refusal as a problem; several reasons stand under `errors`."""
    first = refused.refusals[0]
    return Problem(
        _STATUS.get(first.code, 422),
        first.code,
        first.message,
        errors=[
            FieldError(path=one.path, code=one.code, message=one.message)
            for one in refused.refusals
        ],
    )


def problem_of_file(error: DocumentError) -> Problem:
    """A refused file as a problem: every error with its line and field."""
    first = error.problems[0]
    return Problem(
        422,
        first.code,
        str(first),
        errors=[
            FieldError(path=one.path, code=one.code, message=str(one)) for one in error.problems
        ],
    )


async def read_file(request: Request) -> bytes:
    """A plan or rulebook file, as YAML or JSON.

    Raises:
        Problem: 413, 415: it is too large, or of another type.
    """
    return await read_body(request, limit=_FILE_BYTES, types=_FILE_TYPES)


def page_size(limit: int) -> int:
    """The page size asked for.

    Raises:
        Problem: 422 outside 1 to 500.
    """
    if not 1 <= limit <= _PAGE_MOST:
        raise Problem(422, "invalid", f"limit lies between 1 and {_PAGE_MOST}")
    return limit

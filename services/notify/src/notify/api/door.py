"""What a refusal of notify looks like outside."""

from collections.abc import Mapping
from typing import Final

from notify.service.caller import Refused
from shared.kit.problems import FieldError, Problem

_STATUS: Final[Mapping[str, int]] = {
    "unknown_alert": 404,
    "unknown_delivery": 404,
    "already_there": 409,
}
_PAGE_MOST: Final = 500


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


def page_of(cursor: int, limit: int) -> tuple[int, int]:
    """Where a page begins, and its size.

    Raises:
        Problem: 422 outside sensible bounds.
    """
    if not 0 <= cursor <= 1 << 31 or not 1 <= limit <= _PAGE_MOST:
        raise Problem(
            422, "invalid", f"limit lies between 1 and {_PAGE_MOST}, cursor is not below 0"
        )
    return cursor, limit

"""What a refusal of notify looks like outside, and what a reader may see."""

from typing import Final

from notify.service.caller import Refused
from shared.contracts.intake import AccessRole
from shared.kit.auth import Principal
from shared.kit.problems import FieldError, Problem

OFFICE: Final[tuple[AccessRole, ...]] = ("office", "operator")
READERS: Final[tuple[AccessRole, ...]] = (*OFFICE, "observer")
_PAGE_MOST: Final = 500
_CONFLICTS: Final = ("already_there", "already_over", "still_rotating", "text_lost")


def problem_of(refused: Refused) -> Problem:
    """A refusal as a problem; several reasons stand under `errors`.

    What the address names and does not exist is 404, what the body names is 422.
    """
    first = refused.refusals[0]
    status = 404 if first.code.startswith("unknown_") and not first.path else 422
    return Problem(
        409 if first.code in _CONFLICTS else status,
        first.code,
        first.message,
        errors=[
            FieldError(path=one.path, code=one.code, message=one.message)
            for one in refused.refusals
        ],
    )


def own_unit(principal: Principal) -> str | None:
    """The unit whose alerts a reader sees: a department its own, the office all (None).

    Raises:
        Problem: 403 `other_role`.
    """
    if principal.unit is None:
        principal.require(*READERS)
    return principal.unit


def answering_unit(principal: Principal) -> str | None:
    """The unit whose alerts somebody may answer: a department its own, the office all (None).

    Raises:
        Problem: 403 `other_role`; who only reads answers for nothing.
    """
    if principal.unit is None:
        principal.require(*OFFICE)
    else:
        principal.require("submit", *OFFICE)
    return principal.unit


def page_size(limit: int) -> int:
    """The page size asked for.

    Raises:
        Problem: 422 outside 1 to 500.
    """
    if not 1 <= limit <= _PAGE_MOST:
        raise Problem(422, "invalid", f"limit lies between 1 and {_PAGE_MOST}")
    return limit

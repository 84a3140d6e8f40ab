"""Who comes through scoring's door, and what a refusal looks like outside."""

from collections.abc import Mapping
from typing import Final

from fastapi import Request

from scoring.service.caller import Caller, Refused
from shared.kit.app import correlation_of
from shared.kit.auth import COOKIE, Principal
from shared.kit.problems import Problem

_STATUS: Final[Mapping[str, int]] = {
    "unknown_plan": 404,
    "unknown_period": 404,
    "unknown_unit": 404,
    "unknown_task": 404,
    "unknown_submission": 404,
    "unknown_exemption": 404,
    "unknown_year": 404,
    "unknown_appeal": 404,
    "unknown_item": 404,
    "period_unpublished": 404,
    "not_drafted": 409,
    "not_computed": 409,
    "not_approved": 409,
    "already_published": 409,
    "previous_unpublished": 409,
    "draft_outdated": 409,
    "frozen": 409,
    "appeal_late": 409,
    "already_appealed": 409,
    "already_decided": 409,
    "before_activation": 409,
    "not_closed": 409,
    "events_incomplete": 409,
    "year_not_loaded": 409,
    "same_holder": 403,
    "cutoff_refused": 409,
    "intake_unavailable": 503,
}


def is_office(principal: Principal | None) -> bool:
    """Whether drafts and hidden tasks are this reader's to see."""
    return principal is not None and not principal.roles.isdisjoint({"office", "operator"})


def caller_of(request: Request, principal: Principal) -> Caller:
    """The caller of a use case, with the credentials it came with."""
    headers = {}
    if "authorization" in request.headers:
        headers["authorization"] = request.headers["authorization"]
    elif COOKIE in request.cookies:
        headers["cookie"] = f"{COOKIE}={request.cookies[COOKIE]}"
    correlation = correlation_of(request)
    headers["traceparent"] = f"00-{correlation}-{correlation[:16]}-01"
    return Caller(principal=principal, correlation=correlation, headers=headers)


def problem_of(refused: Refused) -> Problem:
    """A refusal as a problem."""
    return Problem(_STATUS.get(refused.code, 422), refused.code, refused.message)

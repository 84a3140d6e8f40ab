"""How a refusal stands in the OpenAPI document: as every route answers it (RFC 9457)."""

from typing import Any, Final

from pydantic import ConfigDict

from shared.contracts.values import Contract
from shared.kit.problems import PROBLEM_JSON, FieldError


class ProblemDocument(Contract):
    """What is wrong and how to mend it (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:duban:problem:other_unit",
                    "title": "other unit",
                    "status": 403,
                    "code": "other_unit",
                    "detail": "this token speaks for U1 only",
                }
            ]
        }
    )

    type: str
    """`urn:duban:problem:` and the code."""
    title: str
    """The code in words."""
    status: int
    """The HTTP status."""
    code: str
    """What a program decides by; it never changes its meaning."""
    detail: str
    """What a person reads: what is wrong, and the mend."""
    errors: tuple[FieldError, ...] = ()
    """Each thing that is wrong with what was sent, where there is more to say than one thing."""


_EVERYWHERE: Final = (401, 422, 503)
_READING_A_BODY: Final = (400, 408, 413, 415)
_MEANING: Final = {
    400: "A header cannot be, or the body breaks off or is not UTF-8.",
    401: "No token, or one that is malformed, unknown, revoked or expired.",
    403: "This token may not do that.",
    404: "There is no such thing, or none that this token may see.",
    408: "The body did not arrive in time.",
    409: "It does not fit what has happened before.",
    413: "The body is too large.",
    415: "The body is of another media type or encoding than this route reads.",
    422: "What was sent does not fit.",
    503: "Something that is needed does not answer, or too much is waiting; send it again later.",
}


def refusals(*statuses: int, reads_body: bool = False) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI part for a route that refuses with these statuses, beside those all routes have.

    `build_app` describes `ProblemDocument`, to which they lead.
    """
    body = _READING_A_BODY if reads_body else ()
    told: dict[int | str, str] = {one: _MEANING[one] for one in (*_EVERYWHERE, *statuses, *body)}
    told["default"] = "Any other refusal, or a fault of ours."
    reference = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": meaning, "content": {PROBLEM_JSON: {"schema": reference}}}
        for status, meaning in told.items()
    }

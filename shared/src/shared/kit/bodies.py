"""What comes in a request's body is bounded and read strictly."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from shared.kit.problems import MOST_ERRORS, FieldError, Problem, bounded
from shared.kit.readers import DocumentError, read_json
from shared.kit.validation import problems_of

SINGLE_BYTES: Final = 1 << 20
BATCH_BYTES: Final = 32 << 20
_FORM_BYTES: Final = 64 << 10
_BODY_SECONDS: Final = 30.0

M = TypeVar("M", bound=BaseModel)


def json_body(model: type[M], *, limit: int = SINGLE_BYTES) -> Callable[[Request], Awaitable[M]]:
    """A dependency that reads the body as strict JSON into `model`, unknown fields refused."""

    async def read(request: Request) -> M:
        return parse_json(await read_body(request, limit=limit), model)

    return read


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an HTML form, the last of each name; at most 64 kB.

    Raises:
        Problem: see `read_body`.
    """
    types = ("application/x-www-form-urlencoded",)
    body = await read_body(request, limit=_FORM_BYTES, types=types)
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


async def read_body(
    request: Request, *, limit: int, types: Sequence[str] = ("application/json",)
) -> bytes:
    """The body's bytes: of a declared type, whole within a time, never above `limit`.

    Raises:
        Problem: 415 for the wrong type or encoding, 413 above the limit, 408 when too slow, 400
            when it breaks off.
    """
    # The first of each name, as elsewhere; plain bytes, for this is on the way of every report.
    headers = dict(reversed(request.scope["headers"]))
    declared, _, parameters = headers.get(b"content-type", b"").partition(b";")
    charset = parameters.strip().lower().removeprefix(b"charset=").strip(b'"')
    if declared.strip().lower().decode("latin-1") not in types or charset not in {b"", b"utf-8"}:
        raise Problem(415, "wrong_media_type", f"send {' or '.join(types)} in UTF-8")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Problem(415, "wrong_encoding", "send the body without compression")
    if int(headers.get(b"content-length", 0)) > limit:
        raise _too_large(limit)  # before it is on its way
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await _receive(request, limit)
    except TimeoutError as error:
        raise Problem(408, "too_slow", "the body did not arrive in time; send it again") from error


async def _receive(request: Request, limit: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "broken_off", "the body is shorter than its Content-Length")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> Problem:
    return Problem(413, "too_large", f"a body here has at most {limit:,} bytes")


def parse_json(body: bytes, model: type[M]) -> M:
    """Strict JSON into `model`: no duplicate keys, no NaN, no unknown fields.

    Raises:
        Problem: 400 for what is not UTF-8, 415 for UTF-16, 422 for all else, with each field.
    """
    value = check_json(body)
    try:
        return model.model_validate_json(body.removeprefix(b"\xef\xbb\xbf"), extra="forbid")
    except ValidationError as error:
        raise Problem(
            422,
            "invalid",
            "the body does not fit; see errors",
            errors=field_errors(error, value, model),
        ) from error


def field_errors(error: ValidationError, value: object, model: type[BaseModel]) -> list[FieldError]:
    """Each thing that is wrong with `value`, told as to the writer of a file; at most 100."""
    problems = problems_of(error, value, model, lambda _path: None)
    return [
        FieldError(
            path=bounded(one.path), code=one.code, message=bounded(f"{one.message}: {one.mend}")
        )
        for one in problems[:MOST_ERRORS]
    ]


def check_json(body: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Refuse what parsers read differently; return what the text says.

    Raises:
        Problem: see `parse_json`.
    """
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in {body[:1], body[1:2]}:
        raise Problem(415, "wrong_encoding", "send JSON in UTF-8, not UTF-16")
    try:
        text = body.decode("utf-8-sig")
        value = read_json(text)
        if "\\u" in text:  # half a surrogate pair comes from an escape only
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise Problem(400, "not_utf8", f"byte {error.start} of the body is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise Problem(422, "half_character", "an escape is half a character") from error
    except json.JSONDecodeError as error:
        raise Problem(422, "not_json", f"the body is not JSON: {error}") from error
    except DocumentError as error:
        first = error.problems[0]
        raise Problem(422, first.code, f"{first.message}: {first.mend}") from error
    return value


def describe_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """The OpenAPI part for a route whose body is read by `json_body`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}
    }


def describe_models(app: FastAPI, models: Sequence[type[BaseModel]]) -> None:
    """Add the models named by `describe_body` to the app's OpenAPI document."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            _, definitions = models_json_schema(
                [(model, "validation") for model in models],
                ref_template="#/components/schemas/{model}",
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(definitions.get("$defs", {}))
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it

"""A client's transport that holds every answer of an app against the app's own OpenAPI document."""

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator, FormatChecker

_DOCUMENTS: Final[dict[str, Mapping[str, Any]]] = {}
"""By the app's title: an app of the same name is described alike, and describing takes a while."""
_OF_THE_EDGE: Final = (400, 431, 500)
"""What any route may answer before or instead of itself: described as "default"."""


class Described(httpx.ASGITransport):
    """Fails where the status, the media type or a field of an answer is not described.

    What the kit answers in every service ("operations"), and what no route of the API answers, is
    let through.
    """

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app)
        self._title = app.title
        if app.title not in _DOCUMENTS:
            _DOCUMENTS[app.title] = app.openapi()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The app's answer."""
        answer = await super().handle_async_request(request)
        await answer.aread()
        route = _route(self._title, request.method.lower(), request.url.path)
        if route is not None:
            _hold(self._title, *route, answer)
        return answer


def _hold(title: str, method: str, path: str, answer: httpx.Response) -> None:
    described = _DOCUMENTS[title]["paths"][path][method]["responses"]
    status = str(answer.status_code)
    if answer.status_code in _OF_THE_EDGE and status not in described:
        status = "default"
    assert status in described, f"{method.upper()} {path} answers {status}: {answer.text[:300]}"
    media = answer.headers["content-type"]
    told = f"{method.upper()} {path} answers {answer.status_code} {media}: {answer.text[:300]}"
    assert media in described[status]["content"], f"{told} is not described"
    found = [
        error.message for error in _schema(title, method, path, status).iter_errors(answer.json())
    ]
    assert found == [], f"{told} does not fit: {found}"


@cache
def _schema(title: str, method: str, path: str, status: str) -> Draft202012Validator:
    """The schema of an answer, in which a field that is not described is an error."""
    document = deepcopy(_DOCUMENTS[title])
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    (content,) = document["paths"][path][method]["responses"][status]["content"].values()
    whole = {**content["schema"], "components": document["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def _route(title: str, method: str, path: str) -> tuple[str, str] | None:
    """The method and path of the document that a request was for; the plainest path goes first."""
    for known, item in sorted(
        _DOCUMENTS[title]["paths"].items(), key=lambda one: one[0].count("{")
    ):
        if method in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
            return None if "operations" in item[method]["tags"] else (method, known)
    return None


_CHANCE: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}"
    r"|(?<=whsec_)[\w+/=]+|duban_\w+|(?<=\"id\":\")[a-z2-9]{12}(?=\")"
)


def on_the_wire(answer: httpx.Response) -> str:
    """The body as it was sent, with "#" for what chance decides: ids, secrets, digests of both."""
    return _CHANCE.sub("#", answer.text)

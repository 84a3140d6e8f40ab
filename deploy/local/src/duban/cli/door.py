"""The door: requests to the services, what is printed, and how a command ends."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, ParamSpec, Self
from urllib.parse import quote

import typer

if TYPE_CHECKING:
    import httpx
    from rich.console import RenderableType

Service = Literal["intake", "scoring", "notify"]
SERVICES: Final[Mapping[Service, str]] = {
    "intake": "http://127.0.0.1:8001",
    "scoring": "http://127.0.0.1:8002",
    "notify": "http://127.0.0.1:8003",
}
JSON: Final = "application/json"

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object; problems too, on standard error.")
]
Language = Annotated[
    Literal["zh-CN", "en"], typer.Option("--lang", help="The language of titles and texts.")
]

_TIMEOUT_SECONDS: Final = 300.0
_CONNECT_SECONDS: Final = 5.0
_PIPE_COLUMNS: Final = 200
P = ParamSpec("P")


class Stop(Exception):  # noqa: N818  # it tells what to do: mend what it names, then run again
    """The command ends here; `status` is 1 where it was refused, 2 where it was misused.

    `errors` are for machines, `lines` tell a person the same; `answered` is the HTTP status where
    a service said it.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        lines: Sequence[str] = (),
        status: Literal[1, 2] = 1,
        answered: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.lines = lines
        self.status = status
        self.answered = answered

    def body(self) -> dict[str, Any]:
        """The problem for machines: code, detail, and errors where there are several things."""
        errors = {"errors": [dict(error) for error in self.errors]} if self.errors else {}
        return {"code": self.code, "detail": self.detail, **errors}


def guarded(work: Callable[P, None]) -> Callable[P, None]:
    """The command with its problems printed on standard error and its exit status set."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            work(*args, **kwargs)
        except Stop as stop:
            if kwargs.get("as_json"):
                typer.echo(json.dumps(stop.body(), ensure_ascii=False), err=True)
            else:
                for line in (f"{stop.code}: {stop.detail}", *stop.lines):
                    typer.echo(line, err=True)
            raise typer.Exit(stop.status) from None

    return run


def say(answer: Mapping[str, Any], *lines: "RenderableType", as_json: bool) -> None:
    """Print the answer on standard output: the object for machines, or the lines for a person."""
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    from rich.console import Console  # noqa: PLC0415  # machines do without it

    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPE_COLUMNS
    for line in lines:
        console.print(line, soft_wrap=isinstance(line, str))


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that work is under way; yields how to say how far it is."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    from rich.console import Console  # noqa: PLC0415  # machines do without it

    console = Console(stderr=True, markup=False)
    with console.status(doing) as status:
        yield status.update


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


class Door:
    """Requests to the services, with the token of whoever runs the command."""

    def __init__(self) -> None:
        import httpx  # noqa: PLC0415  # whoever speaks to no service need not load it

        timeout = httpx.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
        # The proxies of the environment are for the internet; the services are named outright.
        self._http = httpx.Client(timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        file: tuple[bytes, str] | None = None,
    ) -> dict[str, Any]:
        """What a service answers.

        Args:
            service: which one.
            method: of HTTP.
            path: from the root, its segments quoted.
            params: of the query.
            body: sent as JSON, unless None.
            file: bytes to send as they are, with their media type.

        Raises:
            Stop: it refused, it does not answer, or there is no token to ask with.
        """
        content, kind = file or (None, JSON)
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {_token()}"}
        if content is not None:
            headers["Content-Type"] = kind
        response = self.send(service, method, path, params=params, content=content, headers=headers)
        answer = _json_of(response)
        if response.is_success and answer is not None:
            return answer
        raise _refusal(service, response.status_code, answer)

    def lines(self, service: Service, path: str, *, params: Mapping[str, str]) -> list[str]:
        """What a service answers as NDJSON: its lines, each an object as it was written.

        Raises:
            Stop: as `ask`.
        """
        headers = {"Authorization": f"Bearer {_token()}"}
        response = self.send(service, "GET", path, params=params, headers=headers)
        if not response.is_success:
            raise _refusal(service, response.status_code, _json_of(response))
        return [line for line in response.text.split("\n") if line]

    def send(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "httpx.Response":
        """The bare response of a service, whatever its status.

        Raises:
            Stop: nobody answers at its address.
        """
        import httpx  # noqa: PLC0415  # as above

        url = url_of(service)
        try:
            return self._http.request(
                method, f"{url}{path}", params=params, content=content, headers=headers
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Stop(
                "bad_url", f"{_variable(service)} is no address: {error}", status=2
            ) from None
        except httpx.TransportError:
            why = f"{service} does not answer at {url}: is `duban up` running?"
            raise Stop("no_answer", why) from None


def url_of(service: Service) -> str:
    """Where a service is."""
    return (os.environ.get(_variable(service)) or SERVICES[service]).rstrip("/")


def _variable(service: Service) -> str:
    return f"DUBAN_{service.upper()}_URL"


def _token() -> str:
    token = os.environ.get("DUBAN_TOKEN", "").strip()
    if not token:
        raise Stop(
            "no_token",
            "put your token into DUBAN_TOKEN; an operator issues it with `duban token issue`, "
            "the very first comes from `duban token bootstrap --holder NAME`",
            status=2,
        )
    if not token.isascii() or not token.isprintable():
        raise Stop("bad_token", "DUBAN_TOKEN holds something that is no token", status=2)
    return token


def _json_of(response: "httpx.Response") -> dict[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _refusal(service: Service, status: int, answer: dict[str, Any] | None) -> Stop:
    if answer is None or "code" not in answer:
        where = f"what answers at {url_of(service)} is not Duban's {service} (status {status})"
        return Stop("not_duban", f"{where}: see {_variable(service)}", answered=status)
    errors = answer.get("errors", [])
    detail = answer.get("detail", "")
    return Stop(
        answer["code"],
        detail,
        errors=errors,
        lines=[
            f"  {one['path'] or 'all'}: {one['message']}" for one in errors if _adds(one, detail)
        ],
        answered=status,
    )


def _adds(error: Mapping[str, Any], detail: str) -> bool:
    return bool(error["path"]) or error["message"] != detail

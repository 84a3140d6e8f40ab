"""The shell every page stands in: one look, two languages, sign-in, nothing from another host."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from shared.kit.auth import COOKIE, SESSION_SECONDS, Gate, Principal
from shared.kit.bodies import read_form
from shared.kit.problems import Problem

Language = Literal["zh-CN", "en"]

_LANGUAGE_COOKIE: Final = "duban_language"
_CENT: Final = Decimal("0.01")
_HERE: Final = Path(__file__).parent
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_SHELL_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "sign_in": {"zh-CN": "登录", "en": "Sign in"},
    "sign_out": {"zh-CN": "退出", "en": "Sign out"},
    "token": {"zh-CN": "访问令牌", "en": "Access token"},
    "sign_in_hint": {
        "zh-CN": "请粘贴督查办公室发给您的令牌。",
        "en": "Paste the token that the supervision office gave you.",
    },
    "other_language": {"zh-CN": "English", "en": "中文"},
}


class Pages:
    """Renders one service's templates inside the shell."""

    def __init__(self, *, gate: Gate, secure_cookie: bool, templates: Path | None = None) -> None:
        """`templates` is the service's own folder; `secure_cookie` where pages come by HTTPS."""
        folders = [FileSystemLoader(path) for path in (templates, _HERE / "templates") if path]
        self._environment = Environment(
            loader=ChoiceLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"percent": _percent, "points": _points}
        self._gate = gate
        self._secure_cookie = secure_cookie

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        **context: Any,  # noqa: ANN401
    ) -> HTMLResponse:
        """The template with `context`; it also finds `lang`, `ui` (texts) and `signed_in`."""
        language = language_of(request)
        html = self._environment.get_template(template).render(
            lang=language,
            ui={name: text[language] for name, text in _SHELL_TEXTS.items()},
            signed_in=COOKIE in request.cookies,
            other_language=f"?{request.url.include_query_params(lang=_other(language)).query}",
            **context,
        )
        headers = {
            "Content-Security-Policy": _POLICY,
            "Content-Language": language,
            "Cache-Control": "no-store",
        }
        response = HTMLResponse(html, status, headers=headers)
        if "lang" in request.query_params:  # a wish holds for the pages that follow
            response.set_cookie(_LANGUAGE_COOKIE, language, samesite="lax")
        return response

    async def reader(self, request: Request) -> Principal | None:
        """Who reads a page; None sends a person to sign in."""
        try:
            return await self._gate(request)
        except Problem:
            return None

    def to_sign_in(self, request: Request) -> RedirectResponse:
        """Off to the sign-in page, and back here afterwards."""
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/signin?{urlencode({'next': back})}", 303)

    def router(self) -> APIRouter:
        """The pages of the shell itself: sign in, sign out."""
        router = APIRouter(include_in_schema=False)

        @router.get("/signin", name="sign_in")
        async def sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002  # the field
            return self.render(request, "sign_in.html", next=_inside(next), error=None)

        @router.post("/signin")
        async def signed_in(request: Request) -> Response:
            form = await read_form(request)
            after = _inside(form.get("next", "/"))
            try:
                principal = await self._gate.admit(form.get("token", "").strip())
            except Problem as problem:
                return self.render(
                    request, "sign_in.html", status=401, next=after, error=problem.detail
                )
            response = RedirectResponse(after, 303)
            response.set_cookie(
                COOKIE,
                self._gate.session_cookie(principal),
                max_age=SESSION_SECONDS,
                httponly=True,
                samesite="lax",
                secure=self._secure_cookie,
            )
            return response

        @router.post("/signout", name="sign_out")
        async def sign_out() -> Response:
            response = RedirectResponse("/", 303)
            response.delete_cookie(COOKIE)
            return response

        return router


def static_files() -> StaticFiles:
    """The shell's style sheet."""
    return StaticFiles(directory=_HERE / "static")


def language_of(request: Request) -> Language:
    """What the reader asked for by `?lang=`, now or before, else by the browser, else Chinese."""
    wish = (
        request.query_params.get("lang")
        or request.cookies.get(_LANGUAGE_COOKIE)
        or request.headers.get("accept-language", "")
    )
    return "en" if wish.lower().startswith("en") else "zh-CN"


def _percent(share: Decimal | str | None) -> str:
    """A share as a reader expects it: 0.2845 is 28.45%."""
    return "—" if share is None else f"{_points(100 * Decimal(share))}%"


def _points(number: Decimal | str | None) -> str:
    """A number to two places, half-up."""
    return "—" if number is None else str(Decimal(number).quantize(_CENT, ROUND_HALF_UP))


def _other(language: Language) -> Language:
    return "zh-CN" if language == "en" else "en"


def _inside(path: str) -> str:
    """A path of this host only: whoever made the link cannot send a reader elsewhere."""
    inside = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if inside else "/"

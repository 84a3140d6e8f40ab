"""The other side of the messages: a webhook receiver and a mailbox, both real, on this machine."""

import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from duban.house import HOST, listening
from notify.channels.webhook import signed_headers

_WEBHOOKS: Final = "webhooks.jsonl"
_MAILS: Final = "mails.jsonl"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.2rem}summary{cursor:pointer}details{margin:.3rem 0}"
    "pre{white-space:pre-wrap;background:#f5f6f8;padding:.8rem;border-radius:.4rem}"
)


@dataclass
class Webhook:
    """One webhook as it arrived; `verified` tells whether its signature holds."""

    id: str
    verified: bool
    body: dict[str, Any]


@dataclass
class Received:
    """What has arrived so far, each message once.

    `secret` is what the endpoint's creation answered.
    """

    webhooks: list[Webhook] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    secret: str = ""
    _seen: set[str] = field(default_factory=set)
    _folder: Path | None = None

    def keep_in(self, folder: Path) -> None:
        """Remember what came before, and keep what comes from now on."""
        self._folder = folder
        for line in _lines(folder / _WEBHOOKS):
            self._keep_webhook(Webhook(**json.loads(line)))
        for line in _lines(folder / _MAILS):
            self._keep_mail(json.loads(line).encode("latin-1"))

    def webhook(self, webhook: Webhook) -> None:
        """A webhook has come; what is sent again under its id is the same."""
        if self._keep_webhook(webhook):
            self._append(_WEBHOOKS, json.dumps(vars(webhook), ensure_ascii=False))

    def mail(self, raw: bytes) -> None:
        """A mail has come."""
        if self._keep_mail(raw):
            self._append(_MAILS, json.dumps(raw.decode("latin-1")))

    def _keep_webhook(self, webhook: Webhook) -> bool:
        new = webhook.id not in self._seen
        if new and webhook.verified:
            self._seen.add(webhook.id)
        if new:
            self.webhooks.append(webhook)
        return new

    def _keep_mail(self, raw: bytes) -> bool:
        mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
        name = str(mail["message-id"])
        new = name not in self._seen
        if new:
            self._seen.add(name)
            self.mails.append(mail)
        return new

    def _append(self, name: str, line: str) -> None:
        if self._folder is not None:
            with (self._folder / name).open("a") as file:
                file.write(f"{line}\n")


def _lines(path: Path) -> list[str]:
    """What was kept; half a line is what a killed process left of its last one."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


@asynccontextmanager
async def receivers(*, http_port: int, smtp_port: int) -> AsyncIterator[Received]:
    """A webhook receiver and a mailbox that answer inside this block.

    Raises:
        OSError: a port is taken.
    """
    received = Received()
    mailbox = Controller(_Mailbox(received), hostname=HOST, port=smtp_port)
    mailbox.start()
    try:
        async with listening([(_receiver(received), http_port)]):
            yield received
    finally:
        mailbox.stop()


class _Mailbox:
    """Takes every mail in."""

    def __init__(self, received: Received) -> None:
        self._received = received

    async def handle_DATA(  # noqa: N802  # the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        self._received.mail(content if isinstance(content, bytes) else content.encode())
        return "250 taken"


def _receiver(received: Received) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        body = await request.body()
        message = request.headers["webhook-id"]
        verified = _is_signed(request, body, received.secret)
        received.webhook(Webhook(id=message, verified=verified, body=json.loads(body)))
        return Response(status_code=204 if verified else 401)

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(_page(received))

    return app


def _is_signed(request: Request, body: bytes, secret: str) -> bool:
    """The receiver signs what it got with the secret it was given, and compares."""
    expected = signed_headers(
        secrets=[secret],
        message_id=request.headers["webhook-id"],
        body=body,
        now=datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC),
    )["webhook-signature"]
    return hmac.compare_digest(expected, request.headers["webhook-signature"])


def _page(received: Received) -> str:
    """What an official would find: the mail first, then the webhooks with their signatures."""
    mails = "".join(
        f"<details><summary><b>{escape(str(mail['subject']))}</b> → {escape(str(mail['to']))}"
        f"</summary><pre>{escape(text_of(mail))}</pre></details>"
        for mail in received.mails
    )
    hooks = "".join(
        f"<details><summary>{'✔' if one.verified else '✘'} "
        f"{escape(one.body['data'].get('summary', {}).get('en', one.body['type']))}</summary>"
        f"<pre>webhook-id: {escape(one.id)}\n"
        f"{escape(json.dumps(one.body, ensure_ascii=False, indent=2))}</pre></details>"
        for one in received.webhooks
    )
    return (
        f"<!doctype html><meta charset=utf-8><title>What arrived</title><style>{_STYLE}</style>"
        f"<h1>Mail ({len(received.mails)})</h1>{mails or '<p>none yet</p>'}"
        f"<h1>Webhooks ({len(received.webhooks)}); ✔ the signature holds</h1>"
        f"{hooks or '<p>none yet</p>'}"
    )


def text_of(mail: EmailMessage) -> str:
    """What a mail says, as plain text."""
    part = mail.get_body(("plain",))
    return part.get_content() if part is not None else ""

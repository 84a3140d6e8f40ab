"""Mail: text and HTML in one message, whose headers were proven on what is really sent."""

import asyncio
import re
import ssl
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final, Literal

import aiosmtplib

from notify.channels import DeliveryResult, Refused, ascii_host, is_about_tls

Security = Literal["none", "starttls", "tls"]

_MOST_SUBJECT: Final = 200
_MOST_ADDRESS: Final = 254
_MOST_LOCAL: Final = 64
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"(?!.*=\?){_ATOM}(\.{_ATOM})*", re.ASCII)
_DELIVERY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_WHERE: Final = re.compile(r"https?://[!-;=?-~]{1,900}", re.ASCII)
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
_WIRE: Final = policy.SMTP.clone(cte_type="7bit")
_PERMANENT: Final = 500
_HEADERS: Final = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "auto-submitted",
    "content-language",
    "mime-version",
    "content-type",
)


class AddressRefused(Refused):
    """No mail can be sent to this address: show the message, it tells the mend."""


class MessageRefused(Refused):
    """This message cannot be written safely: do not send it, report the code."""


def check_address(text: str) -> str:
    """One bare mail address, its domain in punycode.

    Raises:
        AddressRefused: more or less than one plain `name@host`.
    """
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > _MOST_LOCAL:
        raise AddressRefused(
            "bad_address",
            f"{text[:80]!r} is not one mail address: write name@host, without a display name, "
            f"quotes or a list; the part before @ in at most {_MOST_LOCAL} ASCII characters",
        )
    try:
        host = ascii_host(domain)
    except ValueError as error:
        raise AddressRefused("bad_address", f"after @: {error}") from error
    if domain.endswith(".") or host.rpartition(".")[2].isdigit():
        raise AddressRefused("bad_address", f"after @ comes a host name, not {domain[:80]!r}")
    if len(address := f"{local}@{host}") > _MOST_ADDRESS:
        raise AddressRefused("bad_address", f"an address has at most {_MOST_ADDRESS} characters")
    return address


def clean_subject(text: str) -> str:
    """One visible line of at most 200 characters that no mail program decodes into another."""
    line = "".join(" " if unicodedata.category(one) in _HIDDEN else one for one in text)
    while "=?" in line:  # each pass may join a new pair
        line = re.sub(r"=\?([^?\s]*\?[BbQq]\?[^?\s]*\?=)?", "", line)
    line = " ".join(line.split())
    return line if len(line) <= _MOST_SUBJECT else line[: _MOST_SUBJECT - 1] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """One message to one person; `delivery_id` makes the Message-ID, the same on every attempt."""

    delivery_id: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    date: datetime
    thread: str = ""
    """What all mails about one thing name, so that they stand together; empty: it stands alone."""
    unsubscribe: str = ""
    """Where one click ends messages of this sort; empty: there is no such place."""


class MailSender:
    """Hands messages to one SMTP server; `timeout` bounds a whole attempt.

    `security` is `tls` (from the first byte), `starttls` (required, never skipped) or `none`;
    `tls` is the context that verifies the server, by default with the certificates of the system.

    Raises:
        ValueError: a password over an open line, or a name without a password.
        AddressRefused: the sender is not a mail address.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        timeout: timedelta = timedelta(seconds=30),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if (username is None) != (password is None):
            raise ValueError("give the mail server's username and password together, or neither")
        if username is not None and security == "none":
            raise ValueError("a password needs an encrypted line: set security to starttls or tls")
        self._host = host
        self._port = port
        self._security = security
        self._sender = check_address(sender)
        self._username = username
        self._password = password
        self._timeout = timeout.total_seconds()
        self._tls = tls

    def compose(self, message: MailMessage) -> bytes:
        """The message as it is sent, after reading it back and finding only what was meant.

        Raises:
            AddressRefused: `to` is not one address.
            MessageRefused: it does not read back as it was written.
        """
        if not _DELIVERY_ID.fullmatch(message.delivery_id):
            raise MessageRefused("bad_delivery_id", "a delivery id is ASCII letters, digits, ._-")
        subject = clean_subject(message.subject)
        to = check_address(message.to)
        mail = EmailMessage(policy=_WIRE)
        mail["From"] = self._sender
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = message.date
        mail["Message-ID"] = f"<{message.delivery_id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        mail.add_alternative(message.html, subtype="html")
        mail["Content-Language"] = "en" if message.language.startswith("en") else "zh-CN"
        optional = self._optional(message)
        # They are checked letter by letter, and must not be folded: a folded address is none.
        lines = "".join(f"{name}: {value}\r\n" for name, value in optional.items())
        wire = lines.encode("ascii") + mail.as_bytes()
        read = message_from_bytes(wire, policy=policy.default)
        same = (
            sorted(name.lower() for name in read) == sorted((*_HEADERS, *map(str.lower, optional)))
            and all(str(read[name]) == value for name, value in optional.items())
            and "".join(str(read["subject"]).split()) == "".join(subject.split())
            and str(read["to"]) == to
            and str(read["from"]) == self._sender
        )
        if not same:
            raise MessageRefused("header_injection", "the headers read back differently: not sent")
        return wire

    async def send(self, message: MailMessage) -> DeliveryResult:
        """One attempt: accepted by the server, worth another try, or refused for good."""
        accepted = False
        try:
            wire = self.compose(message)
            async with asyncio.timeout(self._timeout), self._client() as client:
                await client.sendmail(self._sender, [check_address(message.to)], wire)
                accepted = True
        except Refused as refused:
            return DeliveryResult(outcome="refused", reason=refused.code, detail=str(refused))
        except Exception as error:  # noqa: BLE001  # a delivery ends in a result, whatever happened
            if not accepted:  # what breaks after the acceptance does not undo it
                return _judge(error)
        return DeliveryResult(outcome="delivered", reason="accepted", status=250)

    def _optional(self, message: MailMessage) -> dict[str, str]:
        """The headers that not every mail has.

        Raises:
            MessageRefused: they cannot be written safely.
        """
        headers: dict[str, str] = {}
        if message.thread:
            if not _DELIVERY_ID.fullmatch(message.thread):
                raise MessageRefused("bad_thread", "a thread is ASCII letters, digits, ._-")
            root = f"<{message.thread}@{self._domain}>"
            headers |= {"In-Reply-To": root, "References": root}
        if message.unsubscribe:
            if not _WHERE.fullmatch(message.unsubscribe):
                raise MessageRefused("bad_unsubscribe", "it is an http or https address")
            headers["List-Unsubscribe"] = f"<{message.unsubscribe}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return headers

    @property
    def _domain(self) -> str:
        return self._sender.rpartition("@")[2]

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            local_hostname=self._domain,
            timeout=self._timeout,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._tls,
        )


def _judge(error: Exception) -> DeliveryResult:
    """5xx about the message or its recipient is final; everything else is tried again."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    detail = str(error) or type(error).__name__
    about_the_message = isinstance(
        error,
        aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError,
    )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        detail = f"the mail server answered {error.code}: {error.message}"
        if about_the_message and error.code >= _PERMANENT:
            return DeliveryResult(
                outcome="refused", reason="smtp_refused", status=error.code, detail=detail
            )
        reason = "smtp_deferred" if about_the_message else "smtp_not_ready"
        return DeliveryResult(outcome="retry", reason=reason, status=error.code, detail=detail)
    if is_about_tls(error):
        return DeliveryResult(outcome="retry", reason="tls_failed", detail=detail)
    if isinstance(error, TimeoutError):
        return DeliveryResult(outcome="retry", reason="timeout", detail=detail)
    known = isinstance(error, aiosmtplib.SMTPException | OSError)
    return DeliveryResult(
        outcome="retry", reason="connection_failed" if known else "unexpected", detail=detail
    )

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from notify.channels.mail import (
    AddressRefused,
    MailMessage,
    MailSender,
    MessageRefused,
    Security,
    check_address,
    clean_subject,
)

CERTIFICATE = Path(__file__).parent / "certificate.pem"
"""Key and self-signed certificate of hooks.example.org and localhost, for these tests alone."""


def message(**changes: object) -> MailMessage:
    facts: dict[str, Any] = {
        "delivery_id": "d-1",
        "to": "zhang@science.example.org",
        "subject": "【督办】进度滞后预警（黄灯）：大学城建设",
        "text": "落后 3.33 个百分点。\n",
        "html": "<p>落后 3.33 个百分点。</p>\n",
        "language": "zh-CN",
        "date": datetime(2022, 5, 10, 12, 0, tzinfo=UTC),
    }
    return MailMessage(**(facts | changes))


def sender(port: int = 25, security: Security = "none", **more: Any) -> MailSender:  # noqa: ANN401  # as the sender
    return MailSender(
        host="localhost", port=port, security=security, sender="duban@city.example.org", **more
    )


def read(wire: bytes) -> EmailMessage:
    parsed = message_from_bytes(wire, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


class Inbox:
    """An SMTP server's memory; it answers as told."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.users: list[bytes] = []
        self.recipient_reply = "250 OK"
        self.data_reply = "250 OK"

    async def handle_RCPT(  # noqa: N802  # the library's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.recipient_reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_reply

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # likewise
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return self.data_reply

    def authenticate(
        self,
        _server: SMTP,
        _session: Session,
        _envelope: Envelope,
        _mechanism: str,
        data: LoginPassword,
    ) -> AuthResult:
        self.users.append(data.login)
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def smtp_server(
    inbox: Inbox,
    *,
    tls: ssl.SSLContext | None = None,
    **options: Any,  # noqa: ANN401  # as aiosmtpd
) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(inbox, hostname="mx.example.org", **options), "127.0.0.1", 0, ssl=tls
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("zhang@science.example.org", "zhang@science.example.org"),
        ("li.si+duban@Example.ORG", "li.si+duban@example.org"),
        ("wang@督办.cn", "wang@xn--wfrp96f.cn"),
        ("o'brien@mail", "o'brien@mail"),
        ("l" * 64 + "@example.org", "l" * 64 + "@example.org"),
    ],
)
def test_one_plain_address_is_taken_with_its_domain_in_punycode(written: str, used: str) -> None:
    assert check_address(written) == used


@pytest.mark.parametrize(
    "text",
    [
        "", "zhang", "@x", "b@", "a@x, b@y", "a@x,b@y", "a@x>", "<a@x>", "b@x..org", "b@.org",
        "b@x.org.", "b@[127.0.0.1]", "b@127.0.0.1", "张@example.org", "l" * 65 + "@example.org",
        '"a b"@example.org', '"a\r\nBcc: e@x" <b@x>', "Zhang <b@x>", "b@x>\r\nDATA", "b@x\r\nDATA",
        "b@x\n", "b\n@x", "b @x", "b@x y", ".b@x", "b.@x", "b..c@x", "b@under_score", "b@-x.org",
        "=?utf-8?q?x?=@example.org", "b\x00@x", "a(c)@x", "a;b@x",
        "l" * 60 + "@" + ".".join(["d" * 63] * 3) + ".org",
    ],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        check_address(text)
    assert caught.value.code == "bad_address"


def test_the_message_names_its_people_and_carries_two_forms() -> None:
    mail = read(sender().compose(message()))
    assert mail["From"] == "duban@city.example.org"
    assert mail["To"] == "zhang@science.example.org"
    assert mail["Subject"] == "【督办】进度滞后预警（黄灯）：大学城建设"
    assert mail["Message-ID"] == "<d-1@city.example.org>"
    assert mail["Date"] == "Tue, 10 May 2022 12:00:00 +0000"
    assert mail["Content-Language"] == "zh-CN"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "落后 3.33 个百分点" in text.get_content()
    assert "<p>落后 3.33 个百分点。</p>" in html.get_content()


def test_no_robot_is_invited_to_answer() -> None:
    mail = read(sender().compose(message()))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] is None


def test_the_message_is_plain_ascii_on_the_wire() -> None:
    wire = sender().compose(message(subject="督" * 200, text="督办" * 2000))
    assert wire.isascii()
    assert max(len(line) for line in wire.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    "break_", ["\r\n", "\r", "\n", "\v", "\f", "\x85", "\u2028", "\u2029", "\x00", "\u202e"]
)
def test_a_line_break_in_a_subject_starts_no_header(break_: str) -> None:
    mail = read(sender().compose(message(subject=f"late{break_}Bcc: e@x.org")))
    assert mail["Subject"] == "late Bcc: e@x.org"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?x=0D=0ABcc:_e@x?=",
        "督办 =?utf-8?q?x=0D=0ABcc:_e@x?= 预警",
        "=?utf-8?b?eA0KQmNjOiBlQHg=?=",
        "==?utf-8?q?y?=?utf-8?q?x=0D=0ABcc:_e@x?=",
        "=?utf-8?q?x=0D=0ABcc:_e@x",
        "=?utf-8*en?q?x=0D=0ABcc:_e@x?=",
    ],
)
def test_an_encoded_word_in_a_subject_starts_no_header(subject: str) -> None:
    wire = sender().compose(message(subject=subject))
    assert b"\nbcc" not in wire.lower()
    assert read(wire)["Bcc"] is None


@given(st.text(), st.sampled_from(["", "=?utf-8?q?=0D=0ABcc:_e@x?=", "\r\nBcc: e@x"]))
def test_no_subject_whatever_adds_a_header(noise: str, attack: str) -> None:
    mail = read(sender().compose(message(subject=noise + attack + noise)))
    assert mail["Bcc"] is None
    assert len(mail["Subject"]) <= 200


def test_a_long_subject_is_cut_at_200_characters() -> None:
    assert clean_subject("督" * 5000) == "督" * 199 + "…"
    assert clean_subject("督" * 200) == "督" * 200


def test_a_delivery_id_cannot_leave_its_header() -> None:
    with pytest.raises(MessageRefused):
        sender().compose(message(delivery_id="d-1>\r\nBcc: e@x"))


def test_a_password_is_never_sent_over_an_open_line() -> None:
    with pytest.raises(ValueError, match="starttls or tls"):
        sender(username="duban", password="right")
    with pytest.raises(ValueError, match="together"):
        sender(security="tls", username="duban")


@pytest.mark.enable_socket
async def test_an_accepted_message_is_delivered_as_composed(inbox: Inbox) -> None:
    async with smtp_server(inbox) as port:
        result = await sender(port).send(message(to="wang@督办.cn"))
    assert (result.outcome, result.status) == ("delivered", 250)
    (envelope,) = inbox.envelopes
    assert envelope.mail_from == "duban@city.example.org"
    assert envelope.rcpt_tos == ["wang@xn--wfrp96f.cn"]
    assert isinstance(envelope.content, bytes)
    assert read(envelope.content)["Subject"] == message().subject


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("recipient_reply", "data_reply", "outcome", "status"),
    [
        ("550 no such user", "250 OK", "refused", 550),
        ("451 greylisted", "250 OK", "retry", 451),
        ("250 OK", "554 spam", "refused", 554),
        ("250 OK", "452 disk full", "retry", 452),
    ],
)
async def test_5xx_is_final_and_4xx_is_tried_again(
    inbox: Inbox, recipient_reply: str, data_reply: str, outcome: str, status: int
) -> None:
    inbox.recipient_reply, inbox.data_reply = recipient_reply, data_reply
    async with smtp_server(inbox) as port:
        result = await sender(port).send(message())
    assert (result.outcome, result.status) == (outcome, status)
    assert str(status) in result.detail


@pytest.mark.enable_socket
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_an_encrypted_line_carries_name_and_password(
    inbox: Inbox, security: Security
) -> None:
    options: dict[str, Any] = {"authenticator": inbox.authenticate}
    if security == "tls":
        options |= {"tls": server_tls(), "auth_require_tls": False}
    else:
        options |= {"tls_context": server_tls(), "auth_required": True}
    async with smtp_server(inbox, **options) as port:
        using = sender(port, security, username="duban", password="right", tls=trusting())
        result = await using.send(message())
    assert (result.outcome, result.detail) == ("delivered", "")
    assert inbox.users == [b"duban"]


@pytest.mark.enable_socket
async def test_a_wrong_password_is_the_operators_to_mend_and_loses_no_mail(inbox: Inbox) -> None:
    async with smtp_server(
        inbox, tls_context=server_tls(), authenticator=inbox.authenticate
    ) as port:
        using = sender(port, "starttls", username="duban", password="wrong", tls=trusting())
        result = await using.send(message())
    assert (result.outcome, result.reason, result.status) == ("retry", "smtp_not_ready", 535)


@pytest.mark.enable_socket
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_an_unknown_certificate_gets_no_mail(inbox: Inbox, security: Security) -> None:
    options = {"tls" if security == "tls" else "tls_context": server_tls()}
    async with smtp_server(inbox, **options) as port:
        result = await sender(port, security).send(message())
    assert (result.outcome, result.reason) == ("retry", "tls_failed")
    assert inbox.envelopes == []


@pytest.mark.enable_socket
async def test_a_server_without_starttls_gets_no_mail_when_it_is_required(inbox: Inbox) -> None:
    async with smtp_server(inbox) as port:
        result = await sender(port, "starttls").send(message())
    assert (result.outcome, inbox.envelopes) == ("retry", [])


@pytest.mark.enable_socket
async def test_nobody_listening_is_tried_again(inbox: Inbox) -> None:
    async with smtp_server(inbox) as port:
        pass
    result = await sender(port).send(message())
    assert (result.outcome, result.reason) == ("retry", "connection_failed")


@pytest.mark.enable_socket
async def test_a_silent_server_runs_into_the_time_limit() -> None:
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    using = sender(server.sockets[0].getsockname()[1], timeout=timedelta(seconds=0.2))
    result = await using.send(message())
    assert (result.outcome, result.reason) == ("retry", "timeout")
    await asyncio.wait_for(hung_up.wait(), 5)
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("change", [{"to": "b@x>\r\nDATA"}, {"delivery_id": "a b"}])
async def test_what_cannot_be_written_safely_is_refused_for_good(change: dict[str, str]) -> None:
    assert (await sender().send(message(**change))).outcome == "refused"


def test_all_mails_of_a_thread_name_its_root_and_a_mail_alone_names_none() -> None:
    first, second = (
        read(sender().compose(message(delivery_id=name, thread="alert-" + "7" * 60)))
        for name in ("d-1", "d-2")
    )
    assert first["message-id"] != second["message-id"]
    for mail in (first, second):
        assert mail["references"] == mail["in-reply-to"]
        assert mail["references"] == f"<alert-{'7' * 60}@city.example.org>"
    alone = read(sender().compose(message()))
    assert (alone["references"], alone["in-reply-to"]) == (None, None)


def test_a_long_place_to_unsubscribe_comes_out_in_one_piece_with_its_one_click() -> None:
    where = "https://duban.example.org/unsubscribe/" + "a" * 300
    mail = read(sender().compose(message(unsubscribe=where)))
    assert mail["list-unsubscribe"] == f"<{where}>"
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert read(sender().compose(message()))["list-unsubscribe"] is None


@pytest.mark.parametrize(
    "hostile",
    [
        {"thread": "a>\r\nBcc: e@x"},
        {"thread": "a b"},
        {"unsubscribe": "https://a.example/>\r\nBcc: <e@x"},
        {"unsubscribe": "javascript:alert(1)"},
        {"unsubscribe": "https://a.example/ä"},
        {"unsubscribe": "https://a.example/" + "a" * 2000},
    ],
)
async def test_what_could_break_out_of_these_headers_is_not_sent(hostile: dict[str, str]) -> None:
    result = await sender().send(message(**hostile))
    assert (result.outcome, result.status) == ("refused", None)

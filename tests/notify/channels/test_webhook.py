import asyncio
import base64
import gzip
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from notify.channels import DeliveryResult
from notify.channels.call import Caller, retry_after
from notify.channels.guard import AllowedTarget, TargetGuard
from notify.channels.webhook import (
    SecretRefused,
    WebhookSender,
    new_secret,
    secret_key,
    signed_headers,
)

CERTIFICATE = Path(__file__).parent / "certificate.pem"
"""Key and self-signed certificate of hooks.example.org and localhost, for these tests alone."""

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    port: int = 0
    answer: bytes | Answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)
    """The names asked for in TLS."""
    talks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def says(self, status: str, *headers: str, body: bytes = b"") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.answer = "\r\n".join(lines).encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = asyncio.current_task()
        assert talk is not None
        self.talks.add(talk)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.rstrip().split("\r\n")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append(Received(line, headers, body))
            if isinstance(self.answer, bytes):
                writer.write(self.answer)
                await writer.drain()
            else:
                await self.answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the caller hung up, which some tests are about
        finally:
            writer.close()


def _server_context(receiver: Receiver) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def remember(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        receiver.names.append(name)

    context.sni_callback = remember
    return context


async def _run(receiver: Receiver, tls: ssl.SSLContext | None) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()
    for talk in receiver.talks:
        talk.cancel()
    await asyncio.gather(*receiver.talks, return_exceptions=True)
    await server.wait_closed()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async for one in _run(Receiver(), None):
        yield one


@pytest.fixture
async def tls_receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    async for running in _run(one, _server_context(one)):
        yield running


SECRET = new_secret(b"an old secret, 24 bytes!")
NEXT_SECRET = new_secret(b"a new secret of 24 bytes")
BODY = json.dumps({"type": "alert.raised"}).encode()
NOON = datetime(2022, 5, 10, 12, 0, tzinfo=UTC)


def sender_to(
    *ports: int,
    answers: Sequence[str] = ("127.0.0.1",),
    tls: ssl.SSLContext | None = None,
    timeout: float = 5,
) -> WebhookSender:
    """A sender for which any name is this machine, where only these ports are listed."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return answers

    allow = [AllowedTarget.parse(f"127.0.0.0/8:{port}") for port in ports]
    caller = Caller(
        guard=TargetGuard(allow=allow, resolve=resolve),
        tls=tls,
        timeout=timedelta(seconds=timeout),
        connect_timeout=timedelta(seconds=timeout),
    )
    return WebhookSender(caller=caller)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


async def deliver(
    sender: WebhookSender, url: str, secrets: Sequence[str] = (SECRET,), now: datetime | None = None
) -> DeliveryResult:
    return await sender.send(
        url=url, secrets=secrets, message_id="msg_1", body=BODY, now=now or datetime.now(UTC)
    )


def test_a_published_signature_is_reproduced() -> None:
    headers = signed_headers(
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_reads_back_as_its_bytes() -> None:
    assert secret_key(new_secret(bytes(range(32)))) == bytes(range(32))


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_secret_is_made_of_24_to_64_bytes(size: int) -> None:
    with pytest.raises(SecretRefused, match="24 to 64"):
        new_secret(bytes(size))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_!!!!",
        "whsec_c2hvcnQ=",
        "c" * 32,
        "whsec_" + "督" * 40,
        base64.b64encode(bytes(32)).decode(),
    ],
)
async def test_what_is_no_secret_refuses_the_delivery(secret: str) -> None:
    result = await deliver(sender_to(), "https://hooks.example.org/", [secret])
    assert (result.outcome, result.reason) == ("refused", "bad_secret")


async def test_an_endpoint_without_a_secret_gets_nothing() -> None:
    assert (await deliver(sender_to(), "https://hooks.example.org/", [])).reason == "bad_secret"


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta()),
        ("1000000000", timedelta(hours=24)),
        ("9" * 5000, timedelta(hours=24)),
        ("Tue, 10 May 2022 12:05:00 GMT", timedelta(minutes=5)),
        ("Tue, 10 May 2022 11:00:00 GMT", timedelta()),
        ("Tue, 10 May 2122 11:00:00 GMT", timedelta(hours=24)),
        ("Tue, 10 May 2022 12:05:00 -0000", timedelta(minutes=5)),
        ("1e9", None),
        ("-5", None),
        ("１２", None),
        ("garbage", None),
        ("Tue, 99 Foo 2022 11:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(
    header: str | None, wait: timedelta | None
) -> None:
    assert retry_after(header, NOON) == wait


@given(st.text())
def test_no_retry_after_header_breaks_the_sender(header: str) -> None:
    wait = retry_after(header, NOON)
    assert wait is None or timedelta() <= wait <= timedelta(hours=24)


@pytest.mark.enable_socket
async def test_what_is_sent_verifies_with_the_reference_library(receiver: Receiver) -> None:
    result = await deliver(sender_to(receiver.port), receiver.url)
    assert (result.outcome, result.status) == ("delivered", 204)
    (got,) = receiver.received
    assert got.line == "POST /hook HTTP/1.1"
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["content-type"] == "application/json"
    assert Webhook(SECRET).verify(got.body, got.headers) == {"type": "alert.raised"}


@pytest.mark.enable_socket
async def test_while_a_secret_is_rotated_old_and_new_both_verify(receiver: Receiver) -> None:
    await deliver(sender_to(receiver.port), receiver.url, [NEXT_SECRET, SECRET])
    (got,) = receiver.received
    for secret in (SECRET, NEXT_SECRET):
        assert Webhook(secret).verify(got.body, got.headers) == {"type": "alert.raised"}


@pytest.mark.enable_socket
async def test_the_checked_address_is_called_under_the_name_of_the_url(receiver: Receiver) -> None:
    url = f"http://no-such-host.example.org:{receiver.port}/a?b=c"
    assert (await deliver(sender_to(receiver.port), url)).outcome == "delivered"
    (got,) = receiver.received
    assert got.headers["host"] == f"no-such-host.example.org:{receiver.port}"
    assert got.line == "POST /a?b=c HTTP/1.1"


@pytest.mark.enable_socket
async def test_a_certificate_is_verified_for_the_name_of_the_url(tls_receiver: Receiver) -> None:
    sender = sender_to(tls_receiver.port, tls=trusting())
    good = await deliver(sender, f"https://hooks.example.org:{tls_receiver.port}/hook")
    assert good.outcome == "delivered"
    assert tls_receiver.names == ["hooks.example.org"]
    other = await deliver(sender, f"https://other.example.org:{tls_receiver.port}/hook")
    assert (other.outcome, other.reason) == ("retry", "tls_failed")
    assert len(tls_receiver.received) == 1


@pytest.mark.enable_socket
async def test_an_unknown_certificate_is_a_failure(tls_receiver: Receiver) -> None:
    url = f"https://hooks.example.org:{tls_receiver.port}/hook"
    result = await deliver(sender_to(tls_receiver.port), url)
    assert (result.outcome, result.reason) == ("retry", "tls_failed")
    assert tls_receiver.received == []


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "answers", [("10.0.0.1",), ("93.184.215.14", "127.0.0.1"), ("169.254.169.254",)]
)
async def test_a_name_that_turned_to_a_forbidden_address_gets_no_connection(
    receiver: Receiver, answers: Sequence[str]
) -> None:
    sender = sender_to(receiver.port + 1, answers=answers)
    result = await deliver(sender, f"http://rebinding.example.org:{receiver.port}/")
    assert result.outcome == "refused"
    assert receiver.connections == 0


@pytest.mark.enable_socket
async def test_an_unlisted_port_of_a_listed_machine_gets_no_connection(receiver: Receiver) -> None:
    result = await deliver(sender_to(receiver.port + 1), receiver.url)
    assert (result.outcome, result.reason) == ("refused", "not_public")
    assert "NOTIFY_ALLOW_TARGETS" in result.detail
    assert receiver.connections == 0


@pytest.mark.enable_socket
async def test_the_next_checked_address_is_tried_when_one_takes_no_connection(
    receiver: Receiver,
) -> None:
    sender = sender_to(receiver.port, answers=("127.0.0.2", "127.0.0.1"))
    result = await deliver(sender, f"http://hooks.example.org:{receiver.port}/")
    assert result.outcome == "delivered"


@pytest.mark.enable_socket
async def test_a_redirect_is_a_failure_and_is_not_followed(receiver: Receiver) -> None:
    receiver.says("302 Found", f"Location: {receiver.url}/elsewhere")
    result = await deliver(sender_to(receiver.port), receiver.url)
    assert (result.outcome, result.reason, result.status) == ("retry", "redirected", 302)
    assert "final URL" in result.detail
    assert len(receiver.received) == 1


@pytest.mark.enable_socket
async def test_a_proxy_in_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert (await deliver(sender_to(receiver.port), receiver.url)).outcome == "delivered"


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200 OK", "delivered"),
        ("202 Accepted", "delivered"),
        ("410 Gone", "gone"),
        ("400 Bad Request", "retry"),
        ("404 Not Found", "retry"),
        ("304 Not Modified", "retry"),
        ("429 Too Many Requests", "retry"),
        ("500 Oops", "retry"),
        ("503 Busy", "retry"),
    ],
)
async def test_a_status_decides_what_comes_next(
    receiver: Receiver, status: str, outcome: str
) -> None:
    receiver.says(status)
    result = await deliver(sender_to(receiver.port), receiver.url)
    assert (result.outcome, result.status) == (outcome, int(status[:3]))


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("asked", "wait"),
    [("90", timedelta(seconds=90)), ("1000000000", timedelta(hours=24)), ("1e9", None)],
)
async def test_the_receivers_wish_for_a_pause_is_passed_on(
    receiver: Receiver, asked: str, wait: timedelta | None
) -> None:
    receiver.says("429 Too Many Requests", f"Retry-After: {asked}")
    assert (await deliver(sender_to(receiver.port), receiver.url)).retry_after == wait


@pytest.mark.enable_socket
async def test_an_endless_reply_is_cut_off(receiver: Receiver) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    receiver.answer = endless
    result = await deliver(sender_to(receiver.port), receiver.url)
    assert (result.outcome, result.status) == ("delivered", 200)
    assert sent < 64 * 1024 * 1024


@pytest.mark.enable_socket
async def test_a_packed_reply_is_not_unpacked(receiver: Receiver) -> None:
    receiver.says("200 OK", "Content-Encoding: gzip", body=gzip.compress(bytes(50_000_000)))
    sender = sender_to(receiver.port)
    tracemalloc.start()
    result = await deliver(sender, receiver.url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.outcome == "delivered"
    assert peak < 10_000_000
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.enable_socket
async def test_a_reply_that_trickles_does_not_hold_the_sender_nor_undo_its_status(
    receiver: Receiver,
) -> None:
    hung_up = asyncio.Event()

    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        finally:
            hung_up.set()

    receiver.answer = trickle
    result = await deliver(sender_to(receiver.port, timeout=1), receiver.url)
    assert (result.outcome, result.status) == ("delivered", 200)
    await asyncio.wait_for(hung_up.wait(), 5)


@pytest.mark.enable_socket
async def test_headers_that_trickle_run_into_the_time_limit(receiver: Receiver) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    receiver.answer = trickle
    result = await deliver(sender_to(receiver.port, timeout=0.5), receiver.url)
    assert (result.outcome, result.reason) == ("retry", "timeout")


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 999999 ?\r\n\r\n",
    ],
    ids=["nothing", "garbage", "huge headers", "no status"],
)
async def test_what_is_no_answer_is_tried_again(receiver: Receiver, answer: bytes) -> None:
    receiver.answer = answer
    result = await deliver(sender_to(receiver.port), receiver.url)
    assert (result.outcome, result.reason) == ("retry", "connection_failed")


@pytest.mark.enable_socket
async def test_nobody_listening_is_tried_again(receiver: Receiver) -> None:
    sender = sender_to(receiver.port, answers=("127.0.0.2",))
    result = await deliver(sender, f"http://hooks.example.org:{receiver.port}/")
    assert (result.outcome, result.reason) == ("retry", "connection_failed")


async def test_a_look_up_that_fails_or_breaks_is_tried_again() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def broken(_host: str, _port: int) -> Sequence[str]:
        raise RuntimeError("resolver broke")

    for resolve, reason in ((unknown, "unresolved"), (broken, "unexpected")):
        sender = WebhookSender(caller=Caller(guard=TargetGuard(resolve=resolve)))
        result = await deliver(sender, "https://hooks.example.org/")
        assert (result.outcome, result.reason) == ("retry", reason)


async def test_a_look_up_that_hangs_runs_into_the_time_limit() -> None:
    async def hangs(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    guard = TargetGuard(resolve=hangs)
    sender = WebhookSender(caller=Caller(guard=guard, timeout=timedelta(seconds=0.1)))
    result = await deliver(sender, "https://hooks.example.org/")
    assert (result.outcome, result.reason) == ("retry", "timeout")

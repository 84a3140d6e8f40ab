"""Webhooks as Standard Webhooks describes them: an id, a timestamp, a signature, at least once.

A call goes to the address the guard checked, keeps no connection (so no other name can ride on
it), follows no redirect, reads no proxy setting, and is bounded in time and in what it reads.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv6Address
from typing import Final

import httpx

from notify.channels import DeliveryResult, Refused, is_about_tls
from notify.channels.addresses import Address
from notify.channels.guard import Pinned, Target, TargetGuard, TargetRefused, TargetUnresolved

LONGEST_WAIT: Final = timedelta(hours=24)
"""No receiver's Retry-After holds a delivery back for longer."""

_PREFIX: Final = "whsec_"
_LEAST_SECRET, _MOST_SECRET = 24, 64
_MOST_REPLY_BYTES: Final = 64 * 1024
_MOST_READING: Final = 2.0
"""Seconds, after the status has arrived."""
_MOST_ADDRESSES: Final = 4
_SECONDS: Final = re.compile(r"[0-9]+", re.ASCII)
_GONE: Final = 410


class SecretRefused(Refused):
    """This is no signing secret: make one with `new_secret`."""


def new_secret(random_bytes: bytes) -> str:
    """The text of a signing secret, `whsec_` and base64, from 24 to 64 random bytes."""
    if not _LEAST_SECRET <= len(random_bytes) <= _MOST_SECRET:
        raise SecretRefused("bad_secret", f"give {_LEAST_SECRET} to {_MOST_SECRET} random bytes")
    return _PREFIX + base64.b64encode(random_bytes).decode("ascii")


def secret_key(secret: str) -> bytes:
    """The key inside a secret's text.

    Raises:
        SecretRefused: not `whsec_` and the base64 of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _LEAST_SECRET <= len(key) <= _MOST_SECRET:
        raise SecretRefused(
            "bad_secret",
            f"a secret is written {_PREFIX} and the base64 of {_LEAST_SECRET} to {_MOST_SECRET} "
            "random bytes",
        )
    return key


def signed_headers(
    *, secrets: Sequence[str], message_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The three headers of Standard Webhooks; while a secret is rotated both signatures stand.

    Raises:
        SecretRefused: no secret, or one that is none.
    """
    if not secrets:
        raise SecretRefused("bad_secret", "an endpoint needs at least one secret")
    timestamp = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    marks = (hmac.new(secret_key(one), content, hashlib.sha256).digest() for one in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            "v1," + base64.b64encode(mark).decode("ascii") for mark in marks
        ),
    }


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The wait a Retry-After header asks for, at most 24 hours; None when it makes no sense."""
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        many = len(header.strip()) > len("86400")
        return LONGEST_WAIT if many else min(timedelta(seconds=int(header)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta()), LONGEST_WAIT)


class WebhookSender:
    """Posts signed JSON to endpoints; `timeout` bounds a call from look-up to status.

    `tls` is the context that verifies receivers, by default with the certificates of the system.
    """

    def __init__(
        self,
        *,
        guard: TargetGuard,
        timeout: timedelta = timedelta(seconds=15),
        connect_timeout: timedelta = timedelta(seconds=5),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._timeout = timeout.total_seconds()
        self._connect_timeout = connect_timeout.total_seconds()
        self._tls = ssl.create_default_context() if tls is None else tls

    async def send(
        self, *, url: str, secrets: Sequence[str], message_id: str, body: bytes, now: datetime
    ) -> DeliveryResult:
        """One attempt. `message_id` stays the same on every attempt; `now` is the wall clock."""
        try:
            headers = signed_headers(secrets=secrets, message_id=message_id, body=body, now=now)
            async with self._client() as client:
                async with asyncio.timeout(self._timeout):
                    pinned = await self._guard.resolve(self._guard.check_url(url))
                    reply = await self._post(client, pinned, headers, body)
                result = _judge(reply, now)
                await _read_a_little(reply)
                return result
        except (TargetRefused, SecretRefused) as refused:
            return DeliveryResult(outcome="refused", reason=refused.code, detail=str(refused))
        except TargetUnresolved as error:
            return DeliveryResult(outcome="retry", reason="unresolved", detail=str(error))
        except (TimeoutError, httpx.TimeoutException):
            detail = f"no answer within {self._timeout:g} s"
            return DeliveryResult(outcome="retry", reason="timeout", detail=detail)
        except Exception as error:  # noqa: BLE001  # a delivery ends in a result, whatever happened
            return DeliveryResult(
                outcome="retry", reason=_failure(error), detail=str(error) or type(error).__name__
            )

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._timeout, connect=self._connect_timeout),
        )

    async def _post(
        self, client: httpx.AsyncClient, pinned: Pinned, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        """The first checked address that takes the connection gets the message."""
        *others, last = pinned.addresses[:_MOST_ADDRESSES]
        for address in others:
            try:
                return await client.send(
                    _request(pinned.target, address, headers, body), stream=True
                )
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await client.send(_request(pinned.target, last, headers, body), stream=True)


def _request(
    target: Target, address: Address, headers: dict[str, str], body: bytes
) -> httpx.Request:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return httpx.Request(
        "POST",
        f"{target.scheme}://{host}:{target.port}{target.path}",
        content=body,
        headers={
            **headers,
            "host": target.authority,
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "Duban",
        },
        # The certificate must be the name's, not the address's.
        extensions={"sni_hostname": target.host},
    )


def _judge(reply: httpx.Response, now: datetime) -> DeliveryResult:
    """2xx is delivered, 410 gone; everything else, redirects too, is tried again."""
    status = reply.status_code
    if reply.is_success:
        return DeliveryResult(outcome="delivered", reason="accepted", status=status)
    if status == _GONE:
        detail = "the receiver answered 410: it wants no more messages"
        return DeliveryResult(outcome="gone", reason="gone", status=status, detail=detail)
    wait = retry_after(reply.headers.get("retry-after"), now)
    if reply.is_redirect or reply.has_redirect_location:
        detail = f"the receiver answered {status}: redirects are not followed, set the final URL"
        return DeliveryResult(
            outcome="retry", reason="redirected", status=status, detail=detail, retry_after=wait
        )
    detail = f"the receiver answered {status}"
    return DeliveryResult(
        outcome="retry", reason="status", status=status, detail=detail, retry_after=wait
    )


async def _read_a_little(reply: httpx.Response) -> None:
    """Lets a receiver finish its sentence, undecoded and bounded; the status has said it all."""
    seen = 0
    try:
        async with asyncio.timeout(_MOST_READING):
            async for part in reply.aiter_raw():
                seen += len(part)
                if seen > _MOST_REPLY_BYTES:
                    break
            await reply.aclose()
    except (TimeoutError, httpx.HTTPError, httpx.StreamError):
        return


def _failure(error: Exception) -> str:
    if is_about_tls(error):
        return "tls_failed"
    return "connection_failed" if isinstance(error, httpx.TransportError) else "unexpected"

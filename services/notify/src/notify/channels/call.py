"""One HTTP call to a receiver: guarded, pinned, bounded; every channel that posts goes this way.

A call goes to the address the guard checked, keeps no connection (so no other name can ride on
it), follows no redirect, reads no proxy setting, and is bounded in time and in what it reads.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv6Address
from typing import Final

import httpx

from notify.channels import DeliveryResult, Refused, is_about_tls
from notify.channels.addresses import Address
from notify.channels.guard import Pinned, Target, TargetGuard, TargetUnresolved

LONGEST_WAIT: Final = timedelta(hours=24)
"""No receiver's Retry-After holds a delivery back for longer."""

_MOST_REPLY_BYTES: Final = 64 * 1024
_MOST_READING: Final = 2.0
"""Seconds, after the status has arrived."""
_MOST_ADDRESSES: Final = 4
_SECONDS: Final = re.compile(r"[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a receiver answered; `body` is the beginning of it, undecoded, at most 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: bool

    @property
    def is_success(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300  # noqa: PLR2004  # what HTTP calls success


Judge = Callable[[Reply], DeliveryResult]


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


class Caller:
    """Posts bytes to receivers; `timeout` bounds a call from look-up to status.

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

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], judge: Judge
    ) -> DeliveryResult:
        """One attempt; `judge` reads the reply."""
        try:
            async with self._client() as client:
                async with asyncio.timeout(self._timeout):
                    pinned = await self._guard.resolve(self._guard.check_url(url))
                    reply = await self._send(client, pinned, headers, body)
                return judge(await _read(reply))
        except Refused as refused:
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

    async def _send(
        self, client: httpx.AsyncClient, pinned: Pinned, headers: Mapping[str, str], body: bytes
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
    target: Target, address: Address, headers: Mapping[str, str], body: bytes
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


async def _read(reply: httpx.Response) -> Reply:
    """Lets a receiver finish its sentence, undecoded and bounded; the status is known by now."""
    body = b""
    try:
        async with asyncio.timeout(_MOST_READING):
            async for part in reply.aiter_raw():
                body += part
                if len(body) > _MOST_REPLY_BYTES:
                    break
            await reply.aclose()
    except (TimeoutError, httpx.HTTPError, httpx.StreamError):
        pass  # what came of it counts
    return Reply(
        status=reply.status_code,
        headers=reply.headers,
        body=body[:_MOST_REPLY_BYTES],
        redirects=reply.is_redirect or reply.has_redirect_location,
    )


def _failure(error: Exception) -> str:
    if is_about_tls(error):
        return "tls_failed"
    return "connection_failed" if isinstance(error, httpx.TransportError) else "unexpected"

"""Webhooks as Standard Webhooks describes them: an id, a timestamp, a signature, at least once."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from notify.channels import DeliveryResult, Refused
from notify.channels.call import Caller, Reply, retry_after

_PREFIX: Final = "whsec_"
_LEAST_SECRET, _MOST_SECRET = 24, 64
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


class WebhookSender:
    """Posts signed JSON to endpoints."""

    def __init__(self, *, caller: Caller) -> None:
        self._caller = caller

    async def send(
        self, *, url: str, secrets: Sequence[str], message_id: str, body: bytes, now: datetime
    ) -> DeliveryResult:
        """One attempt. `message_id` stays the same on every attempt; `now` is the wall clock."""
        try:
            headers = signed_headers(secrets=secrets, message_id=message_id, body=body, now=now)
        except SecretRefused as refused:
            return DeliveryResult(outcome="refused", reason=refused.code, detail=str(refused))
        return await self._caller.post(
            url, body, headers=headers, judge=lambda reply: _judge(reply, now)
        )


def _judge(reply: Reply, now: datetime) -> DeliveryResult:
    """2xx is delivered, 410 gone; everything else, redirects too, is tried again."""
    status = reply.status
    if reply.is_success:
        return DeliveryResult(outcome="delivered", reason="accepted", status=status)
    if status == _GONE:
        detail = "the receiver answered 410: it wants no more messages"
        return DeliveryResult(outcome="gone", reason="gone", status=status, detail=detail)
    wait = retry_after(reply.headers.get("retry-after"), now)
    if reply.redirects:
        detail = f"the receiver answered {status}: redirects are not followed, set the final URL"
        return DeliveryResult(
            outcome="retry", reason="redirected", status=status, detail=detail, retry_after=wait
        )
    detail = f"the receiver answered {status}"
    return DeliveryResult(
        outcome="retry", reason="status", status=status, detail=detail, retry_after=wait
    )

"""What every channel shares: how a delivery ended, how a refusal speaks, what a host name is."""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import idna

Outcome = Literal["delivered", "retry", "gone", "refused"]
"""delivered: done; retry: try again later; gone: switch the endpoint off; refused: never retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """How one attempt ended; every channel answers with one of these and raises nothing.

    `status` is the peer's code (HTTP or SMTP) where it gave one, `reason` a stable code to store
    and count, `detail` a sentence for a person, `retry_after` the wait the receiver asked for.
    """

    outcome: Outcome
    reason: str
    detail: str = ""
    status: int | None = None
    retry_after: timedelta | None = None


class Refused(ValueError):  # noqa: N818  # says what happened to the input
    """What was given cannot be used; show the message, it tells the mend, and keep the code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def ascii_host(name: str) -> str:
    """A host name as the network writes it: lower case, punycode, no final dot.

    Raises:
        ValueError: not a host name (empty, over-long or ill-formed labels).
    """
    try:
        return idna.encode(name.lower().removesuffix("."), uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{name[:80]!r} is not a host name ({error})") from error


def is_about_tls(error: BaseException) -> bool:
    """The failure began in TLS: an unknown or expired certificate, or one of another name."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None

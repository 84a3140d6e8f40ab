"""Where a webhook may go: public addresses, and what an operator listed; never the machine's own.

Checked when an endpoint is saved and again at every delivery, on the very address that is then
connected to, so that a name cannot point elsewhere in between.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import quote, urlsplit

from notify.channels import Refused, ascii_host
from notify.channels.addresses import (
    OTHER_PROTOCOLS,
    Address,
    Network,
    is_never_a_target,
    is_public,
)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host name for a port, best first; raises OSError when there are none."""


_MOST_CHARACTERS: Final = 2048
_MOST_PORT: Final = 65535
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_NUMBER_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_USUAL_PORT: Final = {"http": 80, "https": 443}


class TargetRefused(Refused):
    """This URL gets no delivery: show the message to whoever set it; do not retry."""


class TargetUnresolved(Exception):  # noqa: N818  # says what happened, as the refusal does
    """The host's name has no address just now: try again later."""


def _port(text: str) -> int:
    port = int(text) if _PORT.fullmatch(text) else 0
    if not 1 <= port <= _MOST_PORT:
        raise TargetRefused("bad_port", f"{text[:20]!r} is not a port: write 1 to {_MOST_PORT}")
    return port


@dataclass(frozen=True, slots=True)
class AllowedTarget:
    """A network that an operator opened to webhooks, on one port or (None) on the usual ones."""

    network: Network
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "AllowedTarget":
        """Read `127.0.0.1/32:8099`, `10.0.0.0/8`, `[fd00::]/8:443`, `fd00::/8` or an address.

        Raises:
            ValueError: it is none of these; the message tells the form.
        """
        whole = re.fullmatch(
            r"(?:\[([0-9a-fA-F:.]+)\](/[0-9]{1,3})?|([0-9.]+(?:/[0-9]{1,2})?))(?::([0-9]+))?",
            text.strip(),
            re.ASCII,
        )
        try:
            if whole is None:
                return cls(ip_network(text.strip()))
            six, mask, four, port = whole.groups()
            network = IPv6Network(f"{six}{mask or ''}") if six else IPv4Network(four)
            return cls(network, None if port is None else _port(port))
        except ValueError as error:
            raise ValueError(
                f"{text!r} is not a target to allow ({error}): write CIDR or CIDR:port, such as "
                "10.1.0.0/16, 127.0.0.1/32:8099 or [fd00::]/8:443"
            ) from error

    def covers(self, address: Address, port: int) -> bool:
        """It lists this address, on this port or on any port that speaks HTTP."""
        fits = port not in OTHER_PROTOCOLS if self.port is None else port == self.port
        return fits and address in self.network


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed: host in punycode without a final dot, path with its query."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None
    """The host, when it is an address and not a name."""

    @property
    def authority(self) -> str:
        """The Host header: the host, and its port unless it is the scheme's own."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _USUAL_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL as it is used; a name that imitates another shows in punycode."""
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A target and the checked addresses to connect to, best first; nothing else may be used."""

    target: Target
    addresses: tuple[Address, ...]


async def _getaddrinfo(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _host(text: str) -> tuple[str, Address | None]:
    """The host of a URL, and its address when it is one; odd spellings of addresses are refused."""
    if text.startswith("["):
        try:
            address = IPv6Address(text.removeprefix("[").removesuffix("]"))
        except ValueError as error:
            raise TargetRefused("bad_host", f"{text[:80]!r} is not an IPv6 address") from error
        if address.scope_id is not None:
            raise TargetRefused("odd_address", "write the address without a zone (%…)")
        return str(address), address
    try:
        host = ascii_host(text)
    except ValueError as error:
        raise TargetRefused("bad_host", f"{error}: write one such as hooks.example.org") from error
    if not _NUMBER_LABEL.fullmatch(host.rpartition(".")[2]):
        return host, None
    try:
        four = IPv4Address(text)
    except ValueError as error:
        raise TargetRefused(
            "odd_address", f"{text[:80]!r} is an odd spelling of an address: write it as 192.0.2.1"
        ) from error
    return str(four), four


def _parse(url: str) -> Target:
    if len(url) > _MOST_CHARACTERS or not url.isprintable() or {" ", "\\"} & set(url):
        raise TargetRefused(
            "bad_url", f"write the URL in at most {_MOST_CHARACTERS} characters, without spaces"
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise TargetRefused("bad_url", f"this is not a URL ({error})") from error
    if parts.scheme not in _USUAL_PORT:
        raise TargetRefused("bad_scheme", "a webhook goes to an https:// or http:// URL")
    if "@" in parts.netloc:
        raise TargetRefused(
            "credentials_in_url",
            "remove the user and password from the URL: the signature tells who is calling",
        )
    if parts.fragment:
        raise TargetRefused("bad_url", "remove the part from # on: it is never sent")
    name, colon, port = parts.netloc.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = parts.netloc, str(_USUAL_PORT[parts.scheme])
    host, address = _host(name)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=?")
    return Target(parts.scheme, host, _port(port), f"{path}?{query}" if query else path, address)


class TargetGuard:
    """Judges webhook targets; `public_url` is the product's own address, which it never calls."""

    def __init__(
        self,
        *,
        allow: Sequence[AllowedTarget] = (),
        public_url: str | None = None,
        resolve: Resolver = _getaddrinfo,
    ) -> None:
        self._allow = tuple(allow)
        self._own = None if public_url is None else _parse(public_url)
        self._resolve = resolve

    def check_url(self, url: str) -> Target:
        """What can be judged without a look-up; follow it with `resolve`, which judges a name.

        Raises:
            TargetRefused: with its code and the mend.
        """
        target = _parse(url)
        if self._own and target.host == self._own.host and not self._is_beside_us(target):
            raise TargetRefused("own_host", "this is Duban's own host (PUBLIC_URL): name another")
        if all(one.port != target.port for one in self._allow):
            self._check_port(target, "its address")
        if target.address is not None:
            self._check_address(target.address, target)
        elif target.host == "localhost" or target.host.endswith(".localhost"):
            self._check_address(IPv4Address("127.0.0.1"), target)
        return target

    async def resolve(self, target: Target) -> Pinned:
        """The addresses to connect to; every answer must be acceptable, one bad one refuses all.

        Raises:
            TargetRefused: an address is refused.
            TargetUnresolved: the name has no address just now.
        """
        if target.address is not None:
            self._check_address(target.address, target)
            return Pinned(target, (target.address,))
        try:
            answers = await self._resolve(target.host, target.port)
        except OSError as error:
            raise TargetUnresolved(f"{target.host} has no address ({error})") from error
        if not answers:
            raise TargetUnresolved(f"{target.host} has no address")
        addresses = tuple(ip_address(answer) for answer in answers)
        for address in addresses:
            self._check_address(address, target)
        return Pinned(target, addresses)

    def _is_beside_us(self, target: Target) -> bool:
        """Another program on our own address, whose very port an operator listed."""
        return (
            self._own is not None
            and target.port != self._own.port
            and target.address is not None
            and any(one.port and one.covers(target.address, target.port) for one in self._allow)
        )

    def _check_address(self, address: Address, target: Target) -> None:
        meant = f"{target.host} ({address})" if target.address is None else str(address)
        if is_never_a_target(address):
            raise TargetRefused(
                "never_allowed", f"{meant} is a link-local or metadata address: name another target"
            )
        if any(one.covers(address, target.port) for one in self._allow):
            return
        listed = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        if not is_public(address):
            raise TargetRefused(
                "not_public",
                f"{meant} is not a public address: name one that is, or have an operator list "
                f"{listed}:{target.port} in NOTIFY_ALLOW_TARGETS",
            )
        self._check_port(target, listed)

    @staticmethod
    def _check_port(target: Target, listed: str) -> None:
        if target.port in OTHER_PROTOCOLS:
            raise TargetRefused(
                "bad_port",
                f"port {target.port} belongs to another protocol: use 443, or have an operator "
                f"list {listed}:{target.port} in NOTIFY_ALLOW_TARGETS",
            )

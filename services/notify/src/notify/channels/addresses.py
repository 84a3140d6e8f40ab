"""Which addresses and ports of the internet a webhook may reach: tables, and how to read them.

Python's own `is_private` and `is_global` miss the metadata, transition and reserved ranges.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


NEVER: Final = _networks(
    "169.254.0.0/16",  # link-local, and the metadata service of most clouds
    "fe80::/10",  # link-local
    "100.100.100.200/32",  # metadata: Alibaba Cloud
    "168.63.129.16/32",  # metadata: Azure
    "192.0.0.192/32",  # metadata: Oracle Cloud
    "fd00:ec2::254/128",  # metadata: AWS
    "fd20:ce::254/128",  # metadata: Google Cloud
)
"""Link-local and metadata addresses."""

NOT_PUBLIC: Final = _networks(
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # carrier-grade NAT
    "127.0.0.0/8",  # loopback
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments
    "192.0.2.0/24",  # TEST-NET-1
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # TEST-NET-2
    "203.0.113.0/24",  # TEST-NET-3
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
    # Everything outside 2000::/3: loopback, mapped, compatible, NAT64, segment routing (5f00::/16),
    # unique local, site-local, multicast, reserved.
    "::/3",
    "4000::/2",
    "8000::/1",
    # Inside 2000::/3:
    "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3ffe::/16",  # 6bone, returned
    "3fff::/20",  # documentation
)
"""What the internet does not route to one known receiver."""

# fmt: off
OTHER_PROTOCOLS: Final = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
    103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989,
    990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659,
    4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
    9092, 10080, 11211, 27017,
))
# fmt: on
"""The ports browsers refuse for HTTP, and those of common databases, brokers and desktops."""

_LAST_FOUR_BYTES: Final = IPv6Network("::/8")
"""Where formats end in an IPv4 address: mapped, compatible, NAT64."""


def is_public(address: Address) -> bool:
    """The address belongs to one known receiver on the internet."""
    return not any(address in network for network in NOT_PUBLIC)


def is_never_a_target(address: Address) -> bool:
    """The address, or one a gateway would unwrap from it, is link-local or a metadata service."""
    return any(one in network for one in (address, *_embedded(address)) for network in NEVER)


def _embedded(address: Address) -> tuple[Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    inner = [*(address.teredo or ()), *([address.sixtofour] if address.sixtofour else [])]
    if address in _LAST_FOUR_BYTES:
        inner.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return tuple(inner)

"""Which IP addresses are on the public internet, so that a caller cannot make the server call its own neighbours.

Pure. An IPv4 address inside an IPv6 one (mapped, or behind a NAT64) counts as the IPv4 address it leads to.
Source: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and those that update it).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["Address", "address_in", "is_public", "looks_like_an_address"]

Address = IPv4Address | IPv6Address

CLOSED_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' own, and clouds' metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # public by number, but Azure's machines reach their host there
            "169.254.0.0/16",  # link-local, and clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocols' own, and Oracle's metadata
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
GLOBAL_IPV6 = IPv6Network("2000::/3")
"""All that is given out for unicast; loopback, unspecified, unique-local, link-local, site-local, multicast and
discard-only addresses lie outside."""
CLOSED_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols' own: Teredo, benchmarks, ORCHID, anycast
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address inside, by way of whoever relays
            "3fff::/20",  # documentation
        ),
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
LAST_32_BITS = 2**32 - 1


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may be at it, and nobody on this machine, its network or its cloud is."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is None:
            is_given_out = address in GLOBAL_IPV6 and address.scope_id is None
            return is_given_out and not any(address in network for network in CLOSED_IPV6)
        address = inner
    return not any(address in network for network in CLOSED_IPV4)


def address_in(host: str) -> Address | None:
    """The address that a host is, in its usual spelling; None for a name, and for every other spelling."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id is not None else address


def looks_like_an_address(host: str) -> bool:
    """Whether some resolver would read the host as an IPv4 address: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.

    source    WHATWG URL standard, "ends in a number checker"
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or (last.startswith("0x") and all(digit in "0123456789abcdef" for digit in last[2:]))


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & LAST_32_BITS) if address in NAT64 else None

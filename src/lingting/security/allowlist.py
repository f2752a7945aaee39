"""Where a caller is, behind proxies that are declared and no others; and whether callers from there are let in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lingting.domain.errors import SettingsInvalid

__all__ = ["Allowlist", "Network", "is_inside", "plain_address", "read_network", "read_networks"]

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
MAX_HOPS = 32
"""Entries of X-Forwarded-For that are looked at."""
CACHED = 4_096
MAX_ADDRESS_CHARACTERS = 64
PORT_SEPARATORS = 1
"""An IPv4 address with a port has one colon; a bare IPv6 address has at least two."""


@lru_cache(maxsize=CACHED)
def _parse(text: str) -> Address | None:
    """An address as proxies and sockets write it: perhaps with a port, brackets or a zone."""
    text = text.strip().strip('"')
    if not text or len(text) > MAX_ADDRESS_CHARACTERS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == PORT_SEPARATORS:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def plain_address(text: str) -> str:
    """An address in its one usual form, IPv4 where it is; anything else as it came, cut short."""
    address = _parse(text)
    return text[:MAX_ADDRESS_CHARACTERS] if address is None else str(address)


def read_network(text: str) -> Network:
    """A network or a single address.

    raises    ValueError
    """
    network = ip_network(text.strip())
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def read_networks(texts: Iterable[str], *, setting: str) -> tuple[Network, ...]:
    """raises    SettingsInvalid"""
    networks = []
    for text in texts:
        try:
            networks.append(read_network(text))
        except ValueError as problem:
            raise SettingsInvalid(
                f"{setting}: {text[:60]!r} is no network; write 10.0.0.0/8, 192.168.1.7 or 2001:db8::/32", param=setting
            ) from problem
    return tuple(networks)


def is_inside(address: str, networks: Sequence[Network]) -> bool:
    """Whether the address is in one of the networks; what is no address is in none."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


class Allowlist:
    """Finds the client's address, and compares it with the networks that are let in."""

    def __init__(self, networks: Sequence[Network] = (), trusted_proxies: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)
        self._trusted = tuple(trusted_proxies)

    def trusts(self, peer: str) -> bool:
        """Whether what the peer says of its own clients is believed."""
        return bool(self._trusted) and is_inside(peer, self._trusted)

    def client_of(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The nearest address that is no trusted proxy.

        forwarded_for    values of X-Forwarded-For, in order; read from the right, since each proxy appends whom it
                         spoke to, and only what trusted ones wrote is believed
        """
        client = peer
        hops = [hop for value in forwarded_for for hop in value.split(",")]
        for hop in reversed(hops[-MAX_HOPS:]):
            if not self.trusts(client) or _parse(hop) is None:
                break
            client = hop
        return plain_address(client)

    def admits(self, address: str) -> bool:
        return not self._networks or is_inside(address, self._networks)

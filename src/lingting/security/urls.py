"""Which web addresses that callers name may be called from here: the rules, without a network.

Promises: one parse of a URL, whose parts go to the connection as they are; nothing that two parsers could read in two
ways is let through. What a host name leads to is decided in `outbound.py`, when the connection is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import quote, urljoin

import idna

from lingting.domain.errors import SettingsInvalid, UrlNotAllowed
from lingting.security.addresses import Address, address_in, is_public, looks_like_an_address

__all__ = ["OutboundSettings", "UrlGuard", "WebAddress"]

MAX_URL_CHARACTERS = 2_048
MAX_HOST_CHARACTERS = 253
"""Of a name in DNS (RFC 1035)."""
PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
AUTHORITY = re.compile(r"(?:\[([^\[\]@]*)\]|([^:\[\]@]*))(?::([0-9]{1,5}))?")
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\\u0080-\u00a0\u2028\u2029]")
"""Parsers disagree on these: some drop them, some stop at them, some take a backslash for a slash."""
PORT_OF = {"http": 80, "https": 443}
INNER_NAMES = ("localhost", "localdomain", "local", "internal", "home.arpa", "onion", "invalid")
"""Never on the internet. Source: IANA, special-use domain names; ICANN, .internal."""


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """What callers may make the server call."""

    allow_http: bool = False
    """Callbacks without TLS; recordings may be fetched without in any case."""
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    allowed_networks: tuple[str, ...] = ()
    """Networks (CIDR) that are not public and may be called all the same."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that may be called wherever they lead, but for link-local addresses."""
    ca_file: Path | None = None
    """Certificates (PEM) to trust beside the system's."""
    max_redirects: int = 5
    connect_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A URL that was let through, in the parts that a connection needs."""

    scheme: str
    host: str
    """Lower-case ASCII, without brackets and without a dot at the end."""
    port: int
    target: str
    """Path and query, ASCII."""

    @property
    def authority(self) -> str:
        """As in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORT_OF[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


class UrlGuard:
    """Decides about URLs and about the addresses that they lead to.

    raises    SettingsInvalid for rules that cannot be read
    """

    def __init__(self, settings: OutboundSettings) -> None:
        self._settings = settings
        self._networks = tuple(_network(text) for text in settings.allowed_networks)
        self._hosts = frozenset(_configured_host(text) for text in settings.allowed_hosts)
        for port in settings.ports:
            if not 1 <= port <= 65_535:
                raise SettingsInvalid(f"outbound.ports: {port} is no port", param="outbound.ports")

    def check(self, url: str, *, param: str = "url", is_callback: bool = False) -> WebAddress:
        """The URL's parts. Looks nothing up: a name that leads to a private address is refused on connecting.

        param     the request's field, for the message
        raises    UrlNotAllowed
        """
        address = _parsed(url, param)
        if is_callback and address.scheme != "https" and not self._settings.allow_http:
            raise _refused(param, "must begin with https://")
        if address.port not in self._settings.ports:
            accepted = ", ".join(map(str, self._settings.ports))
            raise _refused(param, f"port {address.port} is not called from here; use one of {accepted}")
        if address.host not in self._hosts:
            self._require_outer(address.host, param)
        return address

    def check_redirect(self, before: WebAddress, location: str) -> WebAddress:
        """Where an answer sends the caller on.

        raises    UrlNotAllowed
        """
        if len(location) > MAX_URL_CHARACTERS or AMBIGUOUS.search(location):
            raise _refused("url", "redirects to what is no URL")
        after = self.check(urljoin(before.url, location))
        if before.scheme == "https" and after.scheme != "https":
            raise _refused("url", "redirects from https to http")
        return after

    def may_connect(self, host: str, address: Address) -> bool:
        """Whether a connection for the host may go to the address."""
        if is_public(address) or self.is_open(address):
            return True
        return host in self._hosts and not (address.is_link_local or address.is_multicast or address.is_unspecified)

    def is_open(self, address: Address) -> bool:
        """Whether the operator opened the address's network."""
        return any(address in network for network in self._networks)

    def is_named(self, host: str) -> bool:
        """Whether the operator opened the host."""
        return host in self._hosts

    def _require_outer(self, host: str, param: str) -> None:
        address = address_in(host)
        if address is not None:
            if not self.may_connect(host, address):
                raise _refused(param, "is not a public address")
        elif "." not in host or host.endswith(tuple(f".{name}" for name in INNER_NAMES)):
            raise _refused(param, "is not a public host name")


def _parsed(url: str, param: str) -> WebAddress:
    if len(url) > MAX_URL_CHARACTERS:
        raise _refused(param, f"is longer than {MAX_URL_CHARACTERS} characters")
    parts = None if AMBIGUOUS.search(url) else PARTS.fullmatch(url)
    if parts is None:
        raise _refused(param, "must be one URL that begins with http:// or https://")
    scheme, authority, path, query = parts[1].lower(), parts[2], parts[3], parts[4] or ""
    if "@" in authority:
        raise _refused(param, "must not hold a name or password")
    found = AUTHORITY.fullmatch(authority)
    if found is None:
        raise _refused(param, "has no host that can be read")
    host = _bracketed(found[1], param) if found[1] is not None else _host(found[2], param)
    port = int(found[3]) if found[3] else PORT_OF[scheme]
    return WebAddress(scheme, host, port, _as_ascii((path or "/") + query))


def _bracketed(text: str, param: str) -> str:
    address = address_in(text)
    if address is None or address.version != 6:
        raise _refused(param, "has brackets round what is no IPv6 address")
    return str(address)


def _host(text: str, param: str) -> str:
    """A name or an IPv4 address in lower-case ASCII, as DNS and certificates spell it."""
    if len(text) > MAX_HOST_CHARACTERS:
        raise _refused(param, "has no host name that can be")
    try:
        host = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    except ValueError as problem:  # idna's errors among them
        raise _refused(param, "has no host name that can be") from problem
    host = host.removesuffix(".")
    if not all(LABEL.fullmatch(label) for label in host.split(".")):
        raise _refused(param, "has no host name that can be")
    if looks_like_an_address(host) and address_in(host) is None:
        raise _refused(param, "must give an IPv4 address as four decimal numbers")
    return host


def _as_ascii(text: str) -> str:
    return "".join(character if character.isascii() else quote(character) for character in text)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as problem:
        raise SettingsInvalid(
            f"outbound.allowed_networks: {text[:60]!r} is no network; write it as 10.1.0.0/16",
            param="outbound.allowed_networks",
        ) from problem


def _configured_host(text: str) -> str:
    try:
        return _host(text, "outbound.allowed_hosts")
    except UrlNotAllowed as problem:
        raise SettingsInvalid(
            f"outbound.allowed_hosts: {text[:60]!r} is no host name; write it as minio.example.org, without a port",
            param="outbound.allowed_hosts",
        ) from problem


def _refused(param: str, problem: str) -> UrlNotAllowed:
    return UrlNotAllowed(f"{param}: the URL {problem}", param=param)

"""Where another server is, as its settings say: checked before speech and keys go there. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

__all__ = ["address_problem", "is_loopback"]


def address_problem(url: str, *, allow_plain_http: bool, allow_path: bool = False) -> str:
    """What is wrong with the URL of a server, and what would be right; empty where nothing is."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host = None, None
    if (
        not host
        or parts.scheme not in ("http", "https")
        or port == 0
        or (parts.path not in ("", "/") and not allow_path)
    ):
        return "give https://host/path" if allow_path else "give https://host or https://host:port, without a path"
    if parts.username or parts.query or parts.fragment:
        return "holds more than an address; credentials are set apart from it"
    if parts.scheme == "http" and not allow_plain_http and not is_loopback(host):
        return "would send credentials and speech unencrypted; use https, or set allow_plain_http"
    return ""


def is_loopback(host: str) -> bool:
    """Whether the host of a URL is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""HTTP protocols that bear with clients whose WebSocket handshake names its key and version twice.

Aliyun's Python client does, and holds the answer against the first key. The WebSocket libraries refuse such a
handshake, or answer the last key; so each header's first value is kept, and the others are dropped, before they see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import h11

__all__ = ["H11Handshake", "http_protocol"]

ONCE = frozenset((b"sec-websocket-key", b"sec-websocket-version"))
"""Source: RFC 6455, section 4.1: neither may come more than once."""
Headers = list[tuple[bytes, bytes]]


def first_of_each(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers in their order, without what a handshake may say once only and has said before."""
    seen: set[bytes] = set()
    kept: Headers = []
    for name, value in headers:
        lowered = name.lower()
        if lowered in ONCE and lowered in seen:
            continue
        seen.add(lowered)
        kept.append((name, value))
    return kept


class H11Handshake(H11Protocol):
    """uvicorn's own, on h11."""

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self.headers = first_of_each(self.headers)
        super().handle_websocket_upgrade(event)


def http_protocol() -> type[asyncio.Protocol]:
    """What uvicorn itself would choose: httptools where it is installed."""
    if find_spec("httptools") is None:
        return H11Handshake
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class HttpToolsHandshake(HttpToolsProtocol):
        """uvicorn's own, on httptools."""

        def handle_websocket_upgrade(self) -> None:
            self.scope["headers"] = first_of_each(self.scope["headers"])
            super().handle_websocket_upgrade()

    return HttpToolsHandshake

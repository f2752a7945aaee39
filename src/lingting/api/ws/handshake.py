"""Before a socket is accepted: where a browser's page came from, which subprotocol is spoken, how to refuse."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.websockets import WebSocket

from lingting.api.http.answers import error_answer
from lingting.domain.errors import LingtingError, NotAllowed
from lingting.telemetry import request_id

__all__ = ["choose_subprotocol", "deny", "require_local_host", "require_origin"]

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def require_origin(headers: Headers, allowed: Collection[str]) -> None:
    """Let in programs, which send no Origin, the server's own pages and the pages of `allowed`.

    A browser lets any page open a socket to any server, also to one on loopback; only the server can refuse.

    raises    NotAllowed
    """
    origins = headers.getlist("origin")
    if not origins or "*" in allowed:
        return
    if len(origins) > 1 or not (origins[0] in allowed or _is_own(origins[0], headers.get("host", ""))):
        raise NotAllowed(
            f"pages of {origins[0][:100]!r} may not connect here; add the origin to sockets.allowed_origins",
            param="Origin",
        )


def require_local_host(headers: Headers) -> None:
    """Let in callers that named this machine by an address or by a name without a dot, such as localhost.

    A page elsewhere can have its own name lead to this machine, and is then of the same origin for a browser; where no
    key is asked for, only the name gives it away. Names without a dot are not for sale.

    raises    NotAllowed
    """
    host = _name_of(headers.get("host", ""))
    if (host and "." not in host) or host.endswith(".localhost") or _is_address(host):
        return
    raise NotAllowed(
        f"this server was called {host[:100]!r}, and it asks for no key; make one with `lingting keys create`, call it "
        "127.0.0.1 or localhost, or declare the proxy in front in server.trusted_proxies",
        param="Host",
    )


def _name_of(host: str) -> str:
    """Without the port; empty for what is no host."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    port = DEFAULT_PORTS.get(parts.scheme)
    if port is None or not parts.netloc:
        return False
    return parts.netloc.lower().removesuffix(port) == host.lower().removesuffix(port)


def choose_subprotocol(offered: Sequence[str], known: Collection[str]) -> str | None:
    """The first that the client offers and the dialect knows; None accepts without one."""
    return next((name for name in offered if name in known), None)


async def deny(websocket: WebSocket, error: LingtingError) -> None:
    """Answer the handshake with an HTTP error; only before the socket is accepted."""
    if "websocket.http.response" not in websocket.scope.get("extensions", {}):
        await websocket.close()  # which is a 403 without a body
        return
    answer = error_answer(error, websocket.scope["path"])
    answer.headers["X-Request-ID"] = request_id.get()
    await websocket.send_denial_response(answer)

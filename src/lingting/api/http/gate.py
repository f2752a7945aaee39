"""The first look at every caller, HTTP or WebSocket: where it is, behind trusted proxies, and whether it is let in."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from lingting.api.auditing import SocketRecorder, rows_of
from lingting.api.http.answers import error_answer
from lingting.api.ws.handshake import deny
from lingting.domain.errors import AddressNotAllowed
from lingting.security.allowlist import Allowlist
from lingting.security.call_note import CallNote

__all__ = ["AddressGate"]

ALWAYS_OPEN = frozenset({"/healthz", "/readyz"})
"""Asked by whatever keeps the process running, from addresses that nobody plans; they say nothing else."""
SCHEMES = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}


class AddressGate:
    """Notes the client's address in the scope's state, and refuses addresses that are not let in."""

    def __init__(self, app: ASGIApp, allowlist: Allowlist) -> None:
        self._app = app
        self._allowlist = allowlist

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in SCHEMES:
            await self._app(scope, receive, send)
            return
        peer = (scope.get("client") or ("",))[0]
        headers = Headers(scope=scope)
        address = self._allowlist.client_of(peer, headers.getlist("x-forwarded-for"))
        scope.setdefault("state", {})["address"] = address
        if self._allowlist.trusts(peer):
            scope["state"]["is_behind_proxy"] = True
            told = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
            scope["scheme"] = SCHEMES[scope["type"]].get(told, scope["scheme"])
        if scope["path"] in ALWAYS_OPEN or self._allowlist.admits(address):
            await self._app(scope, receive, send)
            return
        error = AddressNotAllowed("callers from this address are not let in")
        if scope["type"] == "websocket":
            await SocketRecorder(rows_of(scope, note := CallNote()), note).denied(error)
            await deny(WebSocket(scope, receive, send), error)
        else:
            await error_answer(error, scope["path"])(scope, receive, send)

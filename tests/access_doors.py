"""Every door of the application, found by walking its routes, keys of every kind, and knocking at the doors."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from lingting.api.access import Needs
from lingting.api.http.answers import OPENAI_PATHS
from lingting.api.http.app import build_app
from lingting.api.http.doors import Doors, HttpLimits
from lingting.api.ws.routes import DIALECTS, ROOT
from lingting.domain import Clock, RecognizeOptions, Scope, SystemClock
from lingting.security.key_wishes import KeyWish
from lingting.server import open_kept
from lingting.server.keys import open_keys
from lingting.settings import Settings, load_settings
from lingting.settings.sections import DoorSettings
from lingting.testing import VirtualClock

VENDORS = tuple(DoorSettings.model_fields)
"""Doors of other vendors, all open where doors are walked."""
ALIYUN = "/ws/v1"
TURNED_AWAY = {
    "missing_api_key": 401,
    "invalid_api_key": 401,
    "missing_scope": 403,
    "address_not_allowed": 403,
    "rate_limited": 429,
}
"""What the close of a socket says where its clients would show no answer to a handshake."""
BODY_BYTES = 1_000_000
"""Declared and never sent by those who are refused."""
TIMEOUT_SECONDS = 20


class Live(Protocol):
    """A server on a socket of this machine."""

    url: str
    port: int


@dataclass(frozen=True)
class Door:
    """One method of one route, or a socket."""

    method: str
    pattern: str
    scope: Scope | None
    asks: bool
    body_is_read_by_fastapi: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.pattern}"

    @property
    def path(self) -> str:
        """With an id that nothing has."""
        return "/".join("0123456789ab" if part.startswith("{") else part for part in self.pattern.split("/"))


def doors() -> Iterator[Door]:
    sockets = {row.path: row.scope for row in DIALECTS}
    sockets[ROOT] = next(row.scope for row in DIALECTS if row.root_subprotocol is not None)
    for route in iter_route_contexts(build_app(Doors(HttpLimits(), RecognizeOptions(), vendors=VENDORS)).routes):
        if isinstance(route.original_route, Mount):
            yield Door("MOUNT", str(route.path), None, asks=False)
        elif isinstance(route.original_route, WebSocketRoute):
            yield Door("WS", str(route.path), sockets.get(str(route.path)), asks=route.path in sockets)
        else:
            needs = [each.call for each in getattr(getattr(route, "dependant", None), "dependencies", ())]
            declared = [each for each in needs if isinstance(each, Needs)]
            has_body = getattr(route, "body_field", None) is not None
            for method in sorted(route.methods or ()):
                scope = declared[0].scope if declared else None
                yield Door(method, str(route.path), scope, bool(declared), has_body)


def named(door: Door) -> str:
    return door.name


@dataclass(frozen=True)
class House:
    """A server, and keys of every kind."""

    live: Live
    keys: dict[str, str]
    ids: dict[str, str]

    def right(self, door: Door) -> str:
        return self.keys[door.scope or Scope.TRANSCRIBE]

    def wrong_scope(self, door: Door) -> str:
        assert door.scope is not None
        return self.keys[f"not {door.scope}"]


async def make_keys(settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    texts: dict[str, str] = {}
    ids: dict[str, str] = {}
    everything = frozenset(Scope)

    async def make(name: str, clock: Clock, *, revoked: bool = False, **wish: object) -> None:
        async with open_keys(settings, kept.database, clock) as keys:
            issued = await keys.issue(KeyWish(**{"scopes": everything, **wish}))  # type: ignore[arg-type]
            texts[name], ids[name] = issued.text, issued.record.id
            if revoked:
                await keys.revoke(issued.record.id)

    clock = SystemClock()
    async with open_kept(settings, clock) as kept:
        for scope in Scope:
            await make(scope, clock, scopes=frozenset((scope,)))
            await make(f"not {scope}", clock, scopes=everything - {scope, Scope.ADMIN})
        await make("revoked", clock, revoked=True)
        await make("expired", VirtualClock(), expires_seconds=60.0)
        await make("elsewhere", clock, networks=("10.0.0.0/8",))
        await make("clinic", clock, tenant="clinic")
        await make("clinic too", clock, tenant="clinic")
        await make("school", clock, tenant="school")
    right = texts[Scope.ADMIN]
    texts["wrong secret"] = right[:-1] + ("A" if right[-1] != "A" else "B")
    texts["unknown"] = f"ltk_{'f' * 12}_{right.split('_', 2)[2]}"
    texts["garbage"] = "sk-proj-0123456789"
    texts["client secret"] = "ek_0123456789"
    return texts, ids


def settings_in(folder: Path, **access: object) -> Settings:
    settings = load_settings()
    loose = {"failures_per_minute": 100_000, **access}
    return settings.model_copy(
        update={
            "data_dir": folder,
            "access": settings.access.model_copy(update=loose),
            "doors": DoorSettings(**dict.fromkeys(VENDORS, True)),
        }
    )


def ask(
    live: Live, door: Door, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Without a body one is declared and never sent: only a server that answers before it reads ever answers."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.putrequest(door.method, door.path)
        if door.method != "GET" or body is not None:
            connection.putheader("Content-Length", str(BODY_BYTES if body is None else len(body)))
            connection.putheader("Content-Type", "application/json")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def code_of(door: Door, body: bytes) -> str:
    value = json.loads(body)
    if door.path.startswith(OPENAI_PATHS):
        value = value["error"]
    return str(value["code"])


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def shake(live: Live, door: Door, key: str | None) -> int:
    """The status that a handshake ends with; 101 when the socket is open."""
    try:
        with connect(
            f"ws://127.0.0.1:{live.port}{door.path}", additional_headers=bearer(key) if key else {}, proxy=None
        ) as socket:
            return 101 if door.pattern != ALIYUN else _knock(socket)
    except InvalidStatus as refused:
        return refused.response.status_code


def _knock(socket: ClientConnection) -> int:
    """Send what is no directive: whoever is let in is told just that."""
    socket.send("{}")
    with contextlib.suppress(ConnectionClosed):
        list(socket)
    return TURNED_AWAY.get(socket.close_reason or "", 101)

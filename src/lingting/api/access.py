"""Who calls, on every door: the key is found, verified and held against the door's scope before a body is read.

A route says what it asks for with `dependencies=[needs(Scope.JOBS)]`, a WebSocket row with `scope`; both then find the
`Call` with `call_of`. One that names no scope must stand in the open list of
tests/integration/test_access_table.py.
Routes take the bare `Request` and read the body themselves: FastAPI would read a declared body before it asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from lingting.api.admission import Knock, let_in, sane_user, verified
from lingting.api.client_secrets import is_client_secret
from lingting.api.http.doors import doors_of
from lingting.api.ws.handshake import require_local_host, require_origin
from lingting.domain import ANYBODY, Call, Principal, Scope
from lingting.services import Services

__all__ = ["KEY_QUERY", "Needs", "ReadKey", "address_of", "admit", "call_of", "key_of", "named", "needs"]

KEY_SUBPROTOCOL = "openai-insecure-api-key."
"""How a browser hands a key over, which cannot set headers of a WebSocket."""
KEY_QUERY = "api_key"
"""For WebSockets only, whose clients sometimes can give nothing but an address."""
USER_HEADER = "x-lingting-user"

ReadKey = Callable[[HTTPConnection], str | None]
Identify = Callable[[HTTPConnection, Services], Awaitable[Principal]]


class Needs(SecurityBase):
    """A dependency that lets in callers whose key has the scope; any key where it is None."""

    def __init__(self, scope: Scope | None, read_key: ReadKey | None = None) -> None:
        self.scope = scope
        self._read_key = read_key
        self.scheme_name = "key"
        self.model = HTTPBearer(
            bearerFormat="ltk_…",
            description="A key of `lingting keys create`; also taken from X-API-Key. Not asked for until one is made.",
        )

    async def __call__(self, connection: HTTPConnection) -> None:
        """raises    what `admit` raises"""
        await admit(connection, self.scope, read_key=self._read_key)


def needs(scope: Scope | None = None, *, read_key: ReadKey | None = None) -> Any:  # Any: as FastAPI declares its own
    """What a route puts into its `dependencies`; without a scope any key will do."""
    return Security(Needs(scope, read_key), scopes=[] if scope is None else [scope.value])


async def admit(
    connection: HTTPConnection,
    scope: Scope | None,
    *,
    read_key: ReadKey | None = None,
    identify: Identify | None = None,
) -> Call:
    """Let a caller in, and note who it is where `call_of` finds it.

    read_key  where another vendor's clients put their keys; `key_of` where it is not said
    identify  how callers that show no key prove that they have one; not asked where no key is
    raises    MissingKey, InvalidKey, MissingScope, AddressNotAllowed, RateLimited, Starting, StorageUnavailable
    """
    services = doors_of(connection).services
    key = (read_key or key_of)(connection)
    knock = Knock(
        door=_door_of(connection),
        address=address_of(connection),
        user=_as_text(connection.headers.get(USER_HEADER, "")),
        user_param=USER_HEADER,
    )

    def tell(call: Call) -> None:
        connection.state.call = call

    return await let_in(
        services, knock, scope, identify=lambda: _principal(connection, services, key, identify), tell=tell
    )


def call_of(connection: HTTPConnection) -> Call:
    """The call that was let in at this door."""
    call: Call = connection.state.call
    return call


def named(call: Call, user: str | None) -> Call:
    """The same call with the user that a field of the request names, which wins over the header.

    raises    InvalidOption
    """
    return replace(call, user=sane_user(user, "user")) if user else call


def address_of(connection: HTTPConnection) -> str:
    """The client's, behind proxies that are trusted; empty where there is none, as on a local socket."""
    return str(getattr(connection.state, "address", ""))


def key_of(connection: HTTPConnection) -> str | None:
    """The key that a caller shows, wherever it may stand."""
    kind, _, given = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given.strip():
        return given.strip()
    named_key = connection.headers.get("x-api-key", "").strip()
    if named_key or connection.scope["type"] != "websocket":
        return named_key or None
    offered = connection.scope.get("subprotocols", ())
    for name in offered:
        if name.startswith(KEY_SUBPROTOCOL):
            return str(name.removeprefix(KEY_SUBPROTOCOL))
    return connection.query_params.get(KEY_QUERY) or None


async def _principal(
    connection: HTTPConnection, services: Services, key: str | None, identify: Identify | None
) -> Principal:
    """A client secret is the key that made it, on WebSockets and for its own scopes only, wherever it is shown."""
    if is_client_secret(key) and connection.scope["type"] == "websocket":
        secret = doors_of(connection).client_secrets.redeem(key)
        await services.keys.require_usable(secret.principal)
        connection.state.preset = secret.preset
        return secret.principal
    if not await services.keys.is_required():
        _require_no_foreign_page(connection)
        return ANYBODY
    if identify is not None:
        return await identify(connection, services)
    return await verified(services, key, address=address_of(connection))


def _require_no_foreign_page(connection: HTTPConnection) -> None:
    """Where no key is asked for, the pages of other sites that a browser on this machine has open must not call.

    raises    NotAllowed
    """
    doors = doors_of(connection)
    require_origin(connection.headers, doors.sockets.limits.allowed_origins)
    if doors.is_local and not getattr(connection.state, "is_behind_proxy", False):
        require_local_host(connection.headers)


def _door_of(connection: HTTPConnection) -> str:
    """The route's pattern."""
    return str(getattr(connection.scope.get("route"), "path", connection.scope["path"]))


def _as_text(header: str) -> str:
    """HTTP hands headers over as Latin-1; what a client wrote in UTF-8 is read as that."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header

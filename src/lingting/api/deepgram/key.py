"""Where Deepgram's clients put their key."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from lingting.api.access import key_of

__all__ = ["KEY_SUBPROTOCOLS", "deepgram_key_of"]

KEY_SUBPROTOCOLS = ("token", "bearer")
"""A browser offers one of these, and its key as another subprotocol behind it."""


def deepgram_key_of(connection: HTTPConnection) -> str | None:
    """The key of `Authorization: Token KEY` or of a browser's subprotocols, or wherever else one may stand here."""
    kind, _, given = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "token" and given.strip():
        return given.strip()
    offered = list(connection.scope.get("subprotocols", ()))
    if len(offered) == 2 and offered[0].lower() in KEY_SUBPROTOCOLS:
        return str(offered[1])
    return key_of(connection)

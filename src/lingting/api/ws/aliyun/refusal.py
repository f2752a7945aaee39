"""Turning a caller away as Aliyun's gateway does: on the socket, for its clients show no answer to a handshake."""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from lingting.api.access import key_of
from lingting.api.errors import close_code
from lingting.api.http.doors import doors_of
from lingting.api.ws.aliyun.messages import EventWriter, read_directive
from lingting.api.ws.aliyun.statuses import status_of
from lingting.api.ws.handshake import deny
from lingting.crypto import new_bytes
from lingting.domain.errors import InvalidInput, LingtingError, Overloaded
from lingting.telemetry import request_id

__all__ = ["token_of", "turn_away"]

TOKEN_HEADER, TOKEN_QUERY = "x-nls-token", "token"
DIRECTIVE_SECONDS = 5.0
"""How long a caller that is turned away has to say what it wants, so that the answer can name its task."""


def token_of(connection: HTTPConnection) -> str | None:
    """Where Aliyun's clients put their tokens; else where anybody's keys may stand."""
    named = connection.headers.get(TOKEN_HEADER, "").strip() or connection.query_params.get(TOKEN_QUERY)
    return named or key_of(connection)


async def turn_away(websocket: WebSocket, error: LingtingError) -> None:
    """Accept, wait for the first directive, and fail its task; where too many wait so, refuse the handshake."""
    doors = doors_of(websocket)
    try:
        with doors.turned_away.holding_a_place():
            await websocket.accept(headers=[(b"x-request-id", request_id.get().encode())])
            await _fail(websocket, error)
    except Overloaded:
        await deny(websocket, error)
    except WebSocketDisconnect:
        return


async def _fail(websocket: WebSocket, error: LingtingError) -> None:
    writer = EventWriter(new_bytes(8).hex())
    of = ("Default", writer.fresh_id())
    try:
        async with asyncio.timeout(DIRECTIVE_SECONDS):
            message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        directive = read_directive(message.get("text") or "")
        of = (directive.namespace, directive.task_id)
    except (TimeoutError, InvalidInput):
        pass  # it is turned away whatever it says
    await websocket.send_text(writer.write_failed(status_of(error), error.message, of=of))
    await websocket.close(close_code(error), error.code)

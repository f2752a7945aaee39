"""The viewers' WebSocket: a snapshot of the room, then its updates. What a viewer sends is not listened to."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from lingting.api.auditing import SocketRecorder, rows_of
from lingting.api.errors import close_code
from lingting.api.http.doors import Phase, doors_of
from lingting.api.viewing import token_of, view_of
from lingting.domain.errors import ClientTooSlow, LingtingError, ShuttingDown
from lingting.rooms.hub import RoomHub
from lingting.rooms.viewers import Viewer
from lingting.rooms.views import ViewFormat
from lingting.security.call_note import CallNote, noting
from lingting.telemetry import log, request_id, take_request_id

__all__ = ["router"]

router = APIRouter()

LAST_WORD_SECONDS = 1.0
"""For the close frame to a viewer that did not read what came before it."""
RETRY_SECONDS = 1.0


@router.websocket("/v1/rooms/{room}/view")
async def view(websocket: WebSocket, room: str) -> None:
    """Refusals are said on the socket, since a page cannot see the status of a refused handshake."""
    token = request_id.set(take_request_id(websocket.headers.get("x-request-id")))
    with noting(CallNote()) as note:
        recorder = SocketRecorder(rows_of(websocket.scope, note), note)
        try:
            await websocket.accept()
            await _show(websocket, room, recorder)
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: Starlette's, for a send after the close
            return
        finally:
            await recorder.closed()
            request_id.reset(token)


async def _show(websocket: WebSocket, room: str, recorder: SocketRecorder) -> None:
    try:
        rooms, viewer = await _admitted(websocket, room)
    except LingtingError as error:
        log.info("room.refused", code=error.code)
        await recorder.denied(error)
        await _refuse(websocket, error)
        return
    try:
        await recorder.opening()
        await _serve(websocket, viewer, rooms)
    except LingtingError as error:
        await _last_word(websocket, error)
    finally:
        viewer.leave()


async def _admitted(websocket: WebSocket, room: str) -> tuple[RoomHub, Viewer]:
    """raises    LingtingError"""
    doors = doors_of(websocket)
    if doors.phase is Phase.STOPPING:
        raise ShuttingDown("the server is stopping; try another", retry_after_seconds=RETRY_SECONDS)
    rooms = doors.services.rooms
    return rooms, await rooms.watch(room, token_of(websocket), view_of(websocket, as_events=False))


async def _serve(websocket: WebSocket, viewer: Viewer, rooms: RoomHub) -> None:
    """Until the room ends, the viewer goes, or it does not read."""
    sending = asyncio.ensure_future(_send_all(websocket, viewer, rooms.settings.send_seconds))
    gone = asyncio.ensure_future(_until_gone(websocket))
    try:
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            await sending
    except ClientTooSlow as error:
        rooms.observer.room_viewer_cut()
        log.info("room.viewer_cut", door="view")
        await _last_word(websocket, error)
    except LingtingError as error:
        await _last_word(websocket, error)
    finally:
        for task in (sending, gone):
            task.cancel()
        await asyncio.gather(sending, gone, return_exceptions=True)


async def _send_all(websocket: WebSocket, viewer: Viewer, send_seconds: float) -> None:
    async for text in viewer:
        try:
            async with asyncio.timeout(send_seconds):
                await websocket.send_text(text)
        except TimeoutError as error:
            raise ClientTooSlow(f"nothing was read for {send_seconds:g} seconds; connect again") from error
    await websocket.close(1000, "ended")


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _refuse(websocket: WebSocket, error: LingtingError) -> None:
    if websocket.query_params.get("format", ViewFormat.JSON) == ViewFormat.JSON:
        await websocket.send_json(
            {"type": "error", "code": error.code, "message": error.message, "retryable": error.retryable}
        )
    await websocket.close(close_code(error), error.code)


async def _last_word(websocket: WebSocket, error: LingtingError) -> None:
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await websocket.close(close_code(error), error.code)
    except TimeoutError:
        return

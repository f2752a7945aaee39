"""A room as server-sent events: a snapshot, then updates, each with an id from which a browser resumes by itself."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lingting.api.http.doors import ClientGone
from lingting.domain.errors import ShuttingDown
from lingting.rooms.parts import RoomObserver, RoomSettings
from lingting.rooms.viewers import Viewer
from lingting.telemetry import log

__all__ = ["stream_events"]

RETRY_MS = 2_000
"""After which a browser connects again."""
KEEP_ALIVE = ": still here\n\n"
HEADERS = {"X-Accel-Buffering": "no"}
"""nginx would hold events back otherwise."""


def stream_events(viewer: Viewer, settings: RoomSettings, observer: RoomObserver) -> Response:
    """The answer; the viewer leaves when it ends."""
    return _EventStream(viewer, settings, observer)


class _EventStream(Response):
    """Sends what the viewer is given until the room ends, the viewer goes, or it does not read."""

    media_type = "text/event-stream"

    def __init__(self, viewer: Viewer, settings: RoomSettings, observer: RoomObserver) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._viewer = viewer
        self._settings = settings
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.ensure_future(self._send_all(send))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ClientGone
            await sending
        finally:
            self._viewer.leave()
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        text: str | None = f"retry: {RETRY_MS}\n\n"
        while text is not None:
            try:
                async with asyncio.timeout(self._settings.send_seconds):
                    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            except TimeoutError:
                self._observer.room_viewer_cut()
                log.info("room.viewer_cut", door="events")
                raise ClientGone from None
            text = await self._next()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> str | None:
        """None when there is nothing more to say."""
        try:
            async with asyncio.timeout(self._settings.keep_alive_seconds):
                return await anext(self._viewer)
        except TimeoutError:
            return KEEP_ALIVE
        except (StopAsyncIteration, ShuttingDown):
            return None


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

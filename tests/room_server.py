"""A server of subtitle rooms on a socket, in the test's own event loop, and readers of what it sends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace

import httpx
import uvicorn

from lingting.api.http.app import build_app
from lingting.api.http.doors import Doors, HttpLimits
from lingting.domain import RecognizeOptions, SystemClock
from lingting.rooms.hub import RoomHub
from lingting.rooms.opening import open_rooms
from lingting.rooms.parts import RoomSettings
from lingting.telemetry import Telemetry
from lingting.testing import NoAudit, NoLimits, OpenHouse
from room_doubles import CountingObserver, ScriptedSession

WAIT_SECONDS = 10.0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):  # signals belong to pytest
        yield


@dataclass
class RoomServer:
    """Its hub can be spoken to directly."""

    url: str
    port: int
    hub: RoomHub
    doors: Doors
    observer: CountingObserver
    client: httpx.AsyncClient

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1)

    async def create(self, **wish: object) -> dict[str, object]:
        answer = await self.client.post("/v1/rooms", json=wish)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def publish(self, room: dict[str, object], identity: str = "session-1") -> ScriptedSession:
        session = ScriptedSession(identity)
        await self.hub.publish(room["room"], room["publish_token"], session)
        return session


@contextlib.asynccontextmanager
async def room_server(settings: RoomSettings | None = None) -> AsyncIterator[RoomServer]:
    """Rooms, viewers and the overlay over HTTP and WebSocket; nothing behind them recognises speech."""
    observer = CountingObserver()
    hub = open_rooms(settings or RoomSettings(), clock=SystemClock(), observer=observer)
    doors = Doors(HttpLimits(), RecognizeOptions())
    doors.open(
        SimpleNamespace(
            rooms=hub,
            telemetry=Telemetry(),
            keys=OpenHouse(),
            limiter=NoLimits(),
            audit=NoAudit(),
            estimated_wait_seconds=lambda: 1.0,
        )
    )
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = _Server(uvicorn.Config(build_app(doors), log_level="error", timeout_graceful_shutdown=2))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as client:
            yield RoomServer(url, port, hub, doors, observer, client)
    finally:
        hub.stop_viewers()
        server.should_exit = True
        await serving
        await hub.aclose()
        listener.close()


async def said(socket_or_events) -> dict[str, object]:
    """The next JSON message of a WebSocket."""
    async with asyncio.timeout(WAIT_SECONDS):
        return json.loads(await socket_or_events.recv())


class Events:
    """The events of an open event stream, one by one."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def take(self) -> tuple[str | None, str]:
        """The id and the data of the next event."""
        identity, data = None, []
        async with asyncio.timeout(WAIT_SECONDS):
            async for line in self._lines:
                if line.startswith("id: "):
                    identity = line[4:]
                elif line.startswith("data: "):
                    data.append(line[6:])
                elif not line and data:
                    return identity, "\n".join(data)
        raise EOFError

    async def json(self) -> dict[str, object]:
        return json.loads((await self.take())[1])

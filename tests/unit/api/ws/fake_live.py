"""A live hub and its sessions that do nothing by themselves, and a socket without a network."""

import asyncio
from typing import Any

from starlette.websockets import WebSocket

from lingting.api.ws.connection import serve_socket
from lingting.api.ws.limits import SocketLimits
from lingting.api.ws.native.native import Handshake, NativeDialect
from lingting.api.ws.socket_parts import SocketParts
from lingting.domain import ANYBODY, Call, Closed, CloseReason, StreamOptions
from lingting.domain.errors import InvalidMessage, LingtingError, SessionNotFound
from lingting.live.outbox import Log, Subscription
from lingting.telemetry import Telemetry


class FakeSession:
    """Remembers what was asked of it; says what a test makes it say."""

    def __init__(self, identity, options, fmt) -> None:
        self.id, self.options, self.format = identity, options, fmt
        self.calls: list[str] = []
        self.data = b""
        self.text = ""
        self.last_seq = 0
        self.subscription: Subscription | None = None
        self.log = Log(100)
        self.has_ended = False
        self.waiting_events = 1_000
        self.fails_with: Exception | None = None

    @property
    def received_seconds(self) -> float:
        return len(self.data) / 32_000

    async def feed(self, data) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        if self.has_ended:
            raise InvalidMessage("the session has ended")
        self.data += data

    async def commit(self) -> None:
        self.calls.append("commit")

    async def clear(self) -> None:
        self.calls.append("clear")

    async def configure(self, options, fmt=None) -> None:
        self.options = options

    async def finish(self) -> None:
        self.calls.append("finish")
        self.has_ended = True

    def attach(self, *, after_seq=0) -> Subscription:
        if self.subscription is not None:
            self.subscription.replace()
        self.subscription = Subscription(self.waiting_events, self.log.after(after_seq))
        return self.subscription

    def detach(self, subscription, *, for_good=False) -> None:
        assert subscription is self.subscription
        self.subscription = None
        self.calls.append("detach")

    async def aclose(self) -> None:
        self.calls.append("aclose")

    def say(self, event) -> None:
        self.last_seq = event.seq
        self.log.append(event)
        if self.subscription is not None:
            self.subscription.put(event)

    def close(self, reason=CloseReason.FINISHED) -> None:
        self.say(Closed(self.last_seq + 1, reason, self.received_seconds))


class FakeHub:
    """Opens fake sessions."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.refuses_with: LingtingError | None = None

    async def open(self, options, fmt, *, owner="", meter=None, caller=None) -> FakeSession:
        assert owner == ""
        if self.refuses_with is not None:
            raise self.refuses_with
        self.sessions.append(FakeSession(f"session-{len(self.sessions)}", options, fmt))
        return self.sessions[-1]

    def resume(self, session_id, *, owner="") -> FakeSession:
        for session in self.sessions:
            if session.id == session_id:
                return session
        raise SessionNotFound("there is no such session")


class FakeSocket:
    """Both ends of an ASGI WebSocket: a test puts what the client sends and sees what it got."""

    def __init__(self, *, reads=True) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()
        self.incoming.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b"", "subprotocols": []}
        self.websocket = WebSocket(scope, self.incoming.get, self._send)

    async def _send(self, message) -> None:
        if message["type"] != "websocket.accept":
            await self.reads.wait()
            self.sent.put_nowait(message)

    def send(self, message) -> None:
        kind = "bytes" if isinstance(message, bytes) else "text"
        self.incoming.put_nowait({"type": "websocket.receive", kind: message})

    def hang_up(self, code=1006) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.sent.get()

    async def text(self) -> str:
        return str((await self.receive())["text"])

    async def closed(self) -> tuple[int, str]:
        """Skip what was said, to the close."""
        while (message := await self.receive())["type"] != "websocket.close":
            pass
        return message["code"], message["reason"]


def serving(socket, hub, *, dialect=None, rooms=None, telemetry=None, **limits) -> asyncio.Task[None]:
    """Begin to serve the socket; native, unless told otherwise."""
    parts = SocketParts(hub, rooms, SocketLimits(**limits), telemetry or Telemetry())  # type: ignore[arg-type]
    dialect = dialect or NativeDialect(Handshake(defaults=StreamOptions()))
    return asyncio.create_task(serve_socket(socket.websocket, dialect, parts, Call(ANYBODY, "/test")))

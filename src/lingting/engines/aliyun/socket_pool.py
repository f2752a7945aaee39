"""Open WebSockets to the gateway that are kept between tasks: it allows several, one after another, on each.

The gateway gives up a connection that is silent for about ten seconds, so one is not kept that long, and is asked for a
pong while it waits. One on which anything went wrong is not kept at all.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.protocol import State

from lingting.engines.aliyun.faults import Fault, FaultKind
from lingting.engines.aliyun.settings import AliyunSettings
from lingting.engines.aliyun.tokens import Token
from lingting.engines.aliyun.wire import fault_of

__all__ = ["Line", "SocketPool"]

IDLE_SECONDS = 8.0
"""Below the gateway's ten."""
PING_SECONDS, PONG_SECONDS = 4.0, 4.0
CLOSE_SECONDS = 1.0
MAX_MESSAGE_BYTES = 1 * 2**20
MAX_TASKS = 200
"""On one connection, so that a gateway behind a balancer gets its load spread anew."""


class _Connect(connect):
    """Goes where it was told to, and takes the token nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


@dataclass(slots=True, eq=False)
class Line:
    """One connection and what is known of it."""

    connection: ClientConnection
    token: Token
    """That it was opened with."""
    tasks: int = 0
    """That it has carried; 0 for a fresh one."""
    timer: asyncio.TimerHandle | None = None
    """Ends its idle time."""


class SocketPool:
    """Belongs to one event loop; has an `aclose`. How many are open at once is for the caller to bound."""

    def __init__(self, settings: AliyunSettings, tls: ssl.SSLContext) -> None:
        self._settings = settings
        self._tls = tls if settings.socket_url.startswith("wss:") else None
        self._idle: deque[Line] = deque()
        self._closing: set[asyncio.Task[None]] = set()
        self.opened = 0
        """How many connections were made, ever."""

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def take(self, token: Token, *, fresh: bool = False) -> Line:
        """One that waits, the latest used first, unless it has to be a fresh one.

        raises    Fault
        """
        while self._idle and not fresh:
            line = self._unlisted(self._idle[-1])
            if line.token is token and line.connection.state is State.OPEN:
                return line
            self.discard(line)
        return Line(await self._open(token), token)

    def give(self, line: Line) -> None:
        """Back after a task that ended well; it waits for the next one, if there is room."""
        line.tasks += 1
        if line.tasks >= MAX_TASKS or len(self._idle) >= self._settings.pool_size:
            self.discard(line)
            return
        line.timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, line)
        self._idle.append(line)

    def discard(self, line: Line) -> asyncio.Task[None]:
        """Close it; that is waited for at the end, or by whom it matters to."""
        task = asyncio.get_running_loop().create_task(line.connection.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def aclose(self) -> None:
        while self._idle:
            self.discard(self._unlisted(self._idle[-1]))
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _expire(self, line: Line) -> None:
        self.discard(self._unlisted(line))

    def _unlisted(self, line: Line) -> Line:
        self._idle.remove(line)
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        return line

    async def _open(self, token: Token) -> ClientConnection:
        try:
            connection = await _Connect(
                self._settings.socket_url,
                additional_headers={"X-NLS-Token": token.text},
                ssl=self._tls,
                compression=None,
                proxy=True if self._settings.uses_proxies else None,
                open_timeout=self._settings.connect_seconds,
                ping_interval=PING_SECONDS,
                ping_timeout=PONG_SECONDS,
                close_timeout=CLOSE_SECONDS,
                max_size=MAX_MESSAGE_BYTES,
                user_agent_header="Lingting",
            )
        except InvalidStatus as refused:
            raise fault_of(0, refused.response.status_code) from None
        except (OSError, WebSocketException, TimeoutError) as problem:
            raise Fault(FaultKind.AWAY, f"it cannot be reached ({type(problem).__name__})") from None
        self.opened += 1
        return connection

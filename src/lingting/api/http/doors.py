"""What every door needs of the server: its services once they are open, its limits, and a count of requests in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import HTTPConnection, Request

from lingting.api.client_secrets import ClientSecrets
from lingting.api.ws.limits import SocketLimits, Sockets
from lingting.domain import RecognizeOptions, SystemClock
from lingting.domain.errors import Overloaded, ShuttingDown, Starting
from lingting.security.allowlist import Allowlist
from lingting.security.nonces import Nonces
from lingting.services import Services

__all__ = ["ClientGone", "Doors", "HttpLimits", "Phase", "doors_of", "unless_gone"]

RETRY_STARTING_SECONDS = 1.0
RETRY_STOPPING_SECONDS = 5.0
MAX_TURNED_AWAY = 64
NONCE_SECONDS = 1_800.0
"""A signed request is good for a quarter of an hour before and after its time."""
T = TypeVar("T")


class Phase(StrEnum):
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


class ClientGone(Exception):
    """The caller hung up; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds of what one caller may send, and of all callers together."""

    max_upload_bytes: int = 512 * 2**20
    max_json_bytes: int = 64 * 2**20
    upload_idle_seconds: float = 30.0
    upload_seconds: float = 900.0
    max_requests: int = 256
    max_open_requests: int = 1_024
    """Requests with a body that are received, worked on or answered at once."""


class Doors:
    """The state that the routes share. Belongs to one event loop."""

    def __init__(  # noqa: PLR0913 - what the settings say, each with a default
        self,
        limits: HttpLimits,
        defaults: RecognizeOptions,
        *,
        sockets: SocketLimits | None = None,
        allowlist: Allowlist | None = None,
        is_local: bool = False,
        vendors: Collection[str] = (),
        has_console: bool = True,
    ) -> None:
        """
        is_local    it was meant for callers on this machine
        has_console the web console is served
        vendors     other vendors' protocols that are spoken here, by their names in `[doors]` of the settings
        """
        self.vendors = frozenset(vendors)
        self.is_local = is_local
        self.has_console = has_console
        self.limits = limits
        self.allowlist = allowlist or Allowlist()
        self.sockets = Sockets(sockets or SocketLimits())
        self.turned_away = Sockets(SocketLimits(max_sockets=MAX_TURNED_AWAY))
        """Callers that are refused on an open socket, where their protocol knows no other refusal."""
        self.client_secrets = ClientSecrets(SystemClock())
        self.nonces = Nonces(SystemClock(), seconds=NONCE_SECONDS)
        self.defaults = defaults
        self.phase = Phase.STARTING
        self.on_phase: list[Callable[[], None]] = []
        """Called when the phase changes, perhaps between any two steps of the loop; must be quick and not raise."""
        self._services: Services | None = None
        self._in_hand = 0

    def open(self, services: Services) -> None:
        self._services = services
        self._turn(Phase.READY)

    def shut(self) -> None:
        self._turn(Phase.STOPPING)

    def _turn(self, phase: Phase) -> None:
        self.phase = phase
        for tell in self.on_phase:
            tell()

    @property
    def services_if_open(self) -> Services | None:
        return self._services

    @property
    def services(self) -> Services:
        """raises    Starting, ShuttingDown"""
        if self._services is None:
            raise Starting(
                "the model is still loading; try again in a second", retry_after_seconds=RETRY_STARTING_SECONDS
            )
        return self._services

    def require_open(self) -> Services:
        """Called before a body is read, so that a refusal costs nobody an upload.

        raises    Starting, ShuttingDown, Overloaded
        """
        if self.phase is Phase.STOPPING:
            raise ShuttingDown("the server is stopping; try another", retry_after_seconds=RETRY_STOPPING_SECONDS)
        return self._require_place()

    def _require_place(self) -> Services:
        services = self.services
        if self._in_hand >= self.limits.max_requests:
            raise Overloaded(
                f"{self._in_hand} requests are in hand, the limit here; try again later",
                retry_after_seconds=max(1.0, services.estimated_wait_seconds()),
            )
        return services

    @contextmanager
    def holding_a_place(self) -> Iterator[Services]:
        """Count the request while it is worked on; one that was let in before the server began to stop still is.

        raises    Starting, Overloaded
        """
        services = self._require_place()
        self._in_hand += 1
        try:
            yield services
        finally:
            self._in_hand -= 1


def doors_of(connection: HTTPConnection) -> Doors:
    doors: Doors = connection.app.state.doors
    return doors


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:  # Any: a coroutine that is only awaited
    """Await the work, and cancel it when the caller hangs up; call once the body has been read.

    raises    ClientGone
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_until_gone(request.receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        for future in (task, gone):
            future.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _until_gone(receive: Callable[[], Any]) -> None:  # Any: an ASGI message
    while (await receive())["type"] != "http.disconnect":
        pass

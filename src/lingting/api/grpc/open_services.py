"""What gRPC clients may ask without a key: whether the server serves, and what its methods are.

Nothing that is not in the documentation is told here; what could be held open for ever is bounded in number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from lingting.api.grpc.frame import address_of
from lingting.api.http.doors import Doors, Phase

__all__ = ["HEALTH", "MAX_OPEN", "REFLECTION", "Health", "add_reflection"]

HEALTH: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
REFLECTION: str = reflection.SERVICE_NAME
MAX_OPEN = 64
"""Of each kind of stream that is answered for as long as its client likes."""
REFLECTION_SECONDS = 60.0
"""More than any client takes to learn the methods."""


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the library has no types
    """grpc.health.v1: serving while the doors are ready. Belongs to one event loop."""

    def __init__(self, doors: Doors, *services: str) -> None:
        self._doors = doors
        self._names = frozenset(("", *services))
        self._loop = asyncio.get_running_loop()
        self._turned = asyncio.Event()
        self._watchers = 0
        doors.on_phase.append(self._tell)

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the library's name; Any: it has no types
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return health_pb2.HealthCheckResponse(status=self._status())

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802 - the library's name; Any: it has no types
        """Writes each change. One that reads slowly keeps nobody else from being told."""
        if self._watchers >= MAX_OPEN:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MAX_OPEN} are watching, the limit here")
        self._watchers += 1
        told = None
        try:
            while True:
                turned = self._turned
                known = request.service in self._names
                status = self._status() if known else health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
                if status != told:
                    await context.write(health_pb2.HealthCheckResponse(status=status))
                    told = status
                await turned.wait()
        finally:
            self._watchers -= 1

    def _status(self) -> Any:  # Any: the library has no types
        kinds = health_pb2.HealthCheckResponse
        return kinds.SERVING if self._doors.phase is Phase.READY else kinds.NOT_SERVING

    def _tell(self) -> None:
        """A signal may come between any two steps of the loop, and while it sleeps."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._turn)

    def _turn(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()


class _Reflection(reflection.aio.ReflectionServicer):  # type: ignore[misc]  # the library has no types
    """grpc.reflection.v1alpha, for addresses that are let in."""

    def __init__(self, doors: Doors, *services: str) -> None:
        super().__init__(services)
        self._doors = doors
        self._open = 0

    async def ServerReflectionInfo(  # noqa: N802 - the library's name
        self,
        requests: Any,  # Any: the library has no types
        context: Any,
    ) -> AsyncIterator[Any]:
        if not self._doors.allowlist.admits(address_of(context, self._doors)):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "callers from this address are not let in")
        if self._open >= MAX_OPEN:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MAX_OPEN} are asking, the limit here")
        self._open += 1
        try:
            async with asyncio.timeout(REFLECTION_SECONDS):
                async for answer in super().ServerReflectionInfo(requests, context):
                    yield answer
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "ask again when there is a question")
        finally:
            self._open -= 1


def add_reflection(server: Any, doors: Doors, *services: str) -> None:  # Any: the library has no types
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(_Reflection(doors, *services), server)

"""The doors beside HTTP, each on a port of its own: opened as the settings say, and stopped together."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Protocol

from lingting.api.grpc.limits import GrpcSettings
from lingting.api.http.doors import Doors
from lingting.api.wyoming.limits import WyomingSettings
from lingting.domain.errors import SettingsInvalid
from lingting.security.certificate import ServerCertificate
from lingting.settings import Settings
from lingting.telemetry import log

__all__ = ["SideDoors"]

GRPC_PARTS = ("grpc", "grpc_health.v1", "grpc_reflection.v1alpha")


class Door(Protocol):
    """One that is open."""

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing more, and give what is in hand so long."""
        ...


class SideDoors:
    """Those that are on. Belongs to one event loop."""

    def __init__(self, settings: Settings, doors: Doors, certificate: ServerCertificate | None = None) -> None:
        self._settings = settings
        self._doors = doors
        self._certificate = certificate
        self._open: list[Door] = []
        self._stopping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """raises    SettingsInvalid for an address that is not to be had, or a library that is not installed"""
        grpc = self._settings.built("grpc", GrpcSettings)
        if grpc.enabled:
            self._open.append(await self._grpc(grpc))
        wyoming = self._settings.built("wyoming", WyomingSettings)
        if wyoming.enabled:
            self._open.append(await self._wyoming(wyoming))

    def begin_stop(self) -> asyncio.Task[None]:
        """Take nothing more, and end within `server.drain_seconds`; a second call changes nothing."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())
        return self._stopping

    async def stop(self) -> None:
        await self.begin_stop()

    async def _stop(self) -> None:
        grace_seconds = self._settings.server.drain_seconds
        await asyncio.gather(*(door.stop(grace_seconds) for door in self._open))

    async def _wyoming(self, wyoming: WyomingSettings) -> Door:
        if not _is_installed("wyoming"):
            raise SettingsInvalid(
                "wyoming.enabled is set, but its package is not installed: pip install 'lingting[wyoming]'",
                param="wyoming.enabled",
            )
        from lingting.api.wyoming.server import WyomingServer

        host = self._settings.wyoming_host
        if "wyoming.host" in self._settings.open_addresses and not self._settings.access.networks:
            raise SettingsInvalid(
                f"wyoming.host = {host!r} is reachable from other machines, and the protocol asks nobody for a key; "
                "name the networks that may call in access.networks, or use 127.0.0.1",
                param="wyoming.host",
            )
        key = None if wyoming.key_file is None else await asyncio.to_thread(_read_key, wyoming.key_file)
        server = await WyomingServer.started(self._doors, wyoming, host, key)
        log.info("wyoming.listening", host=host, port=server.port)
        return server

    async def _grpc(self, grpc: GrpcSettings) -> Door:
        if not all(_is_installed(part) for part in GRPC_PARTS):
            raise SettingsInvalid(
                "grpc.enabled is set, but gRPC is not installed: pip install 'lingting[grpc]'", param="grpc.enabled"
            )
        from lingting.api.grpc.server import GrpcServer

        host = self._settings.grpc_host
        server = await GrpcServer.started(self._doors, grpc, host, self._certificate)
        log.info("grpc.listening", host=host, port=server.port, tls=self._certificate is not None)
        return server


def _read_key(path: Path) -> str:
    """raises    SettingsInvalid"""
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as problem:
        raise SettingsInvalid(
            f"wyoming.key_file = {str(path)!r}: cannot be read ({type(problem).__name__})", param="wyoming.key_file"
        ) from problem
    if not key:
        raise SettingsInvalid(f"wyoming.key_file = {str(path)!r}: is empty", param="wyoming.key_file")
    return key


def _is_installed(part: str) -> bool:
    try:
        return importlib.util.find_spec(part) is not None
    except ModuleNotFoundError:
        return False

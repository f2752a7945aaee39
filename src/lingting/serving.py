"""Runs the server: answers from the first moment, is ready once the model is warm, and ends what it has begun."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from lingting.api.http.app import build_app
from lingting.api.http.doors import Doors, HttpLimits
from lingting.api.ws.limits import SocketLimits
from lingting.domain import SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.engines.base import AnyEngine
from lingting.heap import keep_heap_flat
from lingting.security.allowlist import Allowlist, read_networks
from lingting.security.certificate import ServerCertificate
from lingting.server import open_services
from lingting.server.keys import require_safe_address
from lingting.server.side_doors import SideDoors
from lingting.server.tls import find_certificate
from lingting.serving_handshake import http_protocol
from lingting.settings import Settings
from lingting.telemetry import configure_logs, log

__all__ = ["create_app", "serve"]

KEEP_ALIVE_SECONDS = 30
STUCK_SECONDS = 60
"""A peer that takes nothing of what was sent to it for so long is gone, though its system keeps the connection."""
LAST_WORDS_SECONDS, LAST_WORDS_CHECKS = 1.0, 20
"""How long sockets may take to send what was said last, before they are closed."""
RENEW_SECONDS = 60.0
PING_SECONDS = 20.0
PONG_SECONDS = 60.0
"""Long, because the answer to a ping stands in line behind audio that a fast client has sent."""


def create_app(
    settings: Settings, *, engine: AnyEngine | None = None, engines: Mapping[str, AnyEngine] | None = None
) -> FastAPI:
    """The application; its lifespan opens the services in the background.

    engine    a made engine to use instead of the default model's, for tests
    engines   the same for models of `[[serve]]`, by name
    """
    return _Opening(settings, engine, engines).app


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, then finish what is in hand within `server.drain_seconds`.

    raises    SettingsInvalid for an address that is open or not to be had; what opening the services raises
    """
    keep_heap_flat()
    configure_logs(settings.log.level, settings.log.style, file=settings.log.file)
    asyncio.run(require_safe_address(settings, SystemClock()))
    certificate = find_certificate(settings, SystemClock())
    opening = _Opening(settings, certificate=certificate)
    server = _Server(
        uvicorn.Config(
            opening.app,
            host=settings.server.host,
            port=settings.server.port,
            http=http_protocol(),
            log_config=None,  # its lines go where ours go
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the gate reads them, from proxies that were declared
            ssl_context_factory=None if certificate is None else lambda _config, _usual: certificate.context,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            ws_max_size=opening.doors.sockets.limits.max_frame_bytes,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PONG_SECONDS,
            timeout_graceful_shutdown=max(1, int(settings.server.drain_seconds)),
        ),
        opening,
        certificate,
    )
    opening.on_failure = server.stop
    try:
        server.run()
    except SystemExit as ended:  # how uvicorn says that it cannot listen; its own log line has the reason
        if opening.failure is not None:
            raise opening.failure from ended
        where = f"{settings.server.host!r}, server.port = {settings.server.port}"
        raise SettingsInvalid(
            f"server.host = {where}: cannot listen there; give an address of this machine and a free port",
            param="server.port",
        ) from ended
    if opening.failure is not None:
        raise opening.failure


class _Opening:
    """The services of one application, opened, kept and closed by one task."""

    def __init__(
        self,
        settings: Settings,
        engine: AnyEngine | None = None,
        engines: Mapping[str, AnyEngine] | None = None,
        *,
        certificate: ServerCertificate | None = None,
    ) -> None:
        server = settings.server
        limits = HttpLimits(
            max_upload_bytes=min(server.max_upload_bytes, settings.decode.max_bytes),
            max_json_bytes=server.max_json_bytes,
            upload_idle_seconds=server.upload_idle_seconds,
            upload_seconds=server.upload_seconds,
            max_requests=server.max_requests,
            max_open_requests=server.max_open_requests,
        )
        self._open_services = partial(open_services, settings, engine=engine, engines=engines)
        self._leave = asyncio.Event()
        self.doors = Doors(
            limits,
            settings.request_defaults(),
            sockets=settings.built("sockets", SocketLimits),
            allowlist=_allowlist(settings),
            is_local=settings.listens_on_loopback and not settings.server.allow_open,
            vendors=settings.doors.open,
            has_console=settings.server.console,
        )
        self.side_doors = SideDoors(settings, self.doors, certificate)
        self.failure: Exception | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self.app = build_app(self.doors, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        await self._open_side_doors()
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            self.doors.shut()
            if (services := self.doors.services_if_open) is not None:
                await services.live.aclose()
            await self.side_doors.stop()
            self._leave.set()
            if self.doors.services_if_open is None:
                keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    async def _open_side_doors(self) -> None:
        try:
            await self.side_doors.start()
        except SettingsInvalid as problem:
            self.failure = problem
            self.on_failure()

    async def _keep(self) -> None:
        try:
            async with self._open_services() as services:
                self.doors.open(services)
                await self._leave.wait()
        except Exception as problem:
            if self.doors.services_if_open is not None:
                raise
            self.failure = problem
            self.on_failure()


def _allowlist(settings: Settings) -> Allowlist:
    """raises    SettingsInvalid"""
    return Allowlist(
        read_networks(settings.access.networks, setting="access.networks"),
        read_networks(settings.server.trusted_proxies, setting="server.trusted_proxies"),
    )


class _Server(uvicorn.Server):
    """Says that it is stopping before it stops."""

    def __init__(self, config: uvicorn.Config, opening: _Opening, certificate: ServerCertificate | None) -> None:
        super().__init__(config)
        self._doors = opening.doors
        self._side_doors = opening.side_doors
        self._certificate = certificate
        self._renewing: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._doors.shut()
        log.info("server.stopping", signal=signal.Signals(sig).name)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Give live speech its last finals before the connections are closed."""
        if self._renewing is not None:
            self._renewing.cancel()
        services = self._doors.services_if_open
        self._side_doors.begin_stop()
        if services is not None:
            await services.live.aclose()
            services.rooms.stop_viewers()
            for _ in range(LAST_WORDS_CHECKS):
                if not self._doors.sockets.open:
                    break
                await asyncio.sleep(LAST_WORDS_SECONDS / LAST_WORDS_CHECKS)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._certificate is not None:
            self._renewing = asyncio.create_task(_keep_renewed(self._certificate))
        scheme = "http" if self._certificate is None else "https"
        for server in self.servers:
            for listening in server.sockets:
                _give_up_on_stuck_peers(listening)
                host, port = listening.getsockname()[:2]
                log.info(
                    "server.listening", url=f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}", docs="/docs"
                )

    def stop(self) -> None:
        self.should_exit = True


async def _keep_renewed(certificate: ServerCertificate) -> None:
    """What renews certificates only writes their files."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        await asyncio.to_thread(certificate.renew)


def _give_up_on_stuck_peers(listening: socket.socket) -> None:
    """Else what was sent to one that never reads stays in memory after it was cut off; connections inherit this."""
    if sys.platform == "linux":
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1_000)

"""The gRPC server: listens on a port of its own, in the event loop that HTTP is served in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2_grpc

from lingting.api.grpc.limits import GrpcSettings
from lingting.api.grpc.open_services import HEALTH, MAX_OPEN, REFLECTION, Health, add_reflection
from lingting.api.grpc.service import NAME, speech_handlers
from lingting.api.http.doors import Doors
from lingting.domain.errors import SettingsInvalid
from lingting.security.certificate import ServerCertificate

__all__ = ["GrpcServer"]

MAX_METADATA_BYTES = 16_384
IDLE_MS = 300_000
"""A connection without a call is closed after so long."""
PING_MS, PONG_MS = 20_000, 60_000
"""Of an open call; a client that is gone without a word is noticed after both."""
MIN_PING_MS = 10_000
"""How often clients may ping when nothing is sent."""


class GrpcServer:
    """Answers from the first moment; ready once the doors are. Belongs to one event loop."""

    def __init__(self, server: Any, port: int) -> None:  # Any: the library has no types
        self._server = server
        self.port = port

    @classmethod
    async def started(
        cls, doors: Doors, settings: GrpcSettings, host: str, certificate: ServerCertificate | None = None
    ) -> GrpcServer:
        """raises    SettingsInvalid when it cannot listen there"""
        server = grpc.aio.server(options=_options(settings), maximum_concurrent_rpcs=settings.max_calls + 2 * MAX_OPEN)
        server.add_generic_rpc_handlers((speech_handlers(doors),))
        health_pb2_grpc.add_HealthServicer_to_server(Health(doors, NAME), server)
        if settings.reflection:
            add_reflection(server, doors, NAME, HEALTH, REFLECTION)
        address = f"{f'[{host}]' if ':' in host else host}:{settings.port}"
        try:
            if certificate is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, _credentials(certificate))
        except RuntimeError as problem:
            raise SettingsInvalid(
                f"grpc.host, grpc.port = {address}: cannot listen there; give an address of this machine and a free "
                "port",
                param="grpc.port",
            ) from problem
        await server.start()
        return cls(server, port)

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, and give those in hand so long."""
        await self._server.stop(grace_seconds)


def _options(settings: GrpcSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # else a second server would share the port unseen
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_concurrent_streams", settings.max_connection_calls),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.max_connection_idle_ms", IDLE_MS),
        ("grpc.keepalive_time_ms", PING_MS),
        ("grpc.keepalive_timeout_ms", PONG_MS),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", MIN_PING_MS),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def _credentials(certificate: ServerCertificate) -> Any:  # Any: the library has no types
    """Asked for at each handshake, so that a renewed certificate is used at once."""
    return grpc.dynamic_ssl_server_credentials(_configuration(certificate.pem), _renewal(certificate))


def _renewal(certificate: ServerCertificate) -> Callable[[], Any]:  # Any: the library has no types
    used = certificate.pem

    def fetch() -> Any:
        nonlocal used
        if certificate.pem is used:
            return None
        used = certificate.pem
        return _configuration(used)

    return fetch


def _configuration(pem: tuple[bytes, bytes]) -> Any:  # Any: the library has no types
    return grpc.ssl_server_certificate_configuration([pem])

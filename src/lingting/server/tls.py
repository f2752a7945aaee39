"""The certificate that the settings name, if any."""

from __future__ import annotations

from lingting.domain import Clock
from lingting.domain.errors import SettingsInvalid
from lingting.security.certificate import ServerCertificate
from lingting.settings import Settings

__all__ = ["find_certificate"]


def find_certificate(settings: Settings, clock: Clock) -> ServerCertificate | None:
    """None where the server speaks without TLS. Blocking.

    raises    SettingsInvalid
    """
    certificate, key = settings.server.tls_certificate, settings.server.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "tls_certificate" if certificate is None else "tls_key"
        raise SettingsInvalid(
            f"server.{missing} is not set; TLS needs both server.tls_certificate and server.tls_key",
            param=f"server.{missing}",
        )
    return ServerCertificate(certificate, key, clock)

"""The server's own certificate: read, checked before it is used, and read again when its files change.

Promises: TLS 1.2 or newer with ciphers that keep past talk secret; a certificate that no client would take stops the
start, and a renewed one that cannot be read changes nothing.
"""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from pathlib import Path

from lingting.crypto import validity_of
from lingting.domain import Clock
from lingting.domain.errors import SettingsInvalid
from lingting.telemetry import log

__all__ = ["ServerCertificate"]

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of 1.3 are all good. Source: Mozilla, Server Side TLS, intermediate."""
WARN_BEFORE = timedelta(days=14)


class ServerCertificate:
    """A certificate with its chain and its key, as a context that connections are made with."""

    def __init__(self, certificate: Path, key: Path, clock: Clock) -> None:
        """Blocking.

        raises    SettingsInvalid when it cannot be read, does not fit its key, or is not valid at this time
        """
        self._files = (certificate, key)
        self._clock = clock
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_ciphers(CIPHERS)
        self.context.set_alpn_protocols(["http/1.1"])
        self.context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        self.pem = (b"", b"")
        """The key and the chain, for libraries that make their own contexts; another tuple once renewed."""
        self._stamp = self._stamps()
        self._load()

    def renew(self) -> bool:
        """Read the files again if they have changed, for the connections to come; whether that was so. Blocking."""
        try:
            stamp = self._stamps()
            if stamp == self._stamp:
                return False
            self._load()
        except SettingsInvalid as problem:
            log.error("certificate.not_renewed", problem=problem.message)
            return False
        self._stamp = stamp
        log.info("certificate.renewed")
        return True

    def _load(self) -> None:
        """Tried on a context of its own first: half a change in the one that serves would break every handshake."""
        certificate, key = self._files
        ends = self._require_valid_now(certificate)
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
            try:
                context.load_cert_chain(certificate, key, password=lambda: "")  # never ask at the terminal
            except (ssl.SSLError, ValueError, OSError) as problem:
                raise SettingsInvalid(
                    f"server.tls_key = {str(key)!r}: cannot be read, needs a password, or is not the key of "
                    f"{str(certificate)!r} ({type(problem).__name__})",
                    param="server.tls_key",
                ) from problem
        self.pem = (key.read_bytes(), certificate.read_bytes())
        if ends - self._clock.now() < WARN_BEFORE:
            log.warning("certificate.ends_soon", ends=ends.isoformat())

    def _require_valid_now(self, path: Path) -> datetime:
        try:
            begins, ends = validity_of(path.read_bytes())
        except (OSError, ValueError) as problem:
            raise SettingsInvalid(
                f"server.tls_certificate = {str(path)!r}: cannot be read as a certificate in PEM form "
                f"({type(problem).__name__})",
                param="server.tls_certificate",
            ) from problem
        if not begins <= self._clock.now() < ends:
            raise SettingsInvalid(
                f"server.tls_certificate = {str(path)!r}: is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d} only; "
                "renew it",
                param="server.tls_certificate",
            )
        return ends

    def _stamps(self) -> tuple[tuple[int, int], ...]:
        try:
            states = [path.stat() for path in self._files]
        except OSError as problem:
            raise SettingsInvalid(
                f"server.tls_certificate, server.tls_key: {str(problem.filename)!r} is not there",
                param="server.tls_key",
            ) from problem
        return tuple((state.st_mtime_ns, state.st_ino) for state in states)

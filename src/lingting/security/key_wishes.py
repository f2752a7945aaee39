"""What is asked of a key when it is made or changed, checked once, whoever asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lingting.domain import KeyLimits, Scope
from lingting.domain.errors import InvalidOption
from lingting.security.allowlist import read_network

__all__ = ["DEFAULT_SCOPES", "MAX_GRACE_SECONDS", "KeyWish", "read_key_networks", "read_scopes"]

DEFAULT_SCOPES = frozenset((Scope.TRANSCRIBE, Scope.STREAM, Scope.ROOMS, Scope.JOBS, Scope.SPEAK, Scope.HISTORY))
"""A caller's own work; neither keys nor metrics."""
MAX_LABEL_CHARACTERS = 200
MAX_NETWORKS = 64
MAX_LIMIT = 10**12
MAX_SECONDS = 100 * 366 * 86_400
MAX_GRACE_SECONDS = 7 * 86_400
MAX_HOTWORD_PACKS = 10
PACK = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A name; which packs there are, each server knows for itself."""
TENANT = re.compile(r"[A-Za-z0-9._@-]{0,64}")


@dataclass(frozen=True, slots=True)
class KeyWish:
    """A key to be made.

    raises    InvalidOption
    """

    label: str = ""
    scopes: frozenset[Scope] = DEFAULT_SCOPES
    tenant: str = ""
    networks: tuple[str, ...] = ()
    limits: KeyLimits = field(default_factory=KeyLimits)
    hotword_packs: tuple[str, ...] = ()
    """For its requests that name none; empty takes the server's."""
    expires_seconds: float | None = None
    """From now; None is never."""

    def __post_init__(self) -> None:
        if len(self.label) > MAX_LABEL_CHARACTERS or not self.label.isprintable():
            raise InvalidOption("label", f"use at most {MAX_LABEL_CHARACTERS} printable characters")
        if not TENANT.fullmatch(self.tenant):
            raise InvalidOption("tenant", "use at most 64 of A-Z, a-z, 0-9, dot, @, _ and -")
        if not self.scopes:
            raise InvalidOption("scopes", f"name at least one of {', '.join(Scope)}")
        if self.expires_seconds is not None and not 0 < self.expires_seconds <= MAX_SECONDS:
            raise InvalidOption("expires_seconds", "a key is good for more than nothing and at most a hundred years")
        _check_limits(self.limits)
        if len(self.hotword_packs) > MAX_HOTWORD_PACKS or not all(map(PACK.fullmatch, self.hotword_packs)):
            raise InvalidOption("hotword_packs", f"name at most {MAX_HOTWORD_PACKS}, as GET /v1/hotwords lists them")


def _check_limits(limits: KeyLimits) -> None:
    given = {
        "requests_per_minute": limits.requests_per_minute,
        "streams": limits.streams,
        "audio_seconds_per_day": limits.audio_seconds_per_day,
        "audio_seconds_per_month": limits.audio_seconds_per_month,
    }
    for name, value in given.items():
        if value is not None and not 0 <= value <= MAX_LIMIT:
            raise InvalidOption(name, f"{value} is outside 0 (no bound) to {MAX_LIMIT}")


def read_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """raises    InvalidOption"""
    scopes = set()
    for name in names:
        if name not in list(Scope):
            raise InvalidOption("scopes", f"{name[:40]!r} is unknown; use one of {', '.join(Scope)}")
        scopes.add(Scope(name))
    return frozenset(scopes)


def read_key_networks(texts: Sequence[str]) -> tuple[str, ...]:
    """Networks in their usual form.

    raises    InvalidOption
    """
    if len(texts) > MAX_NETWORKS:
        raise InvalidOption("networks", f"name at most {MAX_NETWORKS}")
    try:
        return tuple(str(read_network(text)) for text in texts)
    except ValueError as problem:
        raise InvalidOption("networks", "write each as 10.0.0.0/8, 192.168.1.7 or 2001:db8::/32") from problem

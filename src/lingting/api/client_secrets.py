"""Short-lived tokens that a server makes for its pages, each with what it may be used for. In memory, bounded.

A secret opens any number of sessions until it expires; a session goes on after that. Only a hash of it is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lingting.domain import Clock
from lingting.domain.errors import InvalidKey, Overloaded

__all__ = ["ClientSecret", "ClientSecrets", "key_of"]

PREFIX = "ek_"
KEY_SUBPROTOCOL = "openai-insecure-api-key."
"""How a browser hands a key over, which cannot set headers of a WebSocket."""
SECRET_BYTES = 24
MAX_SECRETS = 4_096
MAX_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A token that was just made; it cannot be shown again."""

    value: str = field(repr=False)
    expires_at: int
    """Seconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class _Kept:
    preset: object
    deadline_seconds: float


class ClientSecrets:
    """The secrets of one server. Belongs to one event loop."""

    def __init__(self, clock: Clock, *, most: int = MAX_SECRETS) -> None:
        self._clock = clock
        self._most = most
        self._kept: dict[bytes, _Kept] = {}

    def issue(self, preset: object, *, seconds: float) -> ClientSecret:
        """Make a secret that finds `preset` again for so long.

        raises    Overloaded when too many are still good
        """
        now_seconds = self._clock.monotonic()
        if len(self._kept) >= self._most:
            self._forget_expired(now_seconds)
        if len(self._kept) >= self._most:
            soonest = min(kept.deadline_seconds for kept in self._kept.values()) - now_seconds
            raise Overloaded(
                f"{len(self._kept)} client secrets are good at once, the limit here; try again later",
                retry_after_seconds=min(soonest, MAX_RETRY_SECONDS),
            )
        value = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        self._kept[_hash(value)] = _Kept(preset, now_seconds + seconds)
        return ClientSecret(value, int(self._clock.now().timestamp() + seconds))

    def redeem(self, key: str | None) -> object:
        """The preset of a secret; None for a key that is none.

        raises    InvalidKey when it looks like a secret and is not known, or has expired
        """
        if key is None or not key.startswith(PREFIX):
            return None
        kept = self._kept.get(_hash(key))
        if kept is None or kept.deadline_seconds <= self._clock.monotonic():
            raise InvalidKey("the client secret is unknown here, or has expired; make another", param="Authorization")
        return kept.preset

    def _forget_expired(self, now_seconds: float) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if kept.deadline_seconds > now_seconds}


def key_of(headers: Mapping[str, str], subprotocols: Sequence[str] = ()) -> str | None:
    """The key that a caller shows: as a Bearer, or among the subprotocols of a browser's WebSocket."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given.strip():
        return given.strip()
    named = (name.removeprefix(KEY_SUBPROTOCOL) for name in subprotocols if name.startswith(KEY_SUBPROTOCOL))
    return next(named, None)


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()

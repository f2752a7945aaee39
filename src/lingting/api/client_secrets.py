"""Short-lived tokens that a server makes for its pages, each with what it may be used for. In memory, bounded.

A secret opens any number of sessions until it expires; a session goes on after that. Only a hash of it is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from lingting.domain import Clock, Principal, Scope
from lingting.domain.errors import InvalidKey, Overloaded

__all__ = ["ClientSecret", "ClientSecrets", "RedeemedSecret", "is_client_secret"]

PREFIX = "ek_"
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
class RedeemedSecret:
    """What a secret stands for."""

    preset: object
    principal: Principal
    """Who made it, with no scope but those that the secret was made with."""


@dataclass(frozen=True, slots=True)
class _Kept:
    redeemed: RedeemedSecret
    deadline_seconds: float


class ClientSecrets:
    """The secrets of one server. Belongs to one event loop."""

    def __init__(self, clock: Clock, *, most: int = MAX_SECRETS) -> None:
        self._clock = clock
        self._most = most
        self._kept: dict[bytes, _Kept] = {}

    def issue(
        self, preset: object, principal: Principal, *, seconds: float, scopes: Collection[Scope] = (Scope.STREAM,)
    ) -> ClientSecret:
        """Make a secret that finds `preset` again for so long, and lets its holder speak for the principal.

        scopes    what it is good for, as far as the principal is
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
        narrowed = replace(principal, scopes=frozenset(filter(principal.may, scopes)))
        self._kept[_hash(value)] = _Kept(RedeemedSecret(preset, narrowed), now_seconds + seconds)
        return ClientSecret(value, int(self._clock.now().timestamp() + seconds))

    def redeem(self, secret: str) -> RedeemedSecret:
        """raises    InvalidKey when it is not known, or has expired"""
        kept = self._kept.get(_hash(secret))
        if kept is None or kept.deadline_seconds <= self._clock.monotonic():
            raise InvalidKey("the client secret is unknown here, or has expired; make another", param="Authorization")
        return kept.redeemed

    def _forget_expired(self, now_seconds: float) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if kept.deadline_seconds > now_seconds}


def is_client_secret(key: str | None) -> TypeGuard[str]:
    return key is not None and key.startswith(PREFIX)


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()

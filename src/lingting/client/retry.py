"""When to connect again, how long to wait before that, and when to stop trying. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lingting.domain.errors import LingtingError

__all__ = ["RETRIED_CODES", "RETRIED_STATUSES", "Again", "Fatal", "Finished", "Patience", "Refusal", "RetryPolicy"]

RETRIED_CODES = frozenset({1001, 1005, 1006, 1011, 1012, 1013})
"""Going away, no code, lost, broken, restarting, busy. Source: RFC 6455, section 7.4, and docs/streaming.md."""
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
"""Of a handshake that was answered with HTTP."""


@dataclass(frozen=True, slots=True)
class Again:
    """Connect again."""

    reason: str
    after_seconds: float = 0.0
    """What the server asked for."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """Connecting again would not help."""

    error: LingtingError


@dataclass(frozen=True, slots=True)
class Finished:
    """All is said."""


Verdict = Again | Fatal | Finished


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handshake that was answered with HTTP instead of a socket."""

    status: int
    code: str
    message: str
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a client is."""

    first_seconds: float = 0.25
    max_seconds: float = 8.0
    """Between two attempts; each wait is twice the one before, less up to half of it by chance."""
    give_up_seconds: float = 60.0
    """After the connection was lost; a server waits for a client as long by default."""
    stable_seconds: float = 5.0
    """A connection that held for so long ends the outage before it."""


class Patience:
    """Counts the attempts of one outage."""

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float]) -> None:
        self._policy = policy
        self._chance = chance
        """0..1, evenly spread."""
        self._attempts = 0
        self._lost_at: float | None = None
        self._connected_at: float | None = None

    def connected(self, now_seconds: float) -> None:
        self._connected_at = now_seconds

    def next_wait(self, after_seconds: float, *, now_seconds: float) -> float | None:
        """How long to wait before the next attempt; None when it is time to give up."""
        policy = self._policy
        held_seconds = 0.0 if self._connected_at is None else now_seconds - self._connected_at
        if self._lost_at is None or held_seconds >= policy.stable_seconds:
            self._attempts, self._lost_at = 0, now_seconds
        self._connected_at = None
        longest = min(policy.max_seconds, policy.first_seconds * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        wait_seconds = max(after_seconds, longest * (1.0 - 0.5 * self._chance()))
        if now_seconds + wait_seconds - self._lost_at > policy.give_up_seconds:
            return None
        return wait_seconds

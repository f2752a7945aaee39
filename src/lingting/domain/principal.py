"""Who calls, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["ANYBODY", "Call", "KeyLimits", "Principal", "Scope"]


class Scope(StrEnum):
    """One thing that a key may be good for."""

    TRANSCRIBE = "transcribe"
    """Recordings to text."""
    STREAM = "stream"
    """Live speech."""
    ROOMS = "rooms"
    """Make subtitle rooms."""
    JOBS = "jobs"
    SPEAK = "speak"
    """Text to speech."""
    HISTORY = "history"
    """Find, read, export and erase what was kept of one's own."""
    COMMANDS = "commands"
    """Have the commands that were found told to whatever obeys them."""
    CHAT = "chat"
    """Ask the language model."""
    METRICS = "metrics"
    ADMIN = "admin"
    """All of these, and keys, audit and everybody's data."""


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What one key may use; None takes the server's default, 0 has no bound."""

    requests_per_minute: int | None = None
    streams: int | None = None
    """Live sessions at once."""
    audio_seconds_per_day: int | None = None
    audio_seconds_per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that was let in."""

    key_id: str
    """Public; empty for a caller without a key, where none is asked for."""
    tenant: str = ""
    """Keys of one tenant see each other's jobs and history."""
    label: str = ""
    scopes: frozenset[Scope] = field(default_factory=lambda: frozenset(Scope))
    limits: KeyLimits = KeyLimits()
    hotword_packs: tuple[str, ...] = ()
    """For its requests that name none; empty takes the server's."""

    @property
    def owner(self) -> str:
        """Whose data it makes and sees."""
        return f"tenant:{self.tenant}" if self.tenant else self.key_id

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYBODY = Principal(key_id="")
"""The caller where no key is asked for; may do everything."""


@dataclass(frozen=True, slots=True)
class Call:
    """One piece of work that a caller asked for, as everything behind the doors sees it."""

    principal: Principal
    door: str
    """The route's pattern, `cli` or `jobs`: few, fit for logs and metrics."""
    request_id: str = ""
    address: str = ""
    """Of the client, behind proxies that are trusted."""
    user: str = ""
    """The caller's own name for the person whose speech it is, for erasing; kept sealed or hashed only."""
    keep: bool | None = None
    """Whether the transcript goes to history; None leaves it to the server's settings."""

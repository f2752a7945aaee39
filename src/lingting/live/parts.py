"""What live sessions are made of: their bounds, what they share, and how one begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from lingting.audio.live_formats import LiveDecoder, LiveFormat
from lingting.domain import Clock, Redaction, StreamOptions
from lingting.live.asking import Load
from lingting.live.metering import Meter
from lingting.recognition.engine_doors import Route
from lingting.text.hotwords.matching import Matcher
from lingting.text.privacy.redaction import Sealer

__all__ = ["LiveObserver", "LiveSettings", "Opening", "Seals", "SessionParts", "least", "no_seals"]

Seals = Callable[[str], Sealer | None]


def least(ours: float, theirs: float | None) -> float:
    """Of two bounds; None bounds nothing."""
    return ours if theirs is None else min(ours, theirs)


def no_seals(_owner: str) -> None:
    """Where tokens cannot be made."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Bounds of live sessions."""

    max_sessions: int = 64
    """Whatever the measured capacity says."""
    idle_seconds: float = 300.0
    """A session that gets no audio for so long is closed."""
    stall_seconds: float = 3.0
    """When audio stops coming in the middle of a sentence, this long is waited before it is called the end."""
    resume_seconds: float = 60.0
    """How long a session waits for a client whose connection was lost."""
    max_seconds: float = 14_400.0
    """Audio of one session."""
    max_ahead_seconds: float = 120.0
    """Of audio that is accepted before it is heard; then its socket is read no further until there is room."""
    max_finals_in_hand: int = 4
    """Of one session with the engine; it is not heard further until one is done."""
    replayed_events: int = 512
    """Kept for a client that resumes."""
    waiting_events: int = 1_024
    """Not yet read by the client; more ends its connection."""
    drain_seconds: float = 30.0
    """How long a session that has ended waits for its last finals."""
    hearing_threads: int = 4


class LiveObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def suppressed(self, reason: str) -> None: ...

    def live_final(self, *, lag_seconds: float) -> None: ...

    def live_partial(self) -> None: ...

    def live_opened(self) -> None: ...

    def live_closed(self, *, reason: str, audio_seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What every session of a server shares, but for the route and the load, which are of its engine."""

    recognizer: Route
    executor: Executor
    open_decoder: Callable[[LiveFormat], LiveDecoder]
    settings: LiveSettings
    clock: Clock
    observer: LiveObserver
    load: Load
    seals: Seals
    """What seals for an owner what is hidden in text."""
    floor: Redaction = Redaction()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Opening:
    """How a session begins."""

    identity: str
    """Whoever knows it, and is its owner, may resume the session."""
    owner: str
    options: StreamOptions
    format: LiveFormat
    meter: Meter | None = None
    """None counts nothing."""
    matchers: Sequence[Matcher] = ()
    """Of its hotwords."""

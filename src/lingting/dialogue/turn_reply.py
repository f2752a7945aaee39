"""What turn-taking knows of the reply in hand and of the segments it hears. Plain state, changed by `Turns` alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lingting.dialogue.playback import Playback
from lingting.dialogue.turn_news import EndReason, Fixed, TurnTimes

__all__ = ["Heard", "Reply"]


@dataclass(slots=True)
class Heard:
    """A segment that has begun and has had no final."""

    began_seconds: float
    over_reply: int | None
    """The reply that sounded, or was asked for, when it began."""
    ended_seconds: float | None = None
    probability: float | None = None
    """That the turn is over with it, by a model that listens to the voice."""


@dataclass(slots=True)
class Reply:
    """One reply, from asking for it to its end."""

    number: int
    language: str
    asked_text: str
    """What the user said; empty for fixed sentences."""
    asked_seconds: float
    fixed: Fixed | None = None
    then_end: EndReason | None = None
    """The conversation is over after it."""
    playback: Playback = field(default_factory=Playback)
    is_handed_over: bool = False
    failure: str | None = None
    has_filled: bool = False
    is_ducked: bool = False
    ducked_until_seconds: float = 0.0
    times: TurnTimes = field(default_factory=TurnTimes)

    def ended(self, now_seconds: float) -> TurnTimes:
        return replace(self.times, ended_seconds=now_seconds)

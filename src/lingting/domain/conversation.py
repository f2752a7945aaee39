"""A conversation with a language model: each turn as it was asked and heard, and how long its stages took."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lingting.domain.mood import Mood

__all__ = ["ConversationTurn", "TurnStages"]


@dataclass(frozen=True, slots=True)
class TurnStages:
    """Seconds from the end of the user's speech, or from when a written message came; None where it did not happen."""

    final_seconds: float | None = None
    """The words were recognised."""
    asked_seconds: float | None = None
    """The user's turn was held for over, and the model asked."""
    first_token_seconds: float | None = None
    """The model's first word was there."""
    first_audio_seconds: float | None = None
    ended_seconds: float | None = None
    """The reply was given, or heard, or cut off."""


@dataclass(frozen=True, slots=True)
class ConversationTurn:
    """What a user said, without personal data, and what they got to hear of the reply."""

    id: str
    began: datetime
    """UTC."""
    asked: str
    heard: str
    """Empty where nothing was."""
    language: str
    mood: Mood | None = None
    """How the user's words sound; None where moods are not installed, or not for the language."""
    intent: str | None = None
    """Of the command that the words were."""
    stages: TurnStages = field(default_factory=TurnStages)
    read_tokens: int = 0
    written_tokens: int = 0
    is_cached: bool = False
    is_cut: bool = False
    """Whether the reply ends for its length."""
    is_interrupted: bool = False
    """Whether the user spoke into it, or left before its end."""

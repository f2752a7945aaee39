"""What a session wants done, beside what it says: sound recognised, or no longer; and what the load allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lingting.domain import Audio, Event, RecognizeOptions

__all__ = ["Ask", "AskKind", "Drop", "Output", "Pace"]


class AskKind(Enum):
    DRAFT = "draft"
    """For a partial; may be dropped for a newer one."""
    FINAL = "final"
    """For a final, or for what will be one if the silence lasts."""


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """Recognise these samples."""

    number: int
    kind: AskKind
    segment: int
    audio: Audio
    options: RecognizeOptions


@dataclass(frozen=True, slots=True)
class Drop:
    """An ask that nobody waits for any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Pace:
    """What the load allows."""

    drafts: bool = True
    least_interval_seconds: float = 0.0
    """Between two drafts of a segment."""
    guesses: bool = True
    """Asking for a final before the segment is surely over."""


Output = Event | Ask | Drop

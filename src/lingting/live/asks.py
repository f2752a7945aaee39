"""What a session wants done, beside what it says: sound recognised, or no longer; and what the load allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from lingting.domain import Audio, Effort, Event, RecognizeOptions

__all__ = ["Ask", "AskKind", "Drop", "Foreseen", "Output", "Pace", "for_draft", "for_final"]


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


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the final of the open segment will say if the silence lasts, before it has."""

    segment: int
    text: str
    """Empty where the silence has not lasted, or nothing was said."""
    language: str = ""


Output = Event | Ask | Drop | Foreseen


def for_final(wished: RecognizeOptions, language: str | None) -> RecognizeOptions:
    """How what will be a final is recognised: once, since somebody waits for it."""
    return replace(wished, language=language, temperatures=wished.temperatures[:1], effort=Effort.LIVE)


def for_draft(wished: RecognizeOptions, language: str | None) -> RecognizeOptions:
    """The same of a draft, as cheaply as can be."""
    once = wished.temperatures[:1]
    return replace(wished, language=language, temperatures=once, effort=Effort.DRAFT, beam_size=1, word_times=False)

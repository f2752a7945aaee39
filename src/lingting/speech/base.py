"""What a voice engine is: it says what voices it has, and turns a clause into sound, block by block, in a thread."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lingting.domain import Samples

__all__ = ["Style", "VoiceEngine", "VoiceInfo"]


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """One voice that callers can name."""

    name: str
    engine: str
    languages: tuple[str, ...]
    """The one it was made for comes first."""
    note: str = ""
    """For people who choose."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a clause is to be said."""

    language: str
    """One of the voice's."""
    speed: float = 1.0
    """1 is the voice's own pace, 2 twice as fast."""
    is_urgent: bool = False
    """Whether somebody waits for its first sound, which may then cost something of the quality."""

    @property
    def manner(self) -> tuple[str, float]:
        """What its sound depends on, but for little."""
        return self.language, self.speed


class VoiceEngine(Protocol):
    """Holds weights or finds a program; cheap to make, as nothing is loaded before it is needed."""

    voices: Sequence[VoiceInfo]
    version: str
    """Changes when the same words come to sound otherwise."""
    rate_hz: int
    is_quick: bool
    """Whether whole sentences come at once, so that cutting at commas would win nothing."""
    threads: int
    """How many clauses it can say at the same time."""
    may_pause: bool
    """Whether a clause can be left between two blocks while others are said, in any order."""

    def warm_up(self) -> None:
        """Load what the first clause would wait for.

        raises    EngineUnavailable
        """
        ...

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        """Say a clause, whose numbers are in words already; blocking. Closing the iterator ends the work.

        raises    EngineFailed, EngineUnavailable
        """
        ...

    def close(self) -> None: ...

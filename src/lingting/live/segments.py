"""What a session remembers of a segment from its beginning to its final, and of the client's commits."""

from __future__ import annotations

from dataclasses import dataclass, field

from lingting.domain import StreamOptions
from lingting.domain.errors import LingtingError
from lingting.live.answers import Spoken
from lingting.live.stabilizer import Stabilizer

__all__ = ["CommitMark", "LiveSegment"]


@dataclass(slots=True, eq=False)
class LiveSegment:
    """One segment from its beginning to its final."""

    number: int
    start: int
    options: StreamOptions
    end: int | None = None
    """Bare end of its speech; None while it is open."""
    arrived_seconds: float = 0.0
    """When its last sound came, by the driver's clock."""
    stabilizer: Stabilizer = field(default_factory=Stabilizer)
    language: str = ""
    draft: int | None = None
    """The draft in hand."""
    drafted_to: int = 0
    guess: int | None = None
    """The ask whose answer becomes the final if the pause lasts."""
    guess_end: int = 0
    guess_answer: Spoken | LingtingError | None = None
    outcome: Spoken | LingtingError | None = None


@dataclass(frozen=True, slots=True)
class CommitMark:
    number: int
    start: int
    end: int

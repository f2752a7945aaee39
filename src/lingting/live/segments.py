"""What a session remembers of a segment from its beginning to its final, and of the client's commits."""

from __future__ import annotations

from dataclasses import dataclass, field

from lingting.domain import SAMPLE_RATE_HZ, Final, SegmentFailed, StreamOptions
from lingting.domain.errors import LingtingError
from lingting.live.answers import Spoken
from lingting.live.stabilizer import Stabilizer

__all__ = ["CommitMark", "LiveSegment", "last_word"]


@dataclass(slots=True, eq=False)
class LiveSegment:
    """One segment from its beginning to its final."""

    number: int
    start: int
    options: StreamOptions
    end: int | None = None
    """Bare end of its speech; None while it is open."""
    is_cut: bool = False
    """Speech goes on there, without a pause."""
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

    @property
    def span_seconds(self) -> tuple[float, float]:
        """Of one that is over."""
        assert self.end is not None
        return self.start / SAMPLE_RATE_HZ, self.end / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class CommitMark:
    number: int
    start: int
    end: int


def last_word(
    segment: LiveSegment, heard: Spoken | LingtingError, *, seq: int, now_seconds: float
) -> Final | SegmentFailed:
    """What is said of a segment last."""
    start_seconds, end_seconds = segment.span_seconds
    if isinstance(heard, LingtingError):
        return SegmentFailed(
            seq, segment.number, start_seconds, end_seconds, heard.code, heard.message, heard.retryable
        )
    return Final(
        seq=seq,
        segment=segment.number,
        start_seconds=start_seconds,
        end_seconds=end_seconds,
        text=heard.text,
        language=heard.language,
        language_probability=heard.language_probability,
        words=heard.words,
        avg_logprob=heard.avg_logprob,
        stable=segment.stabilizer.stable,
        suppressed=heard.suppressed,
        redacted=heard.redacted,
        corrections=heard.corrections,
        engine=heard.engine,
        model=heard.model,
        attempts=heard.attempts,
        mood=heard.mood,
        lag_seconds=max(0.0, now_seconds - segment.arrived_seconds),
    )

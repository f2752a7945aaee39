"""What a live session may say, in the order in which it says it.

Every event has `seq`, which rises by one, and where it is about speech, `segment`, counted from 1. Times are seconds
from the start of the session's audio. A segment goes: SpeechStarted, any number of Partial, SpeechEnded, then exactly
one of Final and SegmentFailed; finals come in the order of their segments, though the next one may have begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lingting.domain.hotwords import Correction
from lingting.domain.mood import Mood
from lingting.domain.redaction import Redacted
from lingting.domain.transcript import Word

__all__ = [
    "CloseReason",
    "Closed",
    "Committed",
    "Event",
    "Final",
    "Notice",
    "NoticeKind",
    "Partial",
    "SegmentFailed",
    "SpeechEnded",
    "SpeechStarted",
]


class NoticeKind(StrEnum):
    """What a client should know of the service it gets."""

    LAGGING = "lagging"
    """Finals come late; `lag_seconds` says how late."""
    PARTIALS_SLOWED = "partials_slowed"
    PARTIALS_STOPPED = "partials_stopped"
    BACKLOG = "backlog"
    """Audio comes faster than it can be recognised; the socket is read more slowly until that is over."""
    RECOVERED = "recovered"


class CloseReason(StrEnum):
    """Why a session ended; nothing follows."""

    FINISHED = "finished"
    """The client said so, and every final was given."""
    IDLE = "idle"
    """No audio came for too long."""
    SILENT = "silent"
    """Nobody began to speak in the time that its protocol gives."""
    TOO_LONG = "too_long"
    QUOTA_EXCEEDED = "quota_exceeded"
    """Its owner has used up what it may have of audio; what was heard before was recognised."""
    ABANDONED = "abandoned"
    """Its client left and did not come back in time."""
    SHUTTING_DOWN = "shutting_down"
    UNDECODABLE = "undecodable"
    """Its audio could not be decoded; what was said before was recognised."""
    FAILED = "failed"
    """Something broke here."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak."""

    seq: int
    segment: int
    start_seconds: float
    """With the sound kept before it (`VadOptions.pad_seconds`)."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The segment is over; its final follows."""

    seq: int
    segment: int
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Partial:
    """What the open segment seems to say; each replaces the one before."""

    seq: int
    segment: int
    start_seconds: float
    end_seconds: float
    """How far it has heard."""
    stable: str
    """What two hypotheses in a row agree on. Within a segment it only grows."""
    tail: str
    """What may still change, with the space before it."""
    language: str

    @property
    def text(self) -> str:
        return self.stable + self.tail


@dataclass(frozen=True, slots=True)
class Final:
    """What the segment says."""

    seq: int
    segment: int
    start_seconds: float
    end_seconds: float
    text: str
    """Empty when nothing was said that should be shown; `suppressed` has the reason."""
    language: str
    language_probability: float = 1.0
    words: tuple[Word, ...] = ()
    """Times from the start of the session's audio; empty unless asked for."""
    avg_logprob: float = 0.0
    stable: str = ""
    """The last stable text that was shown of it; the final may differ from it, being decoded with more care."""
    suppressed: str | None = None
    redacted: tuple[Redacted, ...] = ()
    """What was hidden in it."""
    corrections: tuple[Correction, ...] = ()
    """Where a hotword was written instead of what was heard."""
    mood: Mood | None = None
    """None unless asked for, and in languages that have none."""
    engine: str = ""
    model: str = ""
    """Who recognised it, where there is a choice."""
    attempts: tuple[str, ...] = ()
    """What was tried before, and why it did not stand."""
    lag_seconds: float = 0.0
    """Wall time from the moment that the segment was over, its closing silence included, to this answer."""


@dataclass(frozen=True, slots=True)
class SegmentFailed:
    """The segment could not be recognised; the session goes on."""

    seq: int
    segment: int
    start_seconds: float
    end_seconds: float
    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """All speech up to the client's `commit` has had its final."""

    seq: int
    number: int
    """Of the commit, counted from 1."""
    start_seconds: float
    """Where the audio of this commit began: the end of the one before."""
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """The service got worse or better; nothing is lost."""

    seq: int
    kind: NoticeKind
    lag_seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The session has ended; the last event."""

    seq: int
    reason: CloseReason
    audio_seconds: float
    """How much audio it took in."""
    message: str = ""


Event = SpeechStarted | SpeechEnded | Partial | Final | SegmentFailed | Committed | Notice | Closed

"""What a server says of live speech, as its client hears it. Times are seconds from the start of the stream's audio.

They run on when the connection is lost and also when another session had to be begun, as do the numbers of segments.
"""

from __future__ import annotations

from dataclasses import dataclass

from lingting.domain import Word

__all__ = [
    "AudioLost",
    "Committed",
    "Disconnected",
    "Ended",
    "Event",
    "Final",
    "Notice",
    "Partial",
    "Ready",
    "Refused",
    "SegmentError",
    "SessionRestarted",
    "SpeechStarted",
    "SpeechStopped",
]


@dataclass(frozen=True, slots=True)
class Ready:
    """The server listens: at first, and again after each lost connection."""

    session: str
    resumed: bool = False
    """The session that was there before goes on."""
    received_seconds: float = 0.0
    text: str = ""
    """What the open segment seems to say."""
    ignored: tuple[str, ...] = ()
    """Options that the server does not know."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak."""

    segment: int
    start_seconds: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The segment is over; its final follows."""

    segment: int
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Partial:
    """What the open segment seems to say; each replaces the one before."""

    segment: int
    start_seconds: float
    end_seconds: float
    text: str
    stable: str
    """The beginning of `text` that is unlikely to change; within a segment it only grows."""
    language: str = ""

    @property
    def tail(self) -> str:
        """What may still change, with the space before it."""
        return self.text.removeprefix(self.stable)


@dataclass(frozen=True, slots=True)
class Final:
    """What the segment says; given once, in the order of the segments."""

    segment: int
    start_seconds: float
    end_seconds: float
    text: str
    """Empty when nothing was said that should be shown; `suppressed` has the reason."""
    language: str = ""
    language_probability: float = 1.0
    confidence: float = 1.0
    """Mean probability of a token, 0..1."""
    words: tuple[Word, ...] = ()
    """With the spaces before them; empty when they were not asked for."""
    suppressed: str | None = None
    lag_seconds: float = 0.0
    """What the server took from the end of the segment, its closing silence included, to this answer."""


@dataclass(frozen=True, slots=True)
class SegmentError:
    """The segment could not be recognised; the stream goes on."""

    segment: int
    start_seconds: float
    end_seconds: float
    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """All speech up to a commit has had its final."""

    number: int
    """Of the commit, counted from 1."""
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """The service got worse or better; nothing is lost."""

    kind: str
    """lagging, partials_slowed, partials_stopped, backlog or recovered."""
    lag_seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server did not take a message; the stream goes on."""

    code: str
    message: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection was lost; it is made again after `retry_seconds`."""

    reason: str
    retry_seconds: float


@dataclass(frozen=True, slots=True)
class SessionRestarted:
    """The session could not be resumed, and another one took its place.

    What was not final is heard again; partials of a segment without a final are void.
    """

    reason: str
    from_seconds: float
    """From where on the audio is heard again."""


@dataclass(frozen=True, slots=True)
class AudioLost:
    """The outage was longer than what is kept of the audio; silence stands in its place, so that times run on."""

    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer to `finish`: every final has been given. The last event."""

    text: str
    """All finals together."""
    audio_seconds: float


Event = (
    Ready
    | SpeechStarted
    | SpeechStopped
    | Partial
    | Final
    | SegmentError
    | Committed
    | Notice
    | Refused
    | Disconnected
    | SessionRestarted
    | AudioLost
    | Ended
)

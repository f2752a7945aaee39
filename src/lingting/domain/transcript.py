"""What was said: words, segments, transcripts. Times are seconds from the start of the audio."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lingting.domain.hotwords import Correction
from lingting.domain.mood import Mood
from lingting.domain.redaction import Redacted

__all__ = [
    "Hypothesis",
    "Progress",
    "Segment",
    "Suppression",
    "Transcript",
    "Word",
    "channel_label",
    "join_texts",
    "speaker_label",
]


@dataclass(frozen=True, slots=True)
class Word:
    """One word (or CJK character group) and when it was said."""

    text: str
    """As written, with the space that precedes it in Latin scripts and its punctuation."""
    start_seconds: float
    end_seconds: float
    probability: float
    tokens: tuple[int, ...] = ()
    """The engine's own tokens for it; empty where the engine has none."""

    def moved(self, by_seconds: float, *, at_most_seconds: float) -> Word:
        """The same word later, its times not past the end of the audio it is in."""
        start_seconds = min(self.start_seconds + by_seconds, at_most_seconds)
        end_seconds = min(self.end_seconds + by_seconds, at_most_seconds)
        return replace(self, start_seconds=start_seconds, end_seconds=end_seconds)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What an engine answers for one piece of audio; times are relative to that piece."""

    text: str
    language: str
    language_probability: float = 1.0
    """1.0 when the caller gave the language."""
    words: tuple[Word, ...] = ()
    """Empty unless word times were asked for."""
    tokens: tuple[int, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    temperature: float = 0.0
    window_seconds: float = 0.0
    """How much audio the encoder was fed, padding included; 0 where the engine has no window."""
    attempts: tuple[str, ...] = ()
    """Why each earlier answer was thrown away, in order; empty when the first one stood. Of a draft, which is not
    tried again, what the engine itself holds against it."""
    engine: str = ""
    """Who gave it, where there is a choice; engines themselves leave it to the router."""
    model: str = ""
    is_substitute: bool = False
    """Another model was to answer, and could not."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech with its text, as the caller sees it."""

    id: int
    start_seconds: float
    end_seconds: float
    text: str
    language: str
    words: tuple[Word, ...] = ()
    tokens: tuple[int, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    temperature: float = 0.0
    channel: int | None = None
    """Set when channels were split; counted from 0."""
    speaker: str | None = None
    """Who says it: what the caller named its channel, or else "Channel 1"; by voice, "Speaker 1". None where neither
    channels nor voices were told apart."""
    mood: Mood | None = None
    """None unless asked for, and in languages that have none."""
    redacted: tuple[Redacted, ...] = ()
    """What was hidden in it; in order."""
    is_cut: bool = False
    """Speech went on at its end, without a pause."""
    corrections: tuple[Correction, ...] = ()
    """Where a hotword was written instead of what was heard; in order."""

    @property
    def voice(self) -> str | None:
        """The name shown for who says it: the speaker, or the channel counted from 1."""
        return self.speaker or (None if self.channel is None else channel_label(self.channel))


def channel_label(channel: int) -> str:
    """What a channel without a name is called; channels count from 0, their labels from 1."""
    return f"Channel {channel + 1}"


def speaker_label(speaker: int) -> str:
    """What a person is called who is known by voice only; they count from 0, in the order in which they are heard."""
    return f"Speaker {speaker + 1}"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Text that the guard judged invented, and why."""

    start_seconds: float
    end_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work on one file has come, in seconds of its audio."""

    done_seconds: float
    total_seconds: float | None
    """None while the length is not known."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The whole answer for one recording."""

    segments: tuple[Segment, ...]
    language: str
    duration_seconds: float
    language_probability: float = 1.0
    speech_seconds: float = 0.0
    """What the voice detector let through."""
    suppressed: tuple[Suppression, ...] = ()
    engine: str = ""
    model: str = ""
    attempts: tuple[str, ...] = ()
    is_substitute: bool = False
    """Of some of it, another model was to answer, and could not."""

    @property
    def text(self) -> str:
        return join_texts(segment.text for segment in self.segments)

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for segment in self.segments for word in segment.words)


def join_texts(texts: Iterable[str]) -> str:
    """Put pieces of text together: a space between Latin ones, none beside CJK."""
    joined = ""
    for text in (part.strip() for part in texts):
        if not text:
            continue
        glued = not joined or _is_cjk(joined[-1]) or _is_cjk(text[0])
        joined += text if glued else f" {text}"
    return joined


def _is_cjk(character: str) -> bool:
    """True for scripts written without spaces, and for their full-width marks. Source: Unicode blocks."""
    return any(low <= character <= high for low, high in _UNSPACED)


_UNSPACED = (
    ("\u3000", "\u30ff"),  # CJK marks, hiragana, katakana
    ("\u3400", "\u9fff"),  # ideographs
    ("\uf900", "\ufaff"),  # compatibility ideographs
    ("\uff00", "\uffef"),  # full-width forms
    ("\U00020000", "\U0003ffff"),  # further ideographs
)

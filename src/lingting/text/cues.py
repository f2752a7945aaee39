"""Cuts a transcript into subtitle cues: short enough to read, cut where a reader would pause.

Pure. Every word is in exactly one cue, in order. Cues of one voice never overlap and stay inside the audio;
different voices may speak at the same time. What the cues look like on disk is left to `subtitles`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lingting.domain import Segment, Transcript
from lingting.domain.errors import InvalidOption
from lingting.text.cue_cuts import CueLimits, cut
from lingting.text.pieces import Piece, columns, is_wide, pieces_of

__all__ = ["Cue", "SubtitleOptions", "cues_of"]

_WIDE_SHARE = 0.3
"""Of the columns; from here on a text is set to the line length of wide scripts."""


@dataclass(frozen=True, slots=True)
class SubtitleOptions:
    """How long lines and cues may be."""

    max_seconds: float = 7.0
    """Longer cues are split. Source: the usual broadcasters' guideline."""
    min_seconds: float = 1.0
    """Shorter cues stay on screen this long where the next one leaves room."""
    max_lines: int = 2
    latin_columns: int = 42
    """Characters on a line of a spaced script."""
    wide_columns: int = 36
    """Columns on a line of Chinese or Japanese: 18 full-width characters."""
    highlight_words: bool = False
    """Mark each word while it is said, where the transcript has word times."""

    def __post_init__(self) -> None:
        _within("subtitle_max_seconds", self.max_seconds, 1.0, 60.0)
        _within("subtitle_min_seconds", self.min_seconds, 0.0, self.max_seconds)
        _within("subtitle_max_lines", self.max_lines, 1, 3)
        _within("subtitle_latin_columns", self.latin_columns, 10, 200)
        _within("subtitle_wide_columns", self.wide_columns, 10, 200)


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at once, and when."""

    start_ms: int
    end_ms: int
    """Always after the start."""
    lines: tuple[tuple[Piece, ...], ...]
    voice: str | None = None
    """Who speaks; None where the transcript does not tell voices apart."""
    has_word_times: bool = False
    """False where the times of its pieces are only shared out."""


def cues_of(transcript: Transcript, options: SubtitleOptions) -> list[Cue]:
    """The cues of a transcript in the order they appear.

    keeps     every word, once, in order; times inside the audio
    """
    limit_ms = round(transcript.duration_seconds * 1000)
    if limit_ms <= 0:
        limit_ms = max((round(segment.end_seconds * 1000) for segment in transcript.segments), default=0)
    voices: dict[str | None, list[Cue]] = {}
    for segment in sorted(transcript.segments, key=lambda segment: segment.start_seconds):
        voices.setdefault(segment.voice, []).extend(_segment_cues(segment, options, limit_ms))
    settled = [cue for cues in voices.values() for cue in _settle(cues, options, limit_ms)]
    return sorted(settled, key=lambda cue: cue.start_ms)


def _segment_cues(segment: Segment, options: SubtitleOptions, limit_ms: int) -> Iterable[Cue]:
    width = _line_columns(segment.text, options)
    max_ms = round(options.max_seconds * 1000)
    limits = CueLimits(width, options.max_lines, max_ms, round(options.min_seconds * 1000))
    pieces = pieces_of(segment, limit_ms=limit_ms, max_columns=width)
    for lines in cut(pieces, limits):
        first, last = lines[0][0], lines[-1][-1]
        yield Cue(
            start_ms=first.start_ms,
            end_ms=min(last.end_ms, first.start_ms + max_ms),
            lines=lines,
            voice=segment.voice,
            has_word_times=bool(segment.words),
        )


def _line_columns(text: str, options: SubtitleOptions) -> int:
    wide = sum(2 for character in text if is_wide(character))
    return options.wide_columns if wide > _WIDE_SHARE * columns(text) else options.latin_columns


def _settle(cues: Sequence[Cue], options: SubtitleOptions, limit_ms: int) -> list[Cue]:
    """Give each cue of one voice a time of its own: at least a millisecond, none shared, none past the end."""
    starts: list[int] = []
    for cue in cues:
        starts.append(max(cue.start_ms, starts[-1] + 1 if starts else 0))
    settled: list[Cue] = []
    free_until_ms = max(limit_ms, len(cues))
    for cue, start_ms in zip(reversed(cues), reversed(starts), strict=True):
        end_ms = min(max(cue.end_ms, start_ms + round(options.min_seconds * 1000), start_ms + 1), free_until_ms)
        free_until_ms = min(start_ms, end_ms - 1)
        settled.append(replace(cue, start_ms=free_until_ms, end_ms=end_ms))
    return settled[::-1]


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidOption(name, f"{value} is outside {low} to {high}")

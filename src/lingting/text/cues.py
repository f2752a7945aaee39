"""Cuts a transcript into subtitle cues: short enough to read, cut where a reader would pause.

Pure. Every word is in exactly one cue, in order. Cues of one voice never overlap and stay inside the audio;
different voices may speak at the same time. What the cues look like on disk is left to `subtitles`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lingting.domain import Segment, Transcript
from lingting.domain.errors import InvalidOption
from lingting.text.pieces import Piece, columns, is_wide, pieces_of

__all__ = ["Cue", "SubtitleOptions", "cues_of", "voice_of"]

_SENTENCE_MARKS = frozenset(".!?\u2026\u3002\uff01\uff1f")
_CLAUSE_MARKS = frozenset(",;:\uff0c\uff1b\uff1a\u3001\u2014")
_CLOSING = "\"'\u2019\u201d)]\u300d\u300f\u300b\uff09 "

_WIDE_SHARE = 0.3
"""Of the columns; from here on a text is set to the line length of wide scripts."""
_CUE_COST = 1.0
_EMPTINESS_COST = 0.5
_LATE_COST = 3.0
"""For each long pause inside a cue: its second half would show before it is said."""
_SENTENCE_INSIDE_COST = 0.4
_HURRIED_COST = 1.0
_ORPHAN_COST = 8.0
"""A cue or line of one character: worse than any other place to cut."""
_MID_WORD_COST = 4.0
_PLAIN_BREAK_COST = 1.0
_CLAUSE_COST = 0.25
_PAUSES = ((600, 0.1), (300, 0.4))
"""Milliseconds of silence, and what a cut there costs. Chinese from Whisper often has pauses for marks."""
_LONG_PAUSE_MS = 1_000


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
        voices.setdefault(voice_of(segment), []).extend(_segment_cues(segment, options, limit_ms))
    settled = [cue for cues in voices.values() for cue in _settle(cues, options, limit_ms)]
    return sorted(settled, key=lambda cue: cue.start_ms)


def voice_of(segment: Segment) -> str | None:
    """The name shown for a segment's speaker: its label, or its channel counted from 1."""
    if segment.speaker:
        return segment.speaker
    return None if segment.channel is None else f"Channel {segment.channel + 1}"


def _segment_cues(segment: Segment, options: SubtitleOptions, limit_ms: int) -> Iterable[Cue]:
    width = _line_columns(segment.text, options)
    pieces = pieces_of(segment, limit_ms=limit_ms, max_columns=width)
    for start, end in _cut_into_cues(pieces, width, options):
        part = pieces[start:end]
        yield Cue(
            start_ms=part[0].start_ms,
            end_ms=min(part[-1].end_ms, part[0].start_ms + round(options.max_seconds * 1000)),
            lines=_cut_into_lines(part, width),
            voice=voice_of(segment),
            has_word_times=bool(segment.words),
        )


def _line_columns(text: str, options: SubtitleOptions) -> int:
    wide = sum(2 for character in text if is_wide(character))
    return options.wide_columns if wide > _WIDE_SHARE * columns(text) else options.latin_columns


def _cut_into_cues(pieces: Sequence[Piece], width: int, options: SubtitleOptions) -> list[tuple[int, int]]:
    """The cheapest way to cut, by dynamic programming over the places a cue may end.

    cost      as many steps for each piece as pieces fit into one cue
    """
    best = [0.0] + [math.inf] * len(pieces)
    came_from = [0] * (len(pieces) + 1)
    for start in range(len(pieces)):
        for end, inside in _reachable(pieces, start, width, options):
            cost = best[start] + inside + _break_cost(pieces, end)
            if cost < best[end]:
                best[end], came_from[end] = cost, start
    return _walk_back(came_from)


def _reachable(
    pieces: Sequence[Piece], start: int, width: int, options: SubtitleOptions
) -> Iterable[tuple[int, float]]:
    """Each end a cue from `start` may have, with what the cue costs in itself."""
    capacity = width * options.max_lines
    lines, line, total, inside = 1, "", 0, _CUE_COST
    for end in range(start + 1, len(pieces) + 1):
        piece = pieces[end - 1]
        duration_ms = piece.end_ms - pieces[start].start_ms
        if columns((line + piece.text).strip()) > width:
            lines, line = lines + 1, ""
        if end > start + 1:
            if lines > options.max_lines or duration_ms > options.max_seconds * 1000:
                return
            inside += _inside_cost(pieces[end - 2], piece)
        line += piece.text
        total += columns(piece.text)
        cost = inside + _EMPTINESS_COST * (1 - total / capacity) ** 2
        cost += _HURRIED_COST if duration_ms < options.min_seconds * 1000 else 0.0
        yield end, cost + _orphan_cost(pieces[start:end])


def _cut_into_lines(pieces: Sequence[Piece], width: int) -> tuple[tuple[Piece, ...], ...]:
    """The fewest lines that hold the pieces, about equally long, cut at marks where possible."""
    # costs compare number of lines first, then their looks
    best: list[tuple[int, float]] = [(0, 0.0)] + [(len(pieces) + 1, 0.0)] * len(pieces)
    came_from = [0] * (len(pieces) + 1)
    for start in range(len(pieces)):
        text = ""
        for end in range(start + 1, len(pieces) + 1):
            text += pieces[end - 1].text
            used = columns(text.strip())
            if used > width and end > start + 1:
                break
            looks = (1 - used / width) ** 2 + _break_cost(pieces, end) / 4 + _orphan_cost(pieces[start:end])
            cost = (best[start][0] + 1, best[start][1] + looks)
            if cost < best[end]:
                best[end], came_from[end] = cost, start
    return tuple(tuple(pieces[start:end]) for start, end in _walk_back(came_from))


def _walk_back(came_from: Sequence[int]) -> list[tuple[int, int]]:
    ranges = []
    end = len(came_from) - 1
    while end > 0:
        ranges.append((came_from[end], end))
        end = came_from[end]
    return ranges[::-1]


def _break_cost(pieces: Sequence[Piece], end: int) -> float:
    """How much a reader minds a cut after `end` pieces."""
    if end == len(pieces):
        return 0.0
    before, after = pieces[end - 1], pieces[end]
    mark = before.text.rstrip(_CLOSING)[-1:]
    if mark in _SENTENCE_MARKS and mark:
        return 0.0
    if not after.text.startswith(" ") and not is_wide(before.text[-1]) and not is_wide(after.text[0]):
        return _MID_WORD_COST
    costs = [cost for pause_ms, cost in _PAUSES if after.start_ms - before.end_ms >= pause_ms]
    return min([*costs, _CLAUSE_COST if mark in _CLAUSE_MARKS and mark else _PLAIN_BREAK_COST])


def _inside_cost(before: Piece, after: Piece) -> float:
    cost = _LATE_COST if after.start_ms - before.end_ms >= _LONG_PAUSE_MS else 0.0
    mark = before.text.rstrip(_CLOSING)[-1:]
    return cost + (_SENTENCE_INSIDE_COST if mark in _SENTENCE_MARKS and mark else 0.0)


def _orphan_cost(part: Sequence[Piece]) -> float:
    letters = sum(character.isalnum() for piece in part[:2] for character in piece.text)
    return _ORPHAN_COST if letters <= 1 else 0.0


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

"""Where to cut a run of pieces into cues and lines, so that a reader minds least.

Pure. Both cuts are shortest paths over the places a cut may fall; what makes a place good or bad is in the costs
below, which only mean something beside each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lingting.text.pieces import Piece, columns, is_wide
from lingting.text.sentence_ends import ends_sentence

__all__ = ["CueLimits", "Lines", "cut"]

Lines = tuple[tuple[Piece, ...], ...]

_CLAUSE_MARKS = frozenset(",;:\uff0c\uff1b\uff1a\u3001\u2014")
_CLOSING = "\"'\u2019\u201d)]\u300d\u300f\u300b\uff09 "

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
_LINE_BREAK_SHARE = 0.25
"""A bad cut between two lines of one cue is less of a nuisance than between cues."""


@dataclass(frozen=True, slots=True)
class CueLimits:
    """What one cue may hold."""

    line_columns: int
    max_lines: int
    max_ms: int
    min_ms: int
    """Shorter cues are avoided, not forbidden."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A piece with all that the search asks about it many times."""

    piece: Piece
    columns: int
    """Without the space that precedes it."""
    space: int
    """Columns of that space."""
    letters: int
    break_cost: float
    """Of a cut after it; 0 at the end."""
    inside_cost: float
    """Of going on after it in the same cue."""


def cut(pieces: Sequence[Piece], limits: CueLimits) -> list[Lines]:
    """The cues of one segment, each as its lines.

    keeps     every piece, once, in order; a piece that alone breaks a limit is a cue of its own
    cost      as many steps for each piece as pieces fit into one cue
    """
    measured = [_measure(pieces, i) for i in range(len(pieces))]
    best = [0.0] + [math.inf] * len(pieces)
    came_from = [0] * (len(pieces) + 1)
    for start in range(len(pieces)):
        for end, cost in _cues_from(measured, start, limits):
            if best[start] + cost < best[end]:
                best[end], came_from[end] = best[start] + cost, start
    return [_cut_into_lines(measured[start:end], limits.line_columns) for start, end in _ranges(came_from)]


def _cues_from(measured: Sequence[_Measured], start: int, limits: CueLimits) -> Iterable[tuple[int, float]]:
    """Each end that a cue from `start` may have, and what that cue costs with the cut after it."""
    capacity = limits.line_columns * limits.max_lines
    lines, line, total, letters, inside = 1, 0, 0, 0, _CUE_COST
    for end in range(start + 1, len(measured) + 1):
        part = measured[end - 1]
        length_ms = part.piece.end_ms - measured[start].piece.start_ms
        line += part.columns + (part.space if line else 0)
        if line > limits.line_columns:
            lines, line = lines + 1, part.columns
        if end > start + 1:
            if lines > limits.max_lines or length_ms > limits.max_ms:
                return
            inside += measured[end - 2].inside_cost
        total += part.columns + part.space
        letters += part.letters
        cost = inside + part.break_cost + _EMPTINESS_COST * (1 - total / capacity) ** 2
        cost += _HURRIED_COST if length_ms < limits.min_ms else 0.0
        yield end, cost + (_ORPHAN_COST if letters <= 1 else 0.0)


def _cut_into_lines(measured: Sequence[_Measured], line_columns: int) -> Lines:
    """The fewest lines that hold the pieces, about equally long, cut at marks where possible."""
    best: list[tuple[int, float]] = [(0, 0.0)] + [(len(measured) + 1, 0.0)] * len(measured)
    came_from = [0] * (len(measured) + 1)
    for start in range(len(measured)):
        line, letters = 0, 0
        for end in range(start + 1, len(measured) + 1):
            part = measured[end - 1]
            line += part.columns + (part.space if line else 0)
            letters += part.letters
            if line > line_columns and end > start + 1:
                break
            break_cost = part.break_cost if end < len(measured) else 0.0
            looks = (1 - line / line_columns) ** 2 + break_cost * _LINE_BREAK_SHARE
            looks += _ORPHAN_COST if letters <= 1 else 0.0
            cost = (best[start][0] + 1, best[start][1] + looks)
            if cost < best[end]:
                best[end], came_from[end] = cost, start
    return tuple(tuple(part.piece for part in measured[start:end]) for start, end in _ranges(came_from))


def _ranges(came_from: Sequence[int]) -> list[tuple[int, int]]:
    """The path from the end back to the beginning, as ranges in order."""
    ranges = []
    end = len(came_from) - 1
    while end > 0:
        ranges.append((came_from[end], end))
        end = came_from[end]
    return ranges[::-1]


def _measure(pieces: Sequence[Piece], index: int) -> _Measured:
    piece = pieces[index]
    after = pieces[index + 1] if index + 1 < len(pieces) else None
    text = piece.text.lstrip(" ")
    return _Measured(
        piece=piece,
        columns=columns(text),
        space=len(piece.text) - len(text),
        letters=sum(character.isalnum() for character in text),
        break_cost=0.0 if after is None else _break_cost(piece, after),
        inside_cost=0.0 if after is None else _inside_cost(piece, after),
    )


def _last_mark(text: str) -> str:
    return text.rstrip(_CLOSING)[-1:] or " "


def _break_cost(before: Piece, after: Piece) -> float:
    """How much a reader minds a cut between the two."""
    if ends_sentence(before.text, after.text):
        return 0.0
    if not after.text.startswith(" ") and not is_wide(before.text[-1]) and not is_wide(after.text[0]):
        return _MID_WORD_COST
    costs = [cost for pause_ms, cost in _PAUSES if after.start_ms - before.end_ms >= pause_ms]
    return min([*costs, _CLAUSE_COST if _last_mark(before.text) in _CLAUSE_MARKS else _PLAIN_BREAK_COST])


def _inside_cost(before: Piece, after: Piece) -> float:
    cost = _LATE_COST if after.start_ms - before.end_ms >= _LONG_PAUSE_MS else 0.0
    return cost + (_SENTENCE_INSIDE_COST if ends_sentence(before.text, after.text) else 0.0)

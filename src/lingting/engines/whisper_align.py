"""From the decoder's attention to words with times, relative to the clip.

Follows faster-whisper's add_word_timestamps: words by the language's own rules, marks glued to their
words, and no word at the edge of a sentence longer than twice the usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from lingting.domain import Word

__all__ = ["Alignment", "align_words"]

SECONDS_PER_STEP = 0.02
"""One encoder output: two frames of 10 ms."""
MAX_USUAL_SECONDS = 0.7
"""A median word longer than this is not believed."""
SENTENCE_ENDS = ".。!！?？"
GLUED_AHEAD = "\"'“¿([{-"
GLUED_BEHIND = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which token was said at which step, as the model sees it."""

    path: tuple[tuple[int, int], ...]
    """Pairs of token position and encoder step, both never falling."""
    token_probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    start_seconds: float
    end_seconds: float
    probability: float


def align_words(
    alignment: Alignment, words: Sequence[str], word_tokens: Sequence[Sequence[int]], *, clip_seconds: float
) -> tuple[Word, ...]:
    """Return the words with their times, inside 0..clip_seconds and never running backwards.

    words     the last is the end mark and is left out, as `Vocabulary.words` gives them
    """
    pieces = _timed(alignment, words, word_tokens)
    pieces = _glued_behind(_glued_ahead(_shortened(pieces)))
    return _within_clip(pieces, clip_seconds)


def _timed(alignment: Alignment, words: Sequence[str], word_tokens: Sequence[Sequence[int]]) -> list[_Piece]:
    first_steps: list[float] = []
    for token, step in alignment.path:
        if token == len(first_steps):
            first_steps.append(step * SECONDS_PER_STEP)
    if not first_steps:
        return []
    pieces, position = [], 0
    last = len(first_steps) - 1
    for word, tokens in zip(words[:-1], word_tokens[:-1], strict=True):
        after = position + len(tokens)
        probabilities = alignment.token_probabilities[position:after]
        pieces.append(
            _Piece(
                text=word,
                start_seconds=first_steps[min(position, last)],
                end_seconds=first_steps[min(after, last)],
                probability=fmean(probabilities) if probabilities else 0.0,
            )
        )
        position = after
    return pieces


def _shortened(pieces: list[_Piece]) -> list[_Piece]:
    """Cut what the model stretched over the pause at a sentence's edge, and before the first word."""
    lengths = [p.end_seconds - p.start_seconds for p in pieces if p.end_seconds > p.start_seconds]
    if not lengths:
        return pieces
    longest = 2 * min(MAX_USUAL_SECONDS, median(lengths))
    result = list(pieces)
    for i, piece in enumerate(pieces):
        if piece.end_seconds - piece.start_seconds <= longest:
            continue
        if piece.text in SENTENCE_ENDS:
            result[i] = replace(piece, end_seconds=piece.start_seconds + longest)
        elif i == 0 or pieces[i - 1].text in SENTENCE_ENDS:
            result[i] = replace(piece, start_seconds=piece.end_seconds - longest)
    return result


def _glued_ahead(pieces: list[_Piece]) -> list[_Piece]:
    result: list[_Piece] = []
    waiting = ""
    for piece in pieces:
        if piece.text.startswith(" ") and piece.text.strip() and piece.text.strip() in GLUED_AHEAD:
            waiting += piece.text
            continue
        result.append(replace(piece, text=waiting + piece.text))
        waiting = ""
    if waiting and result:
        result[-1] = replace(result[-1], text=result[-1].text + waiting)
    return result


def _glued_behind(pieces: list[_Piece]) -> list[_Piece]:
    result: list[_Piece] = []
    for piece in pieces:
        if result and piece.text.strip() in GLUED_BEHIND and not result[-1].text.endswith(" "):
            result[-1] = replace(result[-1], text=result[-1].text + piece.text)
        else:
            result.append(piece)
    return result


def _within_clip(pieces: list[_Piece], clip_seconds: float) -> tuple[Word, ...]:
    words, earliest = [], 0.0
    for piece in pieces:
        start = min(max(piece.start_seconds, earliest), clip_seconds)
        end = min(max(piece.end_seconds, start), clip_seconds)
        words.append(Word(piece.text, round(start, 2), round(end, 2), round(piece.probability, 4)))
        earliest = start
    return tuple(words)

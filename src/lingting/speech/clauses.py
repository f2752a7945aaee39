"""Cuts a text into pieces that are said one after the other, so that the first is heard while the rest is made. Pure.

Promises: the pieces put together are the text; none is longer than a voice can take at once; none but the last is so
short that it would be said without its neighbours' tune; the first ends at the first comma where that helps.
"""

from __future__ import annotations

import re

from lingting.text.sentence_ends import ends_sentence

__all__ = ["MAX_WEIGHT", "clauses"]

MAX_WEIGHT = 160
"""About eighty Chinese characters, twelve seconds of speech; Kokoro takes twice as many sounds."""
MIN_WEIGHT = 16
"""Shorter pieces join the next one."""
MIN_FIRST_WEIGHT = 5
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_CUT = re.compile(r"[。！？!?…]+[\"'”’」』）)]*\s*|[.]+[\"'”’)]*\s+|\n+|[，、；：]\s*|[,;:—]+\s+")
_SPACE = re.compile(r"\s+")


def clauses(text: str, *, eager: bool, is_start: bool = True) -> list[str]:
    """The text in pieces.

    eager       cut at commas, too; else at the ends of sentences only
    is_start    whether nothing was said before it; then the first piece may be short
    """
    pieces: list[str] = []
    held = ""
    for part, is_sentence in _parts(text):
        if held and _weight(held + part) > MAX_WEIGHT:
            pieces.append(held)
            held = ""
        held += part
        least = MIN_FIRST_WEIGHT if eager and is_start and not pieces else MIN_WEIGHT
        if (is_sentence or eager) and _weight(held) >= least:
            pieces.append(held)
            held = ""
    if held.strip():
        pieces.append(held)
    elif pieces:
        pieces[-1] += held
    return [short for piece in pieces for short in _shortened(piece)]


def _parts(text: str) -> list[tuple[str, bool]]:
    """What lies between marks, each with its mark, and whether a sentence ends there."""
    parts, begin = [], 0
    for mark in _CUT.finditer(text):
        before, after = text[begin : mark.end()], " " + text[mark.end() :]
        is_clause = mark[0][0] in "，、；：,;:—"
        if mark[0][0] == "." and not ends_sentence(before, after):
            continue
        parts.append((before, not is_clause))
        begin = mark.end()
    return [*parts, (text[begin:], True)] if text[begin:] else parts


def _weight(text: str) -> int:
    """Letters; a Chinese character counts as two, since it is said about as long."""
    return len(text) + len(_WIDE.findall(text))


def _shortened(piece: str) -> list[str]:
    """A piece without marks is cut at a space, or anywhere."""
    short: list[str] = []
    while _weight(piece) > MAX_WEIGHT:
        fits = len(piece)
        while _weight(piece[:fits]) > MAX_WEIGHT:
            fits -= max(1, (_weight(piece[:fits]) - MAX_WEIGHT) // 2)
        spaces = [space.end() for space in _SPACE.finditer(piece, 0, fits)]
        cut = spaces[-1] if spaces else fits
        short.append(piece[:cut])
        piece = piece[cut:]
    return [*short, piece]

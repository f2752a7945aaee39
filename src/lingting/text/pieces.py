"""Breaks a segment into the smallest parts a subtitle may be cut between, each with its time.

Pure. Times come from the words where they spell the text; else they are shared out by width, since a wide
character takes about as long to say as two narrow ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lingting.domain import Segment, Word

__all__ = ["Piece", "columns", "is_wide", "pieces_of", "plain_line"]

_OPENING = frozenset(
    "([{<\u2018\u201c\u3008\u300a\u300c\u300e\u3010\u3014\uff08\uff3b\uff5b\u00ab\u00bf\u00a1#$\uffe5\u00a3"
)
"""Marks that belong to what follows them; every other mark belongs to what it follows."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or one character of an unspaced script, with its marks."""

    text: str
    """With the space that precedes it."""
    start_ms: int
    end_ms: int


def columns(text: str) -> int:
    """The width of a text on a fixed grid: 2 for wide characters, 0 for combining ones. Source: UAX 11."""
    return sum(_character_columns(character) for character in text)


def _character_columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if is_wide(character) else 1


def is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def plain_line(text: str) -> str:
    """The text on one line: every run of white space is one space, control characters are gone."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cs"})
    return " ".join("".join(kept).split())


def pieces_of(segment: Segment, *, limit_ms: int, max_columns: int) -> list[Piece]:
    """The pieces of a segment in order; together they spell its text, and none is wider than a line.

    keeps     times inside 0..limit_ms, in order, without overlap
    """
    text = plain_line(segment.text)
    if not text:
        return []
    timed = _from_words(text, segment.words)
    if timed is None:
        whole = Piece(text, round(segment.start_seconds * 1000), round(segment.end_seconds * 1000))
        timed = _share_time(whole, _split_text(text))
    glued = _glue_marks(timed)
    narrow = [part for piece in glued for part in _narrow(piece, max_columns)]
    return list(_in_order(narrow, limit_ms))


def _from_words(text: str, words: Sequence[Word]) -> list[Piece] | None:
    """Lay the words over the text by their visible characters; None where they do not spell it."""
    spelled = [plain_line(word.text).replace(" ", "") for word in words]
    if "".join(spelled) != text.replace(" ", ""):
        return None
    pieces, position = [], 0
    for word, letters in zip(words, spelled, strict=True):
        start, left = position, len(letters)
        while left:
            left -= text[position] != " "
            position += 1
        if letters:
            pieces.append(Piece(text[start:position], round(word.start_seconds * 1000), round(word.end_seconds * 1000)))
    return pieces


def _split_text(text: str) -> list[str]:
    """Spaced words with the space before them, and wide characters one by one."""
    parts: list[str] = []
    for run in re.findall(r" ?[^ ]+", text):
        start = 0
        for i, character in enumerate(run):
            if is_wide(character) or (i and is_wide(run[i - 1])):
                parts.append(run[start:i])
                start = i
        parts.append(run[start:])
    return _carry_spaces([part for part in parts if part])


def _carry_spaces(parts: Sequence[str]) -> list[str]:
    """A space cut off before a wide character goes to that character."""
    carried: list[str] = []
    space = ""
    for part in parts:
        if part == " ":
            space = part
            continue
        carried.append(space + part)
        space = ""
    return carried


def _share_time(piece: Piece, parts: Sequence[str]) -> list[Piece]:
    total = max(columns("".join(parts)), 1)
    length_ms = piece.end_ms - piece.start_ms
    pieces, done = [], 0
    for part in parts:
        start_ms = piece.start_ms + length_ms * done // total
        done += columns(part)
        pieces.append(Piece(part, start_ms, piece.start_ms + length_ms * done // total))
    return pieces


def _glue_marks(pieces: Sequence[Piece]) -> list[Piece]:
    """No piece is a mark alone, so that no line begins with a comma or ends with an opening bracket."""
    glued: list[Piece] = []
    waiting: Piece | None = None
    for piece in pieces:
        joined = piece if waiting is None else Piece(waiting.text + piece.text, waiting.start_ms, piece.end_ms)
        waiting = None
        if any(character.isalnum() for character in joined.text):
            glued.append(joined)
        elif joined.text.strip()[-1] in _OPENING or not glued:
            waiting = joined
        else:
            glued[-1] = replace(glued[-1], text=glued[-1].text + joined.text, end_ms=joined.end_ms)
    if waiting is not None and glued:
        glued[-1] = replace(glued[-1], text=glued[-1].text + waiting.text, end_ms=waiting.end_ms)
    elif waiting is not None:
        glued.append(waiting)
    return glued


def _narrow(piece: Piece, max_columns: int) -> list[Piece]:
    """A piece wider than a line, such as a long address, in parts that fit."""
    if columns(piece.text.strip()) <= max_columns:
        return [piece]
    parts, part = [], ""
    for character in piece.text:
        if columns((part + character).strip()) > max_columns:
            parts.append(part)
            part = ""
        part += character
    return _share_time(piece, [*parts, part])


def _in_order(pieces: Sequence[Piece], limit_ms: int) -> Iterator[Piece]:
    reached_ms = 0
    for piece in pieces:
        start_ms = min(max(piece.start_ms, reached_ms), limit_ms)
        reached_ms = min(max(piece.end_ms, start_ms), limit_ms)
        yield Piece(piece.text, start_ms, reached_ms)

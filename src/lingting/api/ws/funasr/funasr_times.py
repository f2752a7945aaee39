"""Times of tokens and sentences as FunASR gives them: a token is a Chinese character, or a word of a spaced script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lingting.domain import Word
from lingting.live.stabilizer import units

__all__ = ["stamp_sentences", "timestamp", "tokens_of"]

Milliseconds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Token:
    """One of them, with the mark behind it."""

    text: str
    span_ms: Milliseconds
    mark: str = ""


def tokens_of(words: Sequence[Word]) -> list[Token]:
    """The words as tokens; those of one word share its time alike."""
    return [token for word in words for token in _tokens(word)]


def timestamp(tokens: Sequence[Token]) -> str:
    """Pairs of milliseconds, as JSON in a text."""
    return json.dumps([list(token.span_ms) for token in tokens], separators=(",", ":"))


def stamp_sentences(tokens: Sequence[Token]) -> list[dict[str, object]]:
    """The tokens, parted behind each mark."""
    made: list[dict[str, object]] = []
    open_tokens: list[Token] = []
    for token in tokens:
        open_tokens.append(token)
        if token.mark:
            made.append(_sentence(open_tokens))
            open_tokens = []
    return [*made, _sentence(open_tokens)] if open_tokens else made


def _sentence(tokens: Sequence[Token]) -> dict[str, object]:
    return {
        "text_seg": " ".join(token.text for token in tokens),
        "punc": tokens[-1].mark,
        "start": tokens[0].span_ms[0],
        "end": tokens[-1].span_ms[1],
        "ts_list": [list(token.span_ms) for token in tokens],
    }


def _tokens(word: Word) -> Iterator[Token]:
    parts = list(_parts(word.text))
    share_ms = (word.end_seconds - word.start_seconds) * 1_000 / max(1, len(parts))
    start_ms = word.start_seconds * 1_000
    for i, (text, mark) in enumerate(parts):
        yield Token(text, (round(start_ms + i * share_ms), round(start_ms + (i + 1) * share_ms)), mark)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What is said of a word, each with the mark behind it; marks before the first are left out."""
    said = ""
    for unit in (each.strip() for each in units(text)):
        inner = unit.strip("".join(sign for sign in unit if not sign.isalnum()))
        if not inner:
            if said:
                yield said, unit
            said = ""
            continue
        if said:
            yield said, ""
        said, mark = inner, unit[unit.rindex(inner[-1]) + 1 :]
        if mark:
            yield said, mark
            said = ""
    if said:
        yield said, ""

"""Writes numbers, dates, times, sums and units as people write them, where a recogniser gives them as they are said.

Chinese and English; other languages stay. Words go on spelling their segment: those that become one number are one
word. What is a number and what is not is in `itn_zh.py` and `itn_en.py`; both hold the conventions they follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lingting.domain import RecognizeOptions, Segment
from lingting.text.numbers.itn_en import edits_en
from lingting.text.numbers.itn_en_words import MONTHS, is_number_word, named
from lingting.text.numbers.itn_zh import edits_zh
from lingting.text.numbers.numerals_zh import NUMERALS
from lingting.text.realign import Edit, applied, rewritten
from lingting.text.script import CHINESE

__all__ = ["open_number", "rewrite_numbers", "to_written"]

_OPEN_ZH = f"{NUMERALS}点分之负零下年月日号块元毛角半到至比又第0123456789.,:%‰/-"
_OPEN_WORD = named("and point past to half quarter a minus negative per percent dollars euros cents oh o double triple")
"""English words that a number may hold, besides numerals."""


def to_written(text: str, language: str) -> str:
    """The text with its numbers in digits; of another language than Chinese and English as it was.

    cost    well under a millisecond for a sentence
    """
    return applied(text, _edits(text, language))


def open_number(text: str, language: str) -> int:
    """How many characters at the end of a text belong to a number that the next words may continue."""
    if language in CHINESE:
        return len(text) - len(text.rstrip(_OPEN_ZH))
    words = text.split(" ") if language == "en" else []
    kept = len(words)
    while kept and _may_go_on(words[kept - 1]):
        kept -= 1
    return len(text) - len(" ".join(words[:kept])) if kept < len(words) else 0


def _may_go_on(word: str) -> bool:
    plain = word.lower().strip(".,?!-")
    if plain in _OPEN_WORD or plain in MONTHS or any(character.isdigit() for character in plain):
        return True
    return any(is_number_word(part) for part in plain.split("-"))


def rewrite_numbers(segments: Sequence[Segment], options: RecognizeOptions) -> tuple[Segment, ...]:
    """The segments with their numbers in digits, where that was asked for."""
    if not options.itn:
        return tuple(segments)
    return tuple(rewritten(segment, partial(_edits, language=segment.language)) for segment in segments)


def _edits(text: str, language: str) -> list[Edit]:
    """English words inside Chinese text are English all the same, but their numbers stay: they are names mostly."""
    if language in CHINESE:
        return edits_zh(text)
    return edits_en(text) if language == "en" else []

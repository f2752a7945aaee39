"""What is counted in a text, by language: words, characters, or both where two languages mix. Pure.

Marks, letter case, the script of Chinese and the way numbers are written do not count as errors. English is prepared as
Whisper's authors do, by the package whisper-normalizer; its numbers count digit by digit.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import opencc

from lingting.domain.errors import EngineUnavailable
from lingting.text.numbers.numerals_zh import say_cardinal, say_digits

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Unit", "require_normalizer", "tokens", "unit_of"]

INSTALL = "pip install 'lingting[eval]'"
LONGEST_CARDINAL_DIGITS = 9
"""Longer numbers are read digit by digit, as telephone numbers are."""
_CHARACTERS = re.compile("[a-z\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]")
_MIXED = re.compile("[a-z']+|[\u3400-\u9fff\u3040-\u30ff]")
_BY_CHARACTERS = frozenset({"zh", "yue", "ja", "ko"})
_PAIRS = frozenset({"zh-en", "en-zh", "yue-en", "en-yue", "ja-en", "en-ja"})


class Unit(StrEnum):
    """What an error rate counts."""

    WORDS = "words"
    CHARACTERS = "characters"
    MIXED = "mixed"
    """Characters of one language and words of the other."""

    @property
    def rate_name(self) -> str:
        return {Unit.WORDS: "WER", Unit.CHARACTERS: "CER", Unit.MIXED: "MER"}[self]


def unit_of(language: str) -> Unit:
    given = language.strip().lower().replace("_", "-")
    if given in _PAIRS:
        return Unit.MIXED
    return Unit.CHARACTERS if given.split("-")[0] in _BY_CHARACTERS else Unit.WORDS


def tokens(language: str, text: str) -> list[str]:
    """The text as the list of what is counted.

    raises    EngineUnavailable for English where whisper-normalizer is not installed
    """
    unit = unit_of(language)
    if unit is Unit.MIXED:
        return _MIXED.findall(_spelled(text))
    if unit is Unit.CHARACTERS:
        return _CHARACTERS.findall(_spelled(text))
    if language.strip().lower().replace("_", "-").split("-")[0] == "en":
        return [one for word in _english()(text).split() for one in (word if word.isdigit() else [word])]
    return re.sub(r"[^\w\s]", "", text.lower()).split()


def require_normalizer() -> None:
    """raises    EngineUnavailable where English cannot be counted"""
    if find_spec("whisper_normalizer") is None:
        raise EngineUnavailable(f"English error rates need the package whisper-normalizer; install it with: {INSTALL}")


@cache
def _english() -> Callable[[str], str]:
    require_normalizer()
    from whisper_normalizer.english import EnglishTextNormalizer

    normalizer: Callable[[str], str] = EnglishTextNormalizer()
    return normalizer


@cache
def _simplifier() -> opencc.OpenCC:
    """The plain table of characters: text.script's tells particles apart for readers, which would forgive an error."""
    return opencc.OpenCC("t2s")


def _spelled(text: str) -> str:
    """Simplified, in lower case, with numbers as they are read: 3.5% and 百分之三点五 are the same."""
    text = _simplifier().convert(text).lower()
    text = re.sub(r"(\d+(?:\.\d+)?)%", lambda found: f"百分之{found[1]}", text)
    text = re.sub(r"(\d+)\.(\d+)", lambda found: f"{found[1]}点{_digits(found[2])}", text)
    return re.sub(r"\d+", lambda found: _number(found[0]), text)


def _number(digits: str) -> str:
    """105 is 一百零五; 007 is 零零七. 两 counts as 二."""
    if (len(digits) > 1 and int(digits[0]) == 0) or len(digits) > LONGEST_CARDINAL_DIGITS:
        return _digits(digits)
    return say_cardinal(int(digits)).replace("两", "二")


def _digits(digits: str) -> str:
    return say_digits("".join(str(int(digit)) for digit in digits))

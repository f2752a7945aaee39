"""Text as a voice can say it: what is only for the eye goes, numbers become words. Pure."""

from __future__ import annotations

import re
import unicodedata

from lingting.text.numbers.tn import to_spoken

__all__ = ["has_words", "speakable"]

_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\s]{0,500}\)")
_MARKUP = re.compile(r"^\s{0,3}(?:#{1,6}|[-*+>])\s+|[*`~|\\\[\]{}<>^]+|_{2,}|(?<!\w)_|_(?!\w)|#(?=\w)", re.MULTILINE)
"""Markdown and brackets, which some voices take for instructions; answers of language models are full of it."""
_UNSPOKEN = {"So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn"}
"""Emoji, private signs, controls."""


def speakable(text: str, language: str) -> str:
    """The text in words.

    cost    some milliseconds for the longest text that is taken
    """
    plain = _MARKUP.sub(" ", _LINK.sub(r"\1", unicodedata.normalize("NFC", text)))
    said = to_spoken(plain, language)
    seen = "".join(sign if sign == "\n" or unicodedata.category(sign) not in _UNSPOKEN else " " for sign in said)
    return re.sub(r"[ \t\u3000]+", " ", seen).strip()


def has_words(text: str) -> bool:
    return any(sign.isalnum() for sign in text)

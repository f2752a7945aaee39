"""Text without its punctuation, for those who asked for words alone.

Promises: numbers, times, abbreviations and addresses keep the marks inside them (3.5, 8:30, don't, example.org); what
was hidden keeps its brackets and stars; words that only a mark parted do not grow together.
"""

from __future__ import annotations

import re

__all__ = ["unmarked"]

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WIDE = re.compile(r"\s*[，。！？、；：…“”„«»「」『』《》〈〉（）—～·¿¡]+\s*")
"""Marks that never stand inside a word."""
_PLAIN = re.compile(rf'[.,!?;:]+(?=\s|$)|[.,!?;:]+(?=[{_CJK}])|(?<=[{_CJK}])[.,!?;:]+|"')
"""Marks that do, as in 3.5: only those that end something, or touch an unspaced script."""
_SPACED = re.compile(rf"[^\s{_CJK}]")


def unmarked(text: str) -> str:
    """Return the words of a text and the space between them."""
    return " ".join(_WIDE.sub(_parted, _PLAIN.sub("", text)).split())


def _parted(mark: re.Match[str]) -> str:
    """A space where the mark stood between two words of spaced scripts."""
    text = mark.string
    before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
    return " " if _SPACED.match(before) and _SPACED.match(after) else ""

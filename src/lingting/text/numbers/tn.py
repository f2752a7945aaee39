"""Text as it is read aloud, for a voice: numbers, dates, times, sums and units in words.

Chinese and English; other languages stay. The way back is `itn.py`. No digit of ASCII is left in either language.
"""

from __future__ import annotations

from lingting.text.numbers.tn_en import spoken_en
from lingting.text.numbers.tn_zh import spoken_zh
from lingting.text.script import CHINESE

__all__ = ["to_spoken"]


def to_spoken(text: str, language: str) -> str:
    """The text as a speaker would read it.

    cost    well under a millisecond for a sentence
    """
    if language in CHINESE:
        return spoken_zh(text)
    return spoken_en(text) if language == "en" else text

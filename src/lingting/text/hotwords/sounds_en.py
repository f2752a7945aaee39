"""How alike English words sound, by their letters and their Metaphone. Pure.

source    Lawrence Philips, Hanging on the Metaphone, Computer Language 7(12), 1990; as jellyfish has it
"""

from __future__ import annotations

import re
from functools import lru_cache

from jellyfish import metaphone
from rapidfuzz.distance import Levenshtein

__all__ = ["Spoken", "is_inflected", "likeness", "spoken"]

Spoken = tuple[str, str]
"""The letters of one or more words run together, and how they sound."""
KEY_SHARE = 0.5
_INFLECTION = re.compile(r"(?:'?s|es|ed|d|ing|ly|er|n't)")


@lru_cache(maxsize=16_384)
def spoken(words: tuple[str, ...]) -> Spoken:
    """words    lower-case ASCII"""
    return ("".join(words), "".join(metaphone(word) for word in words).replace(" ", ""))


def likeness(one: Spoken, other: Spoken) -> float:
    """0 to 1; 1 for the same letters."""
    letters = Levenshtein.normalized_similarity(one[0], other[0])
    sounds = Levenshtein.normalized_similarity(one[1], other[1])
    return float(KEY_SHARE * sounds + (1 - KEY_SHARE) * letters)


def is_inflected(one: str, other: str) -> bool:
    """Whether one is the other with an ending, or both are the same word with two."""
    stem = 0
    while stem < min(len(one), len(other)) and one[stem] == other[stem]:
        stem += 1
    rests = [rest for rest in (one[stem:], other[stem:]) if rest]
    return stem >= 3 and bool(rests) and all(_INFLECTION.fullmatch(rest) for rest in rests)

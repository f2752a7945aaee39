"""How far two texts of the same speech are apart, as the error rate of one against the other. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

__all__ = ["disagreement"]

UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
MARKS = re.compile(r"[^\w\s]|_")


def disagreement(one: str, other: str) -> float:
    """0.0 for the same words to 1.0 for nothing in common; marks, case and spaces do not count.

    Words are compared, or characters where either text is written without spaces.
    """
    plain = [MARKS.sub(" ", text.casefold()) for text in (one, other)]
    by_character = any(UNSPACED.search(text) for text in plain)
    units: list[Sequence[str]] = ["".join(text.split()) if by_character else text.split() for text in plain]
    return float(Levenshtein.normalized_distance(*units))

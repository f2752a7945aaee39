"""How alike Chinese characters sound, by their pinyin. Pure.

A syllable is its initial, its final and its tone. Recognisers mix up tones first, then the sounds that accents mix up
(zh and z, n and l, an and ang …), then neighbours such as b and p.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["Syllable", "folded", "likeness", "syllables_of"]

Syllable = tuple[str, str, str]
"""Initial, final, tone; the character itself and nothing else where it has no pinyin."""

OTHER_TONE, OTHER_ACCENT, NEIGHBOUR, HALF = 0.96, 0.86, 0.6, 0.35
"""Of a syllable: alike but for the tone; for an accent; for one sound that is near; for one that is not."""
_ACCENT_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l", "h": "f"}
_ACCENT_FINALS = {"ang": "an", "eng": "en", "ing": "in", "iang": "ian", "uang": "uan", "ueng": "uen", "uo": "o"}
_NEAR_INITIALS = ("bp", "dt", "gkh", "jqx", "zcs", "mn", "")
_NEAR_FINALS = (
    *({"an", "uan", "ian"}, {"in", "ian", "ie"}, {"en", "in", "uen", "ong"}, {"ei", "ai", "i"}, {"ou", "u", "iou"}),
    *({"ao", "iao", "ou"}, {"e", "o", "er"}, {"i", "v", "ie"}, {"u", "v"}, {"uei", "ei"}, {"a", "ia", "ua", "ai"}),
    {"ong", "iong"},
)


def syllables_of(text: str) -> tuple[Syllable, ...]:
    """One for each character, read as it stands in the text."""
    from pypinyin import Style, lazy_pinyin

    def each(run: str) -> Any:  # Any: the library takes a list as well, and does not say so
        return list(run)

    read = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, errors=each)
    assert len(read) == len(text), "one syllable for each character"
    return tuple(_split(syllable) for syllable in read)


@lru_cache(maxsize=4_096)
def _split(syllable: str) -> Syllable:
    from pypinyin.contrib.tone_convert import to_finals, to_initials

    if not syllable.isascii() or not syllable[-1:].isdigit():
        return (syllable, "", "")
    plain, tone = syllable[:-1], syllable[-1]
    return (to_initials(plain, strict=False), to_finals(plain, strict=True), tone)


@lru_cache(maxsize=8_192)
def folded(syllable: Syllable) -> tuple[str, str]:
    """Without its tone and without what accents mix up: equal for all that may be taken for each other at once."""
    initial, final, _ = syllable
    return (_ACCENT_INITIALS.get(initial, initial), _ACCENT_FINALS.get(final, final))


@lru_cache(maxsize=65_536)
def likeness(one: Syllable, other: Syllable) -> float:
    """0 to 1; 1 for the same sound."""
    if one == other:
        return 1.0
    if not one[2] or not other[2]:
        return 0.0
    if one[:2] == other[:2]:
        return OTHER_TONE
    left, right = folded(one), folded(other)
    if left == right:
        return OTHER_ACCENT
    if left[0] != right[0] and left[1] != right[1]:
        return 0.0
    return NEIGHBOUR if _near_initials(left[0], right[0]) and _near_finals(left[1], right[1]) else HALF


def _near_initials(one: str, other: str) -> bool:
    return one == other or any(one in group and other in group for group in _NEAR_INITIALS if one and other)


def _near_finals(one: str, other: str) -> bool:
    return one == other or any(one in group and other in group for group in _NEAR_FINALS)

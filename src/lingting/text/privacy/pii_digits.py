"""Reads the digits of a text, written, full-width or spoken, and whatever parts them.

Pure. `138-0013-8000`, `一三八 零零幺三 八零零零`, `one three, uh, eight` and a number that goes on in the next line are
one run each. What a run means is in `pii_numbers.py`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["Run", "runs_of"]

_SPOKEN = dict(zip("零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "00012345678911" + "23456789", strict=True))
_WORDS = {
    **{
        word: str(value)
        for value, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    },
    "oh": "0",
    "o": "0",
}
_TIMES = {"double": 2, "triple": 3}
_WORD = "|".join(_WORDS)
_DIGIT = re.compile(
    rf"\d|[{''.join(_SPOKEN)}]|(?<![a-z])(?:(?P<times>double|triple)[ -])?(?P<word>{_WORD})(?![a-z])", re.IGNORECASE
)
_GAP = re.compile(
    "(?:[\\s\u200b-\u200f\u2060\ufeff\\-\u2010-\u2015.\u00b7\u2022,\uff0c\u3001\u3002()\uff08\uff09]"
    "|嗯|呃|啊|哦|额|\\buh\\b|\\bum\\b|\\ber\\b){0,8}",
    re.IGNORECASE,
)
"""What may stand between two digits of one number."""


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that may be one number, or several said one after the other."""

    digits: str
    spans: tuple[tuple[int, int], ...]
    """Of each digit in the text; the same for those of one `double`."""
    groups: tuple[int, ...]
    """Where a group begins: a digit with something between it and the one before."""
    is_spoken: bool
    """Not one of them is written as a digit."""

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]


def runs_of(text: str) -> list[Run]:
    """All digits of a text, in runs, in order."""
    runs: list[Run] = []
    digits: list[str] = []
    spans: list[tuple[int, int]] = []
    groups: list[int] = []
    spoken = True
    for match in _DIGIT.finditer(text):
        gap = _GAP.match(text, spans[-1][1]) if spans else None
        if spans and (gap is None or gap.end() < match.start()):
            runs.append(Run("".join(digits), tuple(spans), tuple(groups), spoken))
            digits, spans, groups, spoken = [], [], [], True
        if not spans or spans[-1][1] < match.start():
            groups.append(len(digits))
        value = _value(match)
        digits += value
        spans += [match.span()] * len(value)
        spoken = spoken and not match[0].isdecimal()
    if digits:
        runs.append(Run("".join(digits), tuple(spans), tuple(groups), spoken))
    return runs


def _value(match: re.Match[str]) -> str:
    if match["word"]:
        times = _TIMES.get((match["times"] or "").lower(), 1)
        return _WORDS[match["word"].lower()] * times
    character = match[0]
    return _SPOKEN.get(character) or str(unicodedata.decimal(character))

"""Which words of a partial will not change again: those that two hypotheses in a row agree on. Pure.

source    LocalAgreement-2; Liu et al., Low-latency sequence-to-sequence speech recognition (2020), and Machacek et
          al., Turning Whisper into a real-time transcription system (2023)
"""

from __future__ import annotations

import re

from lingting.live.continuation import continue_after

__all__ = ["Stabilizer", "units"]

HELD_BACK = 1
"""Of the newest units, how many are never stable: they may be half heard, and their mark is a guess."""
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana and ideographs."""
_UNIT = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)")
"""A word of a spaced script with the space before it, or one character of an unspaced one."""


def units(text: str) -> list[str]:
    """Return the words or characters of a text; joined they give it back, but for space at its end."""
    return _UNIT.findall(text)


class Stabilizer:
    """One segment's partials."""

    def __init__(self) -> None:
        self._earlier: list[str] = []
        self.stable = ""
        """Only grows."""
        self.tail = ""

    @property
    def text(self) -> str:
        return self.stable + self.tail

    def update(self, text: str, *, open_characters: int = 0) -> bool:
        """Take the latest hypothesis of the whole segment; False if it changes nothing that is shown.

        open_characters    at its end, never stable whatever is agreed on
        """
        before = (self.stable, self.tail)
        latest = units(text.strip())
        agreed = 0
        for early, late in zip(self._earlier, latest, strict=False):
            if early != late:
                break
            agreed += 1
        self._earlier = latest
        agreed = min(agreed, len(latest) - HELD_BACK, _closed(latest, open_characters))
        settled = "".join(latest[: max(0, agreed)])
        if settled.startswith(self.stable):
            self.stable = settled
        whole = continue_after(self.stable, "".join(latest))
        self.tail = whole[len(self.stable) :]
        return (self.stable, self.tail) != before


def _closed(latest: list[str], open_characters: int) -> int:
    """How many units come before the open end."""
    count, left = len(latest), open_characters
    while count and left > 0:
        count -= 1
        left -= len(latest[count])
    return count

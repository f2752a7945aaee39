"""Which words a part of a segment's text is spelled by, and so when it was said and how sure that is. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from lingting.domain import Segment, Word

__all__ = ["Spoken"]


class Spoken:
    """One segment's words, laid over its text."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._words: tuple[Word, ...] = ()
        """None where they spell something else."""
        self._ends: list[int] = []
        """Where each ends in the text."""
        spelled = "".join(word.text for word in segment.words)
        if spelled.strip() != segment.text:
            return
        lead = len(spelled) - len(spelled.lstrip())
        self._words = segment.words
        self._ends = [end - lead for end in accumulate(len(word.text) for word in segment.words)]

    def words(self, start: int, end: int) -> list[Word]:
        """Those that touch the part of the text, which is not empty."""
        first, last = bisect_right(self._ends, start), bisect_left(self._ends, end)
        return [word for word in self._words[first : last + 1] if word.text]

    def seconds(self, start: int, end: int) -> tuple[float, float]:
        """By the words it touches; the whole segment where they do not tell."""
        touched = self.words(start, end)
        if not touched:
            return self._segment.start_seconds, self._segment.end_seconds
        return min(word.start_seconds for word in touched), max(word.end_seconds for word in touched)

    def probability(self, start: int, end: int) -> float | None:
        """Of the least probable word it touches; None where there is none."""
        return min((word.probability for word in self.words(start, end)), default=None)

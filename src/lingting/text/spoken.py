"""Which words a part of a segment's text is spelled by, and so when it was said and how sure that is. Pure."""

from __future__ import annotations

from lingting.domain import Segment, Word

__all__ = ["Spoken"]


class Spoken:
    """One segment's words, laid over its text."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._placed: list[tuple[int, int, Word]] = []
        """Of each word, where it begins and ends in the text; none where the words spell something else."""
        spelled = "".join(word.text for word in segment.words)
        if spelled.strip() != segment.text:
            return
        reached = len(spelled.lstrip()) - len(spelled)
        for word in segment.words:
            self._placed.append((reached, reached + len(word.text), word))
            reached += len(word.text)

    def words(self, start: int, end: int) -> list[Word]:
        """Those that touch the part of the text."""
        return [word for begins, ends, word in self._placed if begins < end and start < ends]

    def seconds(self, start: int, end: int) -> tuple[float, float]:
        """By the words it touches; the whole segment where they do not tell."""
        touched = self.words(start, end)
        if not touched:
            return self._segment.start_seconds, self._segment.end_seconds
        return min(word.start_seconds for word in touched), max(word.end_seconds for word in touched)

    def probability(self, start: int, end: int) -> float | None:
        """Of the least probable word it touches; None where there is none."""
        return min((word.probability for word in self.words(start, end)), default=None)

"""What of a reply has been heard, when: its clauses on the line of time. Pure.

Positions are estimated from how long each clause sounds; a client that reports how far it is corrects them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Playback", "joined"]


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    start_seconds: float
    end_seconds: float

    def heard(self, until_seconds: float) -> str:
        """The part of the text that had sounded by then, whole words only."""
        if until_seconds >= self.end_seconds:
            return self.text
        if until_seconds <= self.start_seconds:
            return ""
        share = (until_seconds - self.start_seconds) / (self.end_seconds - self.start_seconds)
        cut = int(len(self.text) * share)
        while cut and _is_inside_word(self.text, cut):
            cut -= 1
        return self.text[:cut]


class Playback:
    """One reply's; times are those of the clock that its caller goes by."""

    def __init__(self) -> None:
        self._clauses: list[_Clause] = []

    @property
    def has_begun(self) -> bool:
        return bool(self._clauses)

    @property
    def ends_seconds(self) -> float:
        """When what was handed over so far will have sounded; 0 when nothing was."""
        return self._clauses[-1].end_seconds if self._clauses else 0.0

    def add(self, text: str, sound_seconds: float, *, now_seconds: float) -> None:
        """Another clause; it sounds after those before it."""
        start_seconds = max(now_seconds, self.ends_seconds)
        self._clauses.append(_Clause(text, start_seconds, start_seconds + max(0.0, sound_seconds)))

    def measure(self, sound_seconds: float) -> None:
        """The latest clause sounds so long."""
        if self._clauses:
            last = self._clauses[-1]
            self._clauses[-1] = replace(last, end_seconds=last.start_seconds + max(0.0, sound_seconds))

    def report(self, played_seconds: float, *, now_seconds: float) -> None:
        """The client says how much sound of this reply it has played; what is not over yet moves accordingly."""
        before_seconds = 0.0
        for i, clause in enumerate(self._clauses):
            length_seconds = clause.end_seconds - clause.start_seconds
            if played_seconds < before_seconds + length_seconds:
                moved = now_seconds - (clause.start_seconds + played_seconds - before_seconds)
                self._clauses[i:] = [
                    replace(later, start_seconds=later.start_seconds + moved, end_seconds=later.end_seconds + moved)
                    for later in self._clauses[i:]
                ]
                return
            before_seconds += length_seconds
        self._clauses = [
            replace(
                clause,
                start_seconds=min(clause.start_seconds, now_seconds),
                end_seconds=min(clause.end_seconds, now_seconds),
            )
            for clause in self._clauses
        ]

    def heard(self, until_seconds: float) -> str:
        """What had sounded by then."""
        return joined([clause.heard(until_seconds) for clause in self._clauses])

    def first(self, played_seconds: float) -> str:
        """What so much of its sound says, whenever that was played."""
        texts, left_seconds = [], played_seconds
        for clause in self._clauses:
            texts.append(clause.heard(clause.start_seconds + left_seconds))
            left_seconds -= clause.end_seconds - clause.start_seconds
        return joined(texts)

    def unheard(self, after_seconds: float) -> str:
        """What had not, from the beginning of the clause that sounded just then."""
        return joined([clause.text for clause in self._clauses if clause.end_seconds > after_seconds])

    def sounded(self, start_seconds: float, end_seconds: float) -> str:
        """What sounded between the two, with the clauses that they cut."""
        between = [
            clause
            for clause in self._clauses
            if clause.end_seconds > start_seconds and clause.start_seconds < end_seconds
        ]
        return joined([clause.text for clause in between])


def joined(texts: list[str]) -> str:
    """The texts in a row, with a space where words would run together."""
    whole = ""
    for text in texts:
        needs_space = whole and text and whole[-1].isascii() and text[0].isascii() and not whole[-1].isspace()
        whole += (" " if needs_space else "") + text
    return whole.strip()


def _is_inside_word(text: str, cut: int) -> bool:
    return _is_latin(text[cut - 1]) and cut < len(text) and _is_latin(text[cut])


def _is_latin(character: str) -> bool:
    return character.isalpha() and ord(character) < 0x2E80

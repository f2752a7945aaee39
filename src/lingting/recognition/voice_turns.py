"""Who says which word, once it is known who speaks when. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lingting.domain import Word
from lingting.text.sentence_ends import ends_sentence

__all__ = ["Turn", "VoiceTurns", "by_speaker", "main_speaker"]

SNAP_WORDS = 3
SNAP_SECONDS = 0.8
"""How far from where the voices seem to change the words may change hands: voices are heard in windows of 1.6 s, so the
end of a sentence or a pause near by tells better."""
MARK_SECONDS = 0.4
"""A full stop is as good as a pause of this length."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One person speaks."""

    start_seconds: float
    end_seconds: float
    speaker: str


class VoiceTurns:
    """The turns of a recording, piece by piece, as pieces were heard."""

    def __init__(self, pieces: Sequence[Sequence[Turn]]) -> None:
        self._pieces = pieces

    def of_piece(self, number: int) -> Sequence[Turn]:
        return self._pieces[number]


def main_speaker(turns: Sequence[Turn]) -> str:
    """Who speaks longest."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for turn in turns:
        seconds[turn.speaker] += turn.end_seconds - turn.start_seconds
    return max(seconds, key=seconds.__getitem__)


def by_speaker(words: Sequence[Word], turns: Sequence[Turn]) -> list[tuple[str | None, Sequence[Word]]]:
    """The words in runs of one person each.

    keeps     every word, once, in order; None speaks where there are no turns
    """
    if not turns:
        return [(None, words)]
    said = [_speaker_of(word, turns) for word in words]
    changes = [index for index in range(1, len(words)) if said[index] != said[index - 1]]
    edges = [0]
    for index in changes:
        edges.append(max(_snapped(words, index), edges[-1]))
    speakers = [said[index] for index in (0, *changes)]
    ends = [*edges[1:], len(words)]
    return [(who, words[start:end]) for who, start, end in zip(speakers, edges, ends, strict=True) if end > start]


def _speaker_of(word: Word, turns: Sequence[Turn]) -> str:
    """Whose turn the middle of the word is in, or is nearest to."""
    middle = (word.start_seconds + word.end_seconds) / 2
    return min(turns, key=lambda turn: max(turn.start_seconds - middle, middle - turn.end_seconds, 0.0)).speaker


def _snapped(words: Sequence[Word], change: int) -> int:
    """The best place near a change for the words to change hands: before the word with this index."""
    places = range(max(change - SNAP_WORDS, 1), min(change + SNAP_WORDS, len(words) - 1) + 1)
    at_seconds = (words[change].start_seconds + words[change].end_seconds) / 2
    near = [place for place in places if abs(words[place].start_seconds - at_seconds) <= SNAP_SECONDS] or [change]
    return max(near, key=lambda place: (_break_seconds(words, place), -abs(place - change)))


def _break_seconds(words: Sequence[Word], place: int) -> float:
    before, after = words[place - 1], words[place]
    mark = MARK_SECONDS if ends_sentence(before.text, after.text) else 0.0
    return max(after.start_seconds - before.end_seconds, 0.0) + mark

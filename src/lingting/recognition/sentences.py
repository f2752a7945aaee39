"""Cuts the words of one answer into sentences, by their marks and the pauses between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lingting.domain import Word
from lingting.text.sentence_ends import ends_sentence

__all__ = ["sentences"]

CLAUSE_MARKS = "，、；：,;:"
PAUSE_SECONDS = 0.7
"""Longer than the pause at a comma in read speech, shorter than the one that ends a VAD span."""
MAX_SENTENCE_SECONDS = 12.0
"""Longer ones end at the next clause; a caption nobody can read helps nobody."""
LONGEST_SENTENCE_SECONDS = 20.0


def sentences(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Give the words in runs, each a sentence as far as marks and pauses tell; keeps count and order."""
    run: list[Word] = []
    for index, word in enumerate(words):
        run.append(word)
        following = words[index + 1] if index + 1 < len(words) else None
        if following is None or _ends(run, following):
            yield tuple(run)
            run = []


def _ends(run: Sequence[Word], following: Word) -> bool:
    text = run[-1].text.rstrip()
    if ends_sentence("".join(word.text for word in run), following.text):
        return True
    if following.start_seconds - run[-1].end_seconds > PAUSE_SECONDS:
        return True
    length_seconds = run[-1].end_seconds - run[0].start_seconds
    if text.endswith(tuple(CLAUSE_MARKS)):
        return length_seconds > MAX_SENTENCE_SECONDS
    return length_seconds > LONGEST_SENTENCE_SECONDS

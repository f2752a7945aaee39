"""From words as another server times them to words that spell its text. Pure.

Such words come without punctuation, and where numbers are written in digits they are those that were said. Each is
looked for in the text in order; what stands between two that were found belongs to the one before, and a word that is
not found lends its time to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lingting.domain import Word

__all__ = ["GUESSED_PROBABILITY", "Spoken", "placed_words", "written_language"]

SPAN_CHARACTERS = 24
"""How far from where the last word ended the next may begin: further away it is another one that looks the same."""
GUESSED_PROBABILITY = 0.5
"""Of a language that nobody named: told from the script of the text."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word as the server gives it."""

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float


def placed_words(text: str, spoken: Sequence[Spoken], *, duration_seconds: float) -> tuple[Word, ...]:
    """Words that together spell `text`, in order, inside the audio."""
    if not text or not spoken:
        return ()
    places = _places(text, spoken)
    cuts = [start for start, _ in places] + [len(text)]
    cuts[0] = 0
    words: list[Word] = []
    end_seconds = 0.0
    for (cut, following), (_, group) in zip(pairwise(cuts), places, strict=True):
        start_seconds = min(max(end_seconds, group[0].start_seconds), duration_seconds)
        end_seconds = min(max(start_seconds, group[-1].end_seconds), duration_seconds)
        confidence = min(word.confidence for word in group)
        words.append(Word(text[cut:following], start_seconds, end_seconds, confidence))
    return tuple(words)


def _places(text: str, spoken: Sequence[Spoken]) -> list[tuple[int, list[Spoken]]]:
    """Where each word that is found begins, with the space before it, and those after it that are not found."""
    folded = text.lower()
    if len(folded) != len(text):  # a letter whose small form is longer
        folded = text
    places: list[tuple[int, list[Spoken]]] = []
    cursor = 0
    for word in spoken:
        sought = word.text.strip().lower()
        found = folded.find(sought, cursor, cursor + SPAN_CHARACTERS + len(sought)) if sought else -1
        if found < 0 and places:
            places[-1][1].append(word)
        elif found < 0:
            places.append((0, [word]))
        else:
            start = found - 1 if found > cursor and text[found - 1].isspace() else found
            cursor = found + len(sought)
            if places and start <= places[-1][0]:  # those before it were not found, and nothing stands before it
                places[-1][1].append(word)
            else:
                places.append((start, [word]))
    return places


def written_language(text: str, possible: Sequence[str]) -> str:
    """The first of the possible languages that is written as the text is: in Latin letters, or not."""
    latin = sum(character.isascii() and character.isalpha() for character in text)
    others = sum(character.isalpha() for character in text) - latin
    is_latin = latin > 2 * others
    return next((code for code in possible if (code == "en") is is_latin), possible[0])

"""From what the realtime service says of words to words that spell the text. Pure.

Its words come without punctuation, and with inverse text normalization they are those that were said, not those that
were written. Each is looked for in the text in order; what stands between two that were found belongs to the one
before, and a word that is not found lends its time to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lingting.domain import Word
from lingting.domain.transcript import join_texts
from lingting.engines.aliyun.wire import number_of, senseless, text_of

__all__ = ["Heard", "Sentence", "Spoken", "log_probability", "parse_sentence", "placed_words"]

MIN_CONFIDENCE = 0.01
"""Lower ones are as bad; the logarithm of 0 has no value."""
MAX_WORDS = 2_000
"""Of one sentence; a minute of speech has a tenth."""
SPAN_CHARACTERS = 24
"""How far from where the last word ended the next may begin: further away it is another one that looks the same."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word as the service gives it."""

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    confidence: float | None
    """None where the service does not say."""
    words: tuple[Spoken, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a task brought, whichever service it was."""

    sentences: tuple[Sentence, ...] = field(default=())

    @property
    def text(self) -> str:
        return join_texts(sentence.text for sentence in self.sentences)


def parse_sentence(payload: Mapping[str, Any]) -> Sentence:  # Any: JSON
    """Of a SentenceEnd, or of what completes a sentence service's task.

    raises    Fault for what makes no sense
    """
    confidence = number_of(payload, "confidence")
    said = payload.get("words") or []
    if not isinstance(said, list) or len(said) > MAX_WORDS or not all(isinstance(word, dict) for word in said):
        raise senseless("words that are not understood")
    certain = 1.0 if confidence is None else min(1.0, max(0.0, confidence))
    words = tuple(_spoken(word, certain) for word in said)
    return Sentence(text_of(payload), confidence, words)


def log_probability(sentences: Iterable[Sentence]) -> float:
    """The mean logarithm of the confidences, by length of text: what a decoder's mean log-probability is for one whose
    confidence is the mean probability of its tokens. 0.0 where nothing is known."""
    known = [(len(said.text), said.confidence) for said in sentences if said.confidence is not None and said.text]
    total = sum(length for length, _ in known)
    if not total:
        return 0.0
    return sum(length * math.log(min(1.0, max(MIN_CONFIDENCE, sure))) for length, sure in known) / total


def placed_words(heard: Heard, *, duration_seconds: float) -> tuple[Word, ...]:
    """Words that together spell `heard.text`, in order, inside the audio."""
    text = heard.text
    spoken = [word for sentence in heard.sentences for word in sentence.words]
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


def _spoken(said: Mapping[str, Any], confidence: float) -> Spoken:  # Any: JSON
    start, end, text = number_of(said, "startTime"), number_of(said, "endTime"), said.get("text")
    if not isinstance(text, str) or start is None or end is None:
        raise senseless("words that are not understood")
    return Spoken(text, max(0.0, start / 1000), max(0.0, end / 1000), confidence)

"""What the services say of sentences, words and confidence. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lingting.domain.transcript import join_texts
from lingting.engines.aliyun.wire import number_of, senseless, text_of
from lingting.engines.remote_words import Spoken

__all__ = ["Heard", "Sentence", "log_probability", "parse_sentence"]

MIN_CONFIDENCE = 0.01
"""Lower ones are as bad; the logarithm of 0 has no value."""
MAX_WORDS = 2_000
"""Of one sentence; a minute of speech has a tenth."""


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

    @property
    def words(self) -> list[Spoken]:
        return [word for sentence in self.sentences for word in sentence.words]


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


def _spoken(said: Mapping[str, Any], confidence: float) -> Spoken:  # Any: JSON
    start, end, text = number_of(said, "startTime"), number_of(said, "endTime"), said.get("text")
    if not isinstance(text, str) or start is None or end is None:
        raise senseless("words that are not understood")
    return Spoken(text, max(0.0, start / 1000), max(0.0, end / 1000), confidence)

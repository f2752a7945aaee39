"""What the server answers, in both of its forms, checked. Pure.

Servers differ: those that are only compatible leave fields out, or put words inside segments. What is there has to make
sense; what is not there is not needed, but for the text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lingting.domain import Hypothesis, RecognizeOptions
from lingting.domain.errors import UnsupportedLanguage
from lingting.domain.languages import normalize_language
from lingting.domain.options import Task
from lingting.engines.remote_words import GUESSED_PROBABILITY, Spoken, placed_words, written_language

__all__ = ["Answer", "Senseless", "hypothesis_of", "parse_answer", "parse_done"]

MAX_TEXT_CHARACTERS = 100_000
"""Of ten minutes of speech; more is not an answer to it."""
MAX_PARTS = 20_000
"""Segments, words or tokens."""
LEAST_PROBABILITY = 0.01


class Senseless(Exception):
    """An answer that is none; the message is ours, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was heard, in our words."""

    text: str
    language: str | None = None
    """None where the server does not say, or says one that nobody knows."""
    spoken: tuple[Spoken, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0


def parse_answer(body: bytes) -> Answer:
    """Of json or verbose_json.

    raises    Senseless
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Senseless("what is no JSON object")
    return parse_done(said)


def parse_done(said: Mapping[str, Any]) -> Answer:  # Any: JSON
    """Of an answer's fields, or those of the event that ends a stream.

    raises    Senseless
    """
    text = said.get("text")
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARACTERS:
        raise Senseless("no text of such speech")
    segments = _objects(said, "segments")
    words = _objects(said, "words") or [word for segment in segments for word in _objects(segment, "words")]
    weights = [max(1, len(str(segment.get("text", "")))) for segment in segments]
    scores = [number for one in _objects(said, "logprobs") if (number := _number(one, "logprob")) is not None]
    from_tokens = sum(scores) / len(scores) if scores else 0.0
    avg_logprob = _mean(segments, "avg_logprob", weights, otherwise=from_tokens)
    ratios = [ratio for segment in segments if (ratio := _number(segment, "compression_ratio")) is not None]
    sure = max(LEAST_PROBABILITY, min(1.0, math.exp(min(0.0, avg_logprob))))
    return Answer(
        text=text.strip(),
        language=_language(said),
        spoken=tuple(_spoken(word, sure) for word in words),
        avg_logprob=min(0.0, avg_logprob),
        no_speech_prob=min(1.0, max(0.0, _mean(segments, "no_speech_prob", weights, otherwise=0.0))),
        compression_ratio=max(ratios, default=1.0),
    )


def hypothesis_of(
    answer: Answer, options: RecognizeOptions, languages: Iterable[str], *, duration_seconds: float
) -> Hypothesis:
    """The house's form of it.

    languages    that the server understands, the likeliest first
    """
    asked = "en" if options.task is Task.TRANSLATE else options.language
    told = asked or answer.language
    language = told or written_language(answer.text, options.languages or tuple(languages))
    words = placed_words(answer.text, answer.spoken, duration_seconds=duration_seconds) if options.word_times else ()
    return Hypothesis(
        answer.text,
        language,
        language_probability=1.0 if told else GUESSED_PROBABILITY,
        words=words,
        avg_logprob=answer.avg_logprob,
        no_speech_prob=answer.no_speech_prob,
        compression_ratio=answer.compression_ratio,
    )


def _spoken(word: Mapping[str, Any], confidence: float) -> Spoken:  # Any: JSON
    text, start, end = word.get("word"), _number(word, "start"), _number(word, "end")
    if not isinstance(text, str) or start is None or end is None:
        raise Senseless("words that are not understood")
    known = _number(word, "probability")
    sure = confidence if known is None else min(1.0, max(0.0, known))
    return Spoken(text, max(0.0, start), max(0.0, end), sure)


def _language(said: Mapping[str, Any]) -> str | None:  # Any: JSON
    given = said.get("language")
    if not isinstance(given, str):
        first = next(iter(_objects(said, "languages")), {})
        given = first.get("code")
    if not isinstance(given, str):
        return None
    try:
        return normalize_language(given[:40])
    except UnsupportedLanguage:
        return None


def _objects(said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:  # Any: JSON
    value = said.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_PARTS:
        raise Senseless(f"{name} that are not understood")
    if not all(isinstance(each, dict) for each in islice(value, MAX_PARTS)):
        raise Senseless(f"{name} that are not understood")
    return value


def _mean(
    segments: list[dict[str, Any]],
    name: str,
    weights: list[int],
    *,
    otherwise: float,  # Any: JSON
) -> float:
    """By length of text, over the segments that have it."""
    known = [
        (weight, number)
        for segment, weight in zip(segments, weights, strict=True)
        if (number := _number(segment, name)) is not None
    ]
    total = sum(weight for weight, _ in known)
    return sum(weight * number for weight, number in known) / total if total else otherwise


def _number(said: Mapping[str, Any], name: str) -> float | None:  # Any: JSON
    """None where it is not there; a bool is no number."""
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Senseless(f"a {name} that is no number")
    return float(value)

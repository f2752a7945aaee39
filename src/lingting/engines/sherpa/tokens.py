"""From tokens as sherpa-onnx gives them to text, words with times, and back from hotwords to what it takes. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lingting.domain import Hypothesis, RecognizeOptions, Samples, Word
from lingting.domain.hotwords import Hotwords
from lingting.domain.transcript import join_texts
from lingting.engines.remote_words import GUESSED_PROBABILITY, Spoken, placed_words, written_language
from lingting.engines.sherpa.folder import FoundModel, Vocabulary

__all__ = ["Heard", "Said", "as_numbers", "hotword_lines", "said_of"]

LONGEST_TOKEN_SECONDS = 0.4
"""A model says where a token begins; it ends where the next one does, or after so long."""
LEAST_LOGPROB = -20.0
SEPARATOR = "/"
"""Between hotwords; sherpa-onnx knows no way to write one that has it."""
_MARK = re.compile(r"<\|[^|]*\|>|<(?:unk|blk|blank|eps|s|/s|sos/eos)>")
_SPACE = "\u2581"


@dataclass(frozen=True, slots=True)
class Said:
    """What sherpa-onnx answers for one stream."""

    text: str
    tokens: Sequence[str] = ()
    starts_seconds: Sequence[float] = ()
    """As many as tokens, or none."""
    logprobs: Sequence[float] = ()
    """As many as tokens, or none."""
    language: str = ""
    """As "<|zh|>"; empty where the model tells none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Of which sound it is said."""

    duration_seconds: float
    options: RecognizeOptions


def said_of(said: Said, heard: Heard, model: FoundModel, languages: Sequence[str]) -> Hypothesis:
    """Marks like <|zh|> and <unk> are nothing that was said; a model that writes capitals only is written small."""
    text = _MARK.sub("", said.text).replace(_SPACE, " ").strip()
    text = text.lower() if model.vocabulary.shouts else text
    language, probability = _language_of(said, text, heard.options.language, languages)
    words: tuple[Word, ...] = ()
    if heard.options.word_times and model.family.has_times:
        words = placed_words(text, _spoken(said, heard.duration_seconds), duration_seconds=heard.duration_seconds)
    return Hypothesis(
        text,
        language,
        language_probability=probability,
        words=words,
        avg_logprob=_mean([max(logprob, LEAST_LOGPROB) for logprob in said.logprobs]),
    )


def _language_of(said: Said, text: str, wished: str | None, languages: Sequence[str]) -> tuple[str, float]:
    """The language and how sure it is: as asked for, as the model tells, or as the text is written."""
    if wished in languages:
        return str(wished), 1.0
    told = said.language.strip("<|>")
    if told in languages:
        return told, GUESSED_PROBABILITY
    return written_language(text, languages), GUESSED_PROBABILITY if len(languages) > 1 else 1.0


def as_numbers(samples: Samples) -> memoryview:
    """What sherpa-onnx reads one number after the other, and nobody else runs meanwhile: 6 ms for half a minute, where
    an array takes 66."""
    return samples.astype(np.float64).data


def hotword_lines(hotwords: Hotwords, vocabulary: Vocabulary, *, score: float, cuts_words: bool) -> str:
    """Those that the model could write, as sherpa-onnx takes them; what it cannot cut it would print.

    cuts_words    whether the model has the table by which words in Latin letters are cut into tokens
    """
    characters, lines = vocabulary.characters, []
    for hotword in hotwords.words:
        text = hotword.text.upper() if vocabulary.shouts else hotword.text
        letters = "".join(text.split())
        is_written = letters and set(letters) <= characters and SEPARATOR not in text
        alone = all(character in vocabulary.symbols for character in letters)
        if is_written and (alone if not any(map(str.isascii, letters)) else cuts_words):
            lines.append(f"{text} :{hotword.weight * score:.2f}")
    return SEPARATOR.join(lines)


def _spoken(said: Said, duration_seconds: float) -> list[Spoken]:
    """Tokens joined into words."""
    if len(said.starts_seconds) != len(said.tokens):
        return []
    ends = [min(end, start + LONGEST_TOKEN_SECONDS) for start, end in pairwise((*said.starts_seconds, math.inf))]
    logprobs = said.logprobs if len(said.logprobs) == len(said.tokens) else [0.0] * len(said.tokens)
    words: list[Spoken] = []
    goes_on = False
    for token, start, until, logprob in zip(said.tokens, said.starts_seconds, ends, logprobs, strict=True):
        text = _MARK.sub("", token).replace(_SPACE, " ")
        piece = text.strip().removesuffix("@@")
        if not piece:
            goes_on = goes_on and not text
            continue
        sure = math.exp(min(0.0, max(logprob, LEAST_LOGPROB)))
        end = min(max(start, until), duration_seconds)
        if words and not text.startswith(" ") and (goes_on or _hangs_on(words[-1].text, piece)):
            before = words[-1]
            words[-1] = Spoken(before.text + piece, before.start_seconds, end, min(before.confidence, sure))
        else:
            words.append(Spoken(piece, start, end, sure))
        goes_on = text.endswith("@@")
    return words


def _hangs_on(before: str, piece: str) -> bool:
    """Whether a token is the rest of a word, or a mark after it: Chinese characters are words of their own."""
    if not any(character.isalnum() for character in piece):
        return True
    return join_texts((before[-1], piece[0])) != before[-1] + piece[0]


def _mean(values: Sequence[float]) -> float:
    return min(0.0, sum(values) / len(values)) if values else 0.0

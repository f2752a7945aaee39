"""Decides whether text was said or invented, from what the engine and the speech detector know about it.

Pure: one hypothesis in, one verdict out. Whisper must answer something even for silence, and then writes what
subtitles say there. The guard prefers a true word kept to an invented one dropped: text that people do say is
only dropped when the sound speaks against it as well. What it leaves to others: whether there is speech at all
(the detector), and decoding again (the engine).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from lingting.domain import Hotwords, Hypothesis, RecognizeOptions, Word
from lingting.domain.hotwords import prompt_of
from lingting.recognition.guard_loops import Unit, find_loops, split_units
from lingting.recognition.guard_phrases import (
    CREDITS,
    SOUND_LABEL,
    STOCK_PATTERN,
    STOCK_PHRASES,
    squash,
    squash_character,
)

__all__ = ["NOTHING", "Prompted", "Reason", "Verdict", "guarded", "judge"]

DOUBT_OF_NO_SPEECH = 1.05
"""Doubt at which an answer is dropped, when the no-speech probability agrees. On whisper-base, noise scores 1.10
and more, true speech of more than half a second 1.01 and less (docs/guard.md)."""
NO_SPEECH_PROB = 0.5
"""Isolated words of 0.3 s score as much doubt as noise, but stay under this."""
DOUBT_OF_STOCK_PHRASE = 0.7
"""Doubt at which a sentence that subtitles are full of is not believed."""
LOGPROB_SHARE = 0.5
"""Weight of the log-probability against the no-speech probability, so that both span about 0..1."""
LEAST_LOGPROB = -1.6
"""Below, the decoder was guessing, whatever its no-speech head says."""
LEAST_LOGPROB_UNITS = 4
"""The mean over fewer words says little: a true "four" was measured at -2.3."""
LOOP_NO_SPEECH_PROB = 0.3
"""A text that is all loop keeps its first round below this; a loop's log-probability says nothing."""
LOOP_COMPRESSION_RATIO = 2.4
"""zlib's ratio past which text is suspicious. Source: openai/whisper, transcribe()."""
MOST_UNITS_PER_SECOND = 12.0
"""Words or ideographs; the fastest measured speech has 8."""
FREE_UNITS = 6
"""Allowed before the rate counts, since a short stretch is measured badly."""
FEWEST_UNITS_PER_SECOND = 0.4
"""A stock phrase alone on more speech than this is not its transcript."""
LEAST_SPEECH_SECONDS = 0.05
"""Less cannot hold a syllable."""
LISTS_REMEMBERED = 64
LEAST_ECHO_LETTERS = 4
"""Shorter pieces of a prompt are words it was given to help with."""
_SENTENCE_ENDS = (re.compile(r"[.!?,;．。！？，；、…]+"), re.compile(r"[.!?,;\s。！？，；、…]+"))
"""Whisper separates Chinese sentences by spaces as well."""


class Reason(StrEnum):
    """Why text was withheld; the values are labels in answers and metrics."""

    NO_SPEECH = "no_speech"
    LOW_CONFIDENCE = "low_confidence"
    REPETITION = "repetition"
    INVENTED_PHRASE = "invented_phrase"
    SOUND_LABEL = "sound_label"
    PROMPT_ECHO = "prompt_echo"
    TOO_DENSE = "too_dense"


@dataclass(frozen=True, slots=True)
class Prompted:
    """What the engine was given to read, and may give back where there is nothing to hear."""

    prompt: str = ""
    hotwords: Hotwords = field(default_factory=Hotwords)
    """Listed in the prompt as well: one alone is what a caller waits for, several in a row are an echo."""

    @classmethod
    def by(cls, options: RecognizeOptions) -> Prompted:
        return cls(options.prompt, options.hotwords if options.hotword_prompt else Hotwords())

    def holds(self, squashed: str) -> bool:
        if len(squashed) < LEAST_ECHO_LETTERS:
            return False
        if squashed in squash(self.prompt):
            return True
        return bool(self.hotwords) and squashed in _listed(self.hotwords) and squashed not in _each(self.hotwords)


NOTHING = Prompted()


@lru_cache(LISTS_REMEMBERED)
def _listed(hotwords: Hotwords) -> str:
    """As in any language's prompt."""
    return " ".join(squash(prompt_of(hotwords, language)) for language in (None, "zh", "en"))


@lru_cache(LISTS_REMEMBERED)
def _each(hotwords: Hotwords) -> frozenset[str]:
    return frozenset(squash(word.text) for word in hotwords.words)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be shown of a hypothesis."""

    text: str
    """Empty when nothing may."""
    words: tuple[Word, ...]
    """Those of `text`, with their times."""
    tokens: tuple[int, ...] = ()
    """Those of `text`; empty when it was cut and the words carry none."""
    reason: Reason | None = None
    """Why something was withheld, be it a part; None when all stands."""


def judge(
    hypothesis: Hypothesis, *, clip_seconds: float, speech_seconds: float, prompted: Prompted = NOTHING
) -> Verdict:
    """Return what of a hypothesis was really said.

    keeps     a text that stands exactly as it was; one that is cut keeps its words' times
    """
    if not hypothesis.text.strip():
        return Verdict(hypothesis.text, hypothesis.words, hypothesis.tokens)
    unlooped, looped = _without_loops(hypothesis, clip_seconds)
    reason = _reason_by_scores(unlooped, clip_seconds, speech_seconds)
    if reason is None and looped and hypothesis.no_speech_prob >= LOOP_NO_SPEECH_PROB:
        reason = Reason.REPETITION
    if reason is None and (looped or _is_weak(unlooped, speech_seconds)):
        reason = _reason_by_phrase(unlooped.text, prompted)
    if reason is not None:
        return _nothing(Reason.REPETITION if looped else reason)
    spans = _credit_spans(unlooped.text)
    kept = _without(unlooped, spans) if spans else unlooped
    if not squash(kept.text):
        return _nothing(Reason.INVENTED_PHRASE)
    withheld = Reason.INVENTED_PHRASE if spans else Reason.REPETITION if looped else None
    return Verdict(kept.text, kept.words, kept.tokens, withheld)


def guarded(
    hypothesis: Hypothesis, *, clip_seconds: float, speech_seconds: float, prompted: Prompted = NOTHING
) -> tuple[Hypothesis, Reason | None]:
    """Return the hypothesis as far as it was really said, and why the rest was withheld."""
    verdict = judge(hypothesis, clip_seconds=clip_seconds, speech_seconds=speech_seconds, prompted=prompted)
    if verdict.reason is None:
        return hypothesis, None
    return replace(hypothesis, text=verdict.text, words=verdict.words, tokens=verdict.tokens), verdict.reason


def _nothing(reason: Reason) -> Verdict:
    return Verdict("", (), (), reason)


def _reason_by_scores(hypothesis: Hypothesis, clip_seconds: float, speech_seconds: float) -> Reason | None:
    """The first rule that the text breaks as a whole, whatever it says; the plainest evidence first."""
    if not squash(SOUND_LABEL.sub("", hypothesis.text)):
        return Reason.SOUND_LABEL
    if speech_seconds < LEAST_SPEECH_SECONDS:
        return Reason.NO_SPEECH
    if hypothesis.no_speech_prob >= NO_SPEECH_PROB and _doubt(hypothesis) >= DOUBT_OF_NO_SPEECH:
        return Reason.NO_SPEECH
    count = len(split_units(hypothesis.text))
    if hypothesis.avg_logprob < LEAST_LOGPROB and count >= LEAST_LOGPROB_UNITS:
        return Reason.LOW_CONFIDENCE
    return Reason.TOO_DENSE if _is_too_dense(count, clip_seconds) else None


def _is_weak(hypothesis: Hypothesis, speech_seconds: float) -> bool:
    """True when the sound speaks for hardly more than a breath, or for much more than the text."""
    is_sparse = len(split_units(hypothesis.text)) < FEWEST_UNITS_PER_SECOND * speech_seconds
    return is_sparse or _doubt(hypothesis) >= DOUBT_OF_STOCK_PHRASE


def _reason_by_phrase(text: str, prompted: Prompted) -> Reason | None:
    """For texts already in doubt: both kinds are also said by people."""
    squashed = squash(text)
    if STOCK_PATTERN.fullmatch(squashed) or _is_stock(text):
        return Reason.INVENTED_PHRASE
    return Reason.PROMPT_ECHO if prompted.holds(squashed) else None


def _is_stock(text: str) -> bool:
    """True for one stock phrase or several in a row."""
    splits = ([squash(sentence) for sentence in mark.split(text)] for mark in _SENTENCE_ENDS)
    return squash(text) in STOCK_PHRASES or any(STOCK_PHRASES.issuperset(filter(None, split)) for split in splits)


def _is_too_dense(count: int, clip_seconds: float) -> bool:
    """By the whole clip, since the detector misses some of the speech on bad lines."""
    return count > FREE_UNITS + MOST_UNITS_PER_SECOND * clip_seconds


def _doubt(hypothesis: Hypothesis) -> float:
    """How much the engine itself speaks against there being speech: about 0 for clear speech, 1 for none."""
    return hypothesis.no_speech_prob - LOGPROB_SHARE * hypothesis.avg_logprob


def _without_loops(hypothesis: Hypothesis, clip_seconds: float) -> tuple[Hypothesis, bool]:
    """The hypothesis with each loop cut down to its first round, and whether there was one."""
    units = split_units(hypothesis.text)
    packed = hypothesis.compression_ratio > LOOP_COMPRESSION_RATIO
    loops = find_loops(units, suspicious=packed or _is_too_dense(len(units), clip_seconds))
    if not loops:
        return hypothesis, False
    spans = [_loop_span(units, first, last, len(hypothesis.text)) for first, last in loops]
    return _without(hypothesis, spans), True


def _loop_span(units: Sequence[Unit], first: int, last: int, text_length: int) -> tuple[int, int]:
    return units[first - 1].end, text_length if last == len(units) else units[last - 1].end


def _credit_spans(text: str) -> list[tuple[int, int]]:
    """Where credits stand in the text, each with the marks that follow it."""
    places = [position for position, character in enumerate(text) for _ in squash_character(character)]
    spans = []
    for match in CREDITS.finditer(squash(text)):
        if match.end() > match.start():
            after = places[match.end()] if match.end() < len(places) else len(text)
            spans.append((places[match.start()], after))
    return spans


def _without(hypothesis: Hypothesis, spans: Sequence[tuple[int, int]]) -> Hypothesis:
    """The hypothesis without some stretches of its text, and without what its words hold of them."""
    text = _cut(hypothesis.text, spans).strip()
    words = _cut_words(hypothesis, spans)
    tokens = tuple(token for word in words for token in word.tokens)
    return replace(hypothesis, text=text, words=words, tokens=tokens)


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


def _cut_words(hypothesis: Hypothesis, spans: Sequence[tuple[int, int]]) -> tuple[Word, ...]:
    """Words are laid over the text by their visible characters, since engines differ in where spaces go."""
    positions = [i for i, character in enumerate(hypothesis.text) if not character.isspace()]
    removed = {i for start, end in spans for i in range(start, end)}
    kept: list[Word] = []
    seen = 0
    for word in hypothesis.words:
        text = ""
        whole = True
        for character in word.text:
            if not character.isspace():
                gone = seen >= len(positions) or positions[seen] in removed
                seen += 1
                if gone:
                    whole = False
                    continue
            text += character
        if text.strip():
            kept.append(word if whole else replace(word, text=text, tokens=()))
    return tuple(kept)

"""Vosk, a Kaldi recogniser that answers while it hears: phones, small machines, closed vocabularies.

A recogniser unfolds the part of its graph that speech leads it through, and keeps it: the first sentence costs five
times what the same costs later. So they are used again, one stream at a time; what one has heard is forgotten between.

Vosk ends a sentence by itself where it hears half a second of silence; here its sentences are joined again.
"""

from __future__ import annotations

import json
import math
import os
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Audio, Hypothesis, RecognizeOptions, Word
from lingting.domain.errors import EngineFailed, ModelCorrupt, SettingsInvalid
from lingting.domain.languages import LANGUAGES
from lingting.domain.transcript import join_texts
from lingting.engines.base import Capabilities

__all__ = ["Ear", "VoskEngine", "VoskSettings", "VoskStream"]

MODEL_FILES = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
GRAPH_FILES = (("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"), ("graph/HCLG.fst", "graph/words.txt"))
"""A graph that is put together while it is searched, or a whole one; only the first takes a grammar."""
QUIET = -2
"""Of Kaldi's log: errors only. Its warnings quote the words of a grammar."""
INT16_SCALE = 32_768
TIME_DIGITS = 3
"""Vosk counts in hundredths; the rest comes of subtracting."""
LEAST_CONFIDENCE = 0.01
"""Vosk gives 0 to words it holds for impossible; their logarithm has to stay finite."""
UNKNOWN = "[unk]"
"""What Kaldi's models call speech that is none of their words."""
_NO_WORD = re.compile(r"\[.*\]|<.*>")
"""Marks like [unk], <unk> and [noise], which are nothing that was said."""
MAX_GRAMMAR_PHRASES, MAX_PHRASE_CHARACTERS = 1_000, 100
MOST_THREADS = 8
MAX_AUDIO_SECONDS = 30.0
"""Of one clip of a recording: longer lattices take more memory and say nothing more."""


@dataclass(frozen=True, slots=True)
class VoskSettings:
    """How it hears."""

    languages: tuple[str, ...] = ()
    """What the model hears; a server that finds none here takes the catalog's."""
    grammar: tuple[str, ...] = ()
    """The only phrases that it may hear; empty hears all. Those with a word that the model lacks are left out."""
    threads: int = 0
    """How many streams are heard at the same moment; 0 is one more than there are cores, at most 8."""
    spare_recognizers: int = 4
    """How many that nobody uses are kept, about 30 MB each; they are what makes it quick."""

    def __post_init__(self) -> None:
        for language in self.languages:
            if language not in LANGUAGES:
                raise SettingsInvalid(f"languages: {language[:40]!r} is unknown", param="languages")
        if len(self.grammar) > MAX_GRAMMAR_PHRASES:
            raise SettingsInvalid(f"grammar: at most {MAX_GRAMMAR_PHRASES} phrases", param="grammar")
        if not all(phrase.strip() and len(phrase) <= MAX_PHRASE_CHARACTERS for phrase in self.grammar):
            raise SettingsInvalid(f"grammar: a phrase has 1 to {MAX_PHRASE_CHARACTERS} characters", param="grammar")
        for name, most in (("threads", 64), ("spare_recognizers", 1_000)):
            if not 0 <= getattr(self, name) <= most:
                raise SettingsInvalid(f"{name} is {getattr(self, name)}; give a value from 0 to {most}", param=name)


class VoskEngine:
    """A `StreamEngine` on the weights in a folder; `open` and the closing of streams may come from any thread."""

    def __init__(self, folder: Path, settings: VoskSettings = VoskSettings()) -> None:
        """raises    ModelCorrupt for a folder that holds no such model; SettingsInvalid"""
        if not settings.languages:
            raise SettingsInvalid("vosk: say which languages the model hears", param="languages")
        has_dynamic_graph = _require_model(folder)
        if settings.grammar and not has_dynamic_graph:
            raise SettingsInvalid("vosk: this model has a whole graph, which takes no grammar", param="grammar")
        import vosk

        vosk.SetLogLevel(QUIET)
        self._settings = settings
        self._recognizer_class = vosk.KaldiRecognizer
        self._turn = threading.Lock()
        try:
            self._model: Any = vosk.Model(str(folder))  # an untyped library's
            self._grammar = self._grammar_of(settings.grammar)
            self._spare = [self._make()]
        except SettingsInvalid:
            raise
        except Exception as problem:  # Vosk raises nothing more precise
            raise ModelCorrupt(f"{folder.name}: Vosk cannot load this model; fetch it again") from problem
        self.capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=MAX_AUDIO_SECONDS,
            languages=frozenset(settings.languages),
            streaming=True,
            word_times=True,
            hotwords=False,
            max_batch=1,
            thread_safe=True,
            replicas=settings.threads or min(MOST_THREADS, (os.cpu_count() or 1) + 1),
        )

    def open(self, options: RecognizeOptions) -> VoskStream:
        with self._turn:
            spare = self._spare.pop() if self._spare else None
        languages = self._settings.languages
        language = options.language if options.language in languages else languages[0]
        return VoskStream(self, spare or self._make(), language, word_times=options.word_times)

    def give_back(self, ear: Ear) -> None:
        """A stream is done with it."""
        ear.forget()
        with self._turn:
            if self._model is not None and len(self._spare) < self._settings.spare_recognizers:
                self._spare.append(ear)

    def close(self) -> None:
        with self._turn:
            self._spare, self._model = [], None

    def _make(self) -> Ear:
        wanted = (self._model, float(SAMPLE_RATE_HZ), *([self._grammar] if self._grammar else []))
        recognizer = self._recognizer_class(*wanted)
        recognizer.SetWords(enable_words=True)
        return Ear(recognizer)

    def _grammar_of(self, phrases: Sequence[str]) -> str:
        """As Vosk takes it, and empty where there is none: it does not survive an empty list."""

        def knows(word: str) -> bool:
            return bool(self._model.vosk_model_find_word(word) >= 0)

        known = [" ".join(phrase.split()) for phrase in phrases if all(knows(word) for word in phrase.split())]
        if phrases and not known:
            raise SettingsInvalid("grammar: the model knows the words of none of these phrases", param="grammar")
        return json.dumps(known + [UNKNOWN] * knows(UNKNOWN), ensure_ascii=False) if known else ""


class Ear:
    """A recogniser, whose times go on from stream to stream."""

    def __init__(self, recognizer: Any) -> None:  # an untyped library's
        self._recognizer = recognizer
        self.heard_samples = 0

    def accept(self, audio: Audio) -> bool:
        """True where a sentence has ended."""
        steps = np.clip(np.rint(audio.samples * INT16_SCALE), -INT16_SCALE, INT16_SCALE - 1)
        self.heard_samples += len(steps)
        return bool(self._recognizer.AcceptWaveform(steps.astype("<i2").tobytes()))

    def partial(self) -> str:
        return str(json.loads(self._recognizer.PartialResult()).get("partial", ""))

    def sentence(self) -> list[dict[str, Any]]:  # Vosk's own words
        return list(json.loads(self._recognizer.Result()).get("result", ()))

    def last_sentence(self) -> list[dict[str, Any]]:
        """The next sound begins anew, but for the times: no voice it knew before is left."""
        return list(json.loads(self._recognizer.FinalResult()).get("result", ()))

    def forget(self) -> None:
        self._recognizer.FinalResult()


class VoskStream:
    """An `EngineStream`. Its average log-probability is the mean logarithm of Vosk's word confidences, which are
    posterior probabilities over the lattice."""

    goes_on = True

    def __init__(self, engine: VoskEngine, ear: Ear, language: str, *, word_times: bool) -> None:
        self._engine = engine
        self._ear: Ear | None = ear
        self._language = language
        self._word_times = word_times
        self._began_seconds = ear.heard_samples / SAMPLE_RATE_HZ
        self._words: list[Word] = []
        self._said = ""
        self._shown = ""

    def accept(self, audio: Audio) -> Hypothesis | None:
        ear = self._require_open()
        if not len(audio.samples):
            return None
        if ear.accept(audio):
            self._keep(ear.sentence())
            seems = self._said
        else:
            seems = join_texts((self._said, *_spoken_of(ear.partial().split())))
        if seems == self._shown:
            return None
        self._shown = seems
        return Hypothesis(seems, self._language)

    def finish(self) -> Hypothesis:
        self._keep(self._require_open().last_sentence())
        self._shown = self._said
        confidences = [math.log(max(word.probability, LEAST_CONFIDENCE)) for word in self._words]
        return Hypothesis(
            self._said,
            self._language,
            words=tuple(self._words) if self._word_times else (),
            avg_logprob=sum(confidences) / len(confidences) if confidences else 0.0,
        )

    def close(self) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            self._engine.give_back(ear)

    def _require_open(self) -> Ear:
        if self._ear is None:
            raise EngineFailed("the stream was closed before")
        return self._ear

    def _keep(self, words: Iterable[dict[str, Any]]) -> None:  # Vosk's own words
        for word in words:
            for text in _spoken_of((str(word["word"]),)):
                joined = join_texts((self._said, text))
                start_seconds = max(0.0, round(float(word["start"]) - self._began_seconds, TIME_DIGITS))
                end_seconds = max(start_seconds, round(float(word["end"]) - self._began_seconds, TIME_DIGITS))
                confidence = min(1.0, max(0.0, float(word["conf"])))
                self._words.append(Word(joined[len(self._said) :], start_seconds, end_seconds, confidence))
                self._said = joined


def _spoken_of(words: Iterable[str]) -> list[str]:
    return [word for word in words if not _NO_WORD.fullmatch(word)]


def _require_model(folder: Path) -> bool:
    """Whether its graph takes a grammar; a missing file would come up late, or end the process.

    raises    ModelCorrupt
    """
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise ModelCorrupt(f"{folder.name}: no Vosk model, {', '.join(missing)} is missing; fetch it again")
    for is_dynamic, names in zip((True, False), GRAPH_FILES, strict=True):
        if all((folder / name).is_file() for name in names):
            return is_dynamic
    raise ModelCorrupt(f"{folder.name}: no Vosk model, {', '.join(GRAPH_FILES[0])} are missing; fetch it again")

"""What Whisper does with a batch, whichever library holds the weights: features, decoding, words.

Short clips are encoded with short windows (`whisper_window.py`) where the weights take them, and an answer that looks
wrong is decoded again with the full window, then at higher temperatures, together with the other doubtful ones of its
batch. Whether an answer was invented is the guard's decision, not this module's.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ, Audio, Effort, Hypothesis, RecognizeOptions
from lingting.domain.errors import EngineFailed
from lingting.engines.base import Clip
from lingting.engines.whisper_align import align_words
from lingting.engines.whisper_batch import Settled, WhisperBatch, WhisperItem, WhisperPass, WhisperWeights
from lingting.engines.whisper_decode import FRAMES_PER_SECOND
from lingting.engines.whisper_vocabulary import Vocabulary
from lingting.engines.whisper_window import FULL_WINDOW_SECONDS, WindowPolicy

__all__ = ["WhisperAnswers", "WhisperTraits", "WhisperWork"]

MIN_SAMPLES = 400
"""One analysis window of the features; a shorter clip is padded to it. Source: Whisper's n_fft."""


@dataclass(frozen=True, slots=True)
class WhisperAnswers:
    """What the device said, to be put into words."""

    batch: WhisperBatch
    settled: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class WhisperTraits:
    """What differs from one set of weights, or one library, to the other."""

    mel_bands: int
    max_batch: int
    window: WindowPolicy
    shortens: bool = True
    """Whether the encoder takes windows shorter than 30 s."""
    aligns: bool = True
    """Whether it can tell when a word was said."""


class WhisperWork:
    """The `BatchEngine` methods of every Whisper, but for closing it."""

    def __init__(self, weights: WhisperWeights, vocabulary: Vocabulary, traits: WhisperTraits) -> None:
        self._weights = weights
        self._vocabulary = vocabulary
        self._traits = traits
        self._extractor = FeatureExtractor(feature_size=traits.mel_bands)

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        """Clips that the decoder searches alike: the same beam, temperatures and length of prompt."""
        prompt_length = None if options.language is None else len(self._prompt(options.language, options))
        return (options.beam_size, options.temperatures, prompt_length)

    def padded_seconds(self, clip: Clip) -> float:
        """Return the first window; the few clips that need a longer one cost more."""
        return self._windows_seconds(clip)[0]

    def prepare(self, clips: Sequence[Clip]) -> WhisperBatch:
        """Return the log-mel frames of each clip.

        raises    UnsupportedLanguage; AssertionError for audio at another rate or longer than 30 s
        """
        return WhisperBatch(tuple(self._item(clip) for clip in clips))

    def compute(self, prepared: WhisperBatch) -> WhisperAnswers:
        """raises EngineFailed, NoLongerWanted"""
        try:
            settled = WhisperPass(self._weights, self._vocabulary, self._traits.window).run(
                prepared, max_batch=self._traits.max_batch
            )
        except (RuntimeError, ValueError, MemoryError) as error:
            raise EngineFailed(
                f"Whisper could not decode a batch of {len(prepared.items)} ({type(error).__name__}); "
                "try again, and with smaller batches if it stays"
            ) from error
        return WhisperAnswers(prepared, tuple(settled))

    def finish(self, raw: WhisperAnswers) -> list[Hypothesis]:
        return [self._hypothesis(item, settled) for item, settled in zip(raw.batch.items, raw.settled, strict=True)]

    def _prompt(self, language: str, options: RecognizeOptions) -> list[int]:
        self._vocabulary.check_language(language)
        return self._vocabulary.prompt(language, options)

    def _item(self, clip: Clip) -> WhisperItem:
        options = clip.options if self._traits.aligns else replace(clip.options, word_times=False)
        if options.language is not None:
            self._vocabulary.check_language(options.language)
        seconds = clip.audio.duration_seconds
        assert clip.audio.rate_hz == SAMPLE_RATE_HZ, "audio comes at the rate the engine declared"
        assert seconds <= FULL_WINDOW_SECONDS, "audio comes in pieces the engine declared it can take"
        return WhisperItem(options, seconds, self._features(clip.audio), self._windows_seconds(clip), clip.is_wanted)

    def _windows_seconds(self, clip: Clip) -> tuple[float, ...]:
        policy = self._traits.window
        if not self._traits.shortens:
            return (FULL_WINDOW_SECONDS,)
        if clip.options.effort is Effort.DRAFT:
            return (policy.draft_seconds(clip.audio.duration_seconds),)
        return policy.windows_seconds(clip.audio.duration_seconds, adaptive=clip.options.adaptive_window)

    def _features(self, audio: Audio) -> NDArray[np.float32]:
        samples = audio.samples
        if len(samples) < MIN_SAMPLES:
            samples = np.pad(samples, (0, MIN_SAMPLES - len(samples)))
        features: NDArray[np.float32] = self._extractor(samples).astype(np.float32, copy=False)
        return features[:, : int(FULL_WINDOW_SECONDS) * FRAMES_PER_SECOND]

    def _hypothesis(self, item: WhisperItem, settled: Settled) -> Hypothesis:
        answer = settled.answer
        words: tuple[Any, ...] = ()
        if settled.alignment is not None:
            texts, tokens = self._vocabulary.words(answer.tokens, settled.language, item.options.task)
            words = align_words(settled.alignment, texts, tokens, clip_seconds=item.clip_seconds)
        return Hypothesis(
            text=answer.text,
            language=settled.language,
            language_probability=settled.language_probability,
            words=words,
            tokens=answer.tokens,
            avg_logprob=answer.avg_logprob,
            no_speech_prob=answer.no_speech_prob,
            compression_ratio=answer.compression_ratio,
            temperature=answer.temperature,
            window_seconds=answer.window_seconds,
            attempts=settled.attempts,
        )

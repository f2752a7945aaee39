"""Whisper on CTranslate2: batches of clips in, one hypothesis each out.

Short clips are encoded with short windows (`whisper_window.py`), and an answer that looks wrong is decoded
again with the full window, then at higher temperatures, together with the other doubtful ones of its batch.
Whether an answer was invented is the guard's decision, not this module's.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import ctranslate2
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ, Audio, Effort, Hypothesis, RecognizeOptions
from lingting.domain.errors import EngineFailed, ModelCorrupt, ModelMissing, SettingsInvalid
from lingting.engines.base import Capabilities, Clip
from lingting.engines.whisper_align import align_words
from lingting.engines.whisper_batch import Settled, WhisperBatch, WhisperItem, WhisperPass
from lingting.engines.whisper_decode import FRAMES_PER_SECOND, WhisperModel
from lingting.engines.whisper_vocabulary import Vocabulary
from lingting.engines.whisper_window import FULL_WINDOW_SECONDS, WindowPolicy

__all__ = ["WhisperEngine", "WhisperSettings"]

Device = Literal["auto", "cpu", "cuda"]
ComputeType = Literal["auto", "int8", "int8_float32", "int8_float16", "float16", "bfloat16", "float32"]
MIN_SAMPLES = 400
"""One analysis window of the features; a shorter clip is padded to it. Source: Whisper's n_fft."""


@dataclass(frozen=True, slots=True)
class WhisperSettings:
    """Where and how the weights run."""

    device: Device = "auto"
    """auto: the first GPU when there is one."""
    device_index: int = 0
    compute_type: ComputeType = "auto"
    """auto: int8 on a CPU, float16 on a GPU."""
    threads: int = 0
    """CPU threads of one replica; 0 shares the cores out among the replicas."""
    replicas: int = 0
    """Batches computed at the same time; they share the weights. 0: one on a GPU; on a CPU one for every four cores,
    and two where there are two to seven, since two threads with a batch each do more than two in one batch."""
    max_batch: int = 8
    chinese_prompt: str = ""
    """Put before the caller's prompt for Chinese speech, such as 以下是普通话的句子。 to see simplified script and
    full-width marks. Empty, because it raises the error rate of read speech (benchmarks/window.md) and Chinese
    then cannot share a batch with other languages."""
    window: WindowPolicy = field(default_factory=WindowPolicy)

    def __post_init__(self) -> None:
        _one_of("device", self.device, get_args(Device))
        _one_of("compute_type", self.compute_type, get_args(ComputeType))
        _within("device_index", self.device_index, 0, 63)
        _within("threads", self.threads, 0, 1024)
        _within("replicas", self.replicas, 0, 64)
        _within("max_batch", self.max_batch, 1, 256)


@dataclass(frozen=True, slots=True)
class WhisperAnswers:
    """What the device said, to be put into words."""

    batch: WhisperBatch
    settled: tuple[Settled, ...]


class WhisperEngine:
    """A BatchEngine; `compute` may run in as many threads as there are replicas.

    raises    ModelMissing or ModelCorrupt when the folder does not hold the weights
              SettingsInvalid when the device cannot do what the settings ask
    """

    def __init__(self, model_dir: Path, settings: WhisperSettings | None = None) -> None:
        settings = settings or WhisperSettings()
        self._settings = settings
        loaded = _load(model_dir, settings)
        self._vocabulary = Vocabulary(
            model_dir / "tokenizer.json",
            multilingual=loaded.is_multilingual,
            chinese_prompt=settings.chinese_prompt,
        )
        self._model = WhisperModel(loaded, self._vocabulary.suppressed)
        self._extractor = FeatureExtractor(feature_size=loaded.n_mels)
        self._capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=FULL_WINDOW_SECONDS,
            languages=self._vocabulary.languages,
            streaming=False,
            word_times=True,
            hotwords=False,
            max_batch=settings.max_batch,
            thread_safe=True,
            replicas=int(loaded.num_workers),
            translates=bool(loaded.is_multilingual),
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

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
        """raises EngineFailed"""
        try:
            settled = WhisperPass(self._model, self._vocabulary, self._settings.window).run(
                prepared, max_batch=self._settings.max_batch
            )
        except (RuntimeError, ValueError, MemoryError) as error:
            raise EngineFailed(
                f"Whisper could not decode a batch of {len(prepared.items)} ({type(error).__name__}); "
                "try again, and with smaller batches if it stays"
            ) from error
        return WhisperAnswers(prepared, tuple(settled))

    def finish(self, raw: WhisperAnswers) -> list[Hypothesis]:
        return [self._hypothesis(item, settled) for item, settled in zip(raw.batch.items, raw.settled, strict=True)]

    def close(self) -> None:
        self._model.close()

    def _prompt(self, language: str, options: RecognizeOptions) -> list[int]:
        self._vocabulary.check_language(language)
        return self._vocabulary.prompt(language, options)

    def _item(self, clip: Clip) -> WhisperItem:
        if clip.options.language is not None:
            self._vocabulary.check_language(clip.options.language)
        seconds = clip.audio.duration_seconds
        assert clip.audio.rate_hz == SAMPLE_RATE_HZ, "audio comes at the rate the engine declared"
        assert seconds <= FULL_WINDOW_SECONDS, "audio comes in pieces the engine declared it can take"
        return WhisperItem(clip.options, seconds, self._features(clip.audio), self._windows_seconds(clip))

    def _windows_seconds(self, clip: Clip) -> tuple[float, ...]:
        policy = self._settings.window
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


def _load(model_dir: Path, settings: WhisperSettings) -> Any:  # ctranslate2.models.Whisper has no stubs
    for name in ("model.bin", "tokenizer.json", "config.json"):
        if not (model_dir / name).is_file():
            raise ModelMissing(f"{model_dir.name} has no {name}; pull the model again")
    device = settings.device
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    if device == "cuda" and settings.device_index >= ctranslate2.get_cuda_device_count():
        raise SettingsInvalid(
            f"device_index {settings.device_index}: there are {ctranslate2.get_cuda_device_count()} GPUs here"
        )
    compute_type = _compute_type(settings.compute_type, device, settings.device_index)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    replicas = settings.replicas or _replicas(device, cores)
    try:
        return ctranslate2.models.Whisper(
            str(model_dir),
            device=device,
            device_index=settings.device_index,
            compute_type=compute_type,
            inter_threads=replicas,
            intra_threads=settings.threads or max(1, cores // replicas),
        )
    except (RuntimeError, ValueError) as error:
        raise ModelCorrupt(f"the weights in {model_dir.name} cannot be loaded; verify or pull the model") from error


def _replicas(device: str, cores: int) -> int:
    if device == "cuda" or cores < 2:
        return 1
    return max(2, cores // 4)


def _compute_type(wanted: ComputeType, device: str, device_index: int) -> str:
    supported = ctranslate2.get_supported_compute_types(device, device_index if device == "cuda" else 0)
    if wanted == "auto":
        likely = ("float16", "int8_float16", "float32") if device == "cuda" else ("int8", "float32")
        return next(kind for kind in likely if kind in supported)
    if wanted not in supported:
        raise SettingsInvalid(f"compute_type {wanted} does not run on this {device}; use one of {sorted(supported)}")
    return wanted


def _one_of(name: str, value: str, accepted: Sequence[str]) -> None:
    if value not in accepted:
        raise SettingsInvalid(f"{name} is {value!r}; use one of {', '.join(accepted)}")


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise SettingsInvalid(f"{name} is {value}; use {low} to {high}")

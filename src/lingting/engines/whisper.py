"""Whisper on CTranslate2: batches of clips in, one hypothesis each out.

What is done with a batch is said in `whisper_work.py`; here the weights are found a device and a number of replicas.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import ctranslate2

from lingting.domain import SAMPLE_RATE_HZ, Hypothesis, RecognizeOptions
from lingting.domain.errors import ModelCorrupt, ModelMissing, SettingsInvalid
from lingting.engines.base import Capabilities, Clip
from lingting.engines.whisper_batch import WhisperBatch
from lingting.engines.whisper_decode import WhisperModel
from lingting.engines.whisper_vocabulary import Vocabulary
from lingting.engines.whisper_window import FULL_WINDOW_SECONDS, WindowPolicy
from lingting.engines.whisper_work import WhisperAnswers, WhisperTraits, WhisperWork

__all__ = ["WhisperEngine", "WhisperSettings"]

Device = Literal["auto", "cpu", "cuda"]
ComputeType = Literal["auto", "int8", "int8_float32", "int8_float16", "float16", "bfloat16", "float32"]


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


class WhisperEngine:
    """A BatchEngine; `compute` may run in as many threads as there are replicas.

    raises    ModelMissing or ModelCorrupt when the folder does not hold the weights
              SettingsInvalid when the device cannot do what the settings ask
    """

    def __init__(self, model_dir: Path, settings: WhisperSettings | None = None) -> None:
        settings = settings or WhisperSettings()
        loaded = _load(model_dir, settings)
        vocabulary = Vocabulary(
            model_dir / "tokenizer.json",
            multilingual=loaded.is_multilingual,
            chinese_prompt=settings.chinese_prompt,
        )
        self._model = WhisperModel(loaded, vocabulary.suppressed)
        traits = WhisperTraits(loaded.n_mels, settings.max_batch, settings.window)
        self._work = WhisperWork(self._model, vocabulary, traits)
        self._capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=FULL_WINDOW_SECONDS,
            languages=vocabulary.languages,
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
        return self._work.batch_key(options)

    def padded_seconds(self, clip: Clip) -> float:
        return self._work.padded_seconds(clip)

    def prepare(self, clips: Sequence[Clip]) -> WhisperBatch:
        """raises    UnsupportedLanguage; AssertionError for audio at another rate or longer than 30 s"""
        return self._work.prepare(clips)

    def compute(self, prepared: WhisperBatch) -> WhisperAnswers:
        """raises EngineFailed"""
        return self._work.compute(prepared)

    def finish(self, raw: WhisperAnswers) -> list[Hypothesis]:
        return self._work.finish(raw)

    def close(self) -> None:
        self._model.close()


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

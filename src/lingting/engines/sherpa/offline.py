"""Whole clips through sherpa-onnx, several at once.

SenseVoice tells the language, how a voice sounds and what is heard besides; of that only the language is used.
Whisper is told language and task for a whole batch: clips that differ in them go apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Hypothesis, RecognizeOptions
from lingting.domain.errors import EngineFailed, ModelCorrupt, SettingsInvalid
from lingting.domain.options import Task
from lingting.engines.base import Capabilities, Clip
from lingting.engines.sherpa.families import OFFLINE
from lingting.engines.sherpa.folder import FoundModel, family_of, find_model
from lingting.engines.sherpa.settings import BEAM, SherpaSettings
from lingting.engines.sherpa.tokens import Heard, Said, as_numbers, hotword_lines, said_of

__all__ = ["SherpaEngine"]

MAX_AUDIO_SECONDS = 29.0
"""Whisper's window of 30 s holds no more: sherpa-onnx leaves out the rest."""
MIN_SAMPLES = SAMPLE_RATE_HZ // 2
"""What is shorter is padded to it: the models take windows of many frames, and crash on none."""
_FAILURES = (RuntimeError, ValueError, IndexError)
"""What sherpa-onnx raises."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    clips: Sequence[Clip]
    streams: Sequence[Any]  # an untyped library's
    language: str
    task: str


class SherpaEngine:
    """A `BatchEngine` on the weights in a folder."""

    def __init__(self, folder: Path, settings: SherpaSettings) -> None:
        """raises    ModelCorrupt for a folder that holds no such model; SettingsInvalid"""
        family = family_of(OFFLINE, settings.family)
        if not settings.languages:
            raise SettingsInvalid("sherpa: say which languages the model hears", param="languages")
        if settings.decoding == BEAM and not family.takes_hotwords:
            raise SettingsInvalid(f"decoding: {family.name} is searched greedily only", param="decoding")
        self._model = find_model(folder, family)
        self._settings = settings
        self._turn = threading.Lock()
        self._recognizer: Any = _made(self._model, settings)  # an untyped library's
        self.capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=MAX_AUDIO_SECONDS,
            languages=frozenset(settings.languages),
            streaming=False,
            word_times=family.has_times,
            hotwords=settings.decoding == BEAM,
            max_batch=settings.max_batch,
            thread_safe=True,
            translates=family.translates,
        )

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        return self._language(options), self._task(options)

    def padded_seconds(self, clip: Clip) -> float:
        return clip.audio.duration_seconds

    def prepare(self, clips: Sequence[Clip]) -> list[_Batch]:
        """One batch for each key: the scheduler gives one, others may mix."""
        by_key: dict[Hashable, list[Clip]] = {}
        for clip in clips:
            by_key.setdefault(self.batch_key(clip.options), []).append(clip)
        batches = [
            _Batch(group, [self._stream(clip) for clip in group], self._language(options), self._task(options))
            for group in by_key.values()
            for options in (group[0].options,)
        ]
        self._require_open()
        return batches if len(batches) == 1 else _in_order(batches, clips)

    def compute(self, prepared: list[_Batch]) -> list[_Batch]:
        for batch in prepared:
            with self._turn:
                self._set(batch)
                try:
                    self._require_open().decode_streams(list(batch.streams))
                except _FAILURES as problem:
                    raise EngineFailed(f"sherpa-onnx failed ({type(problem).__name__}); try again") from problem
        return prepared

    def finish(self, raw: list[_Batch]) -> list[Hypothesis]:
        return [
            self._said(clip, stream.result)
            for batch in raw
            for clip, stream in zip(batch.clips, batch.streams, strict=True)
        ]

    def close(self) -> None:
        with self._turn:
            self._recognizer = None

    def _require_open(self) -> Any:
        if self._recognizer is None:
            raise EngineFailed("the engine was closed before")
        return self._recognizer

    def _language(self, options: RecognizeOptions) -> str:
        """As the recogniser is told; empty for one that cannot be told, or is to find out."""
        if not self._model.family.takes_language or options.language not in self._settings.languages:
            return ""
        return str(options.language)

    def _task(self, options: RecognizeOptions) -> str:
        return str(options.task if self._model.family.translates else Task.TRANSCRIBE)

    def _stream(self, clip: Clip) -> Any:
        recognizer = self._require_open()
        hotwords = ""
        if self.capabilities.hotwords and clip.options.hotwords:
            hotwords = hotword_lines(
                clip.options.hotwords,
                self._model.vocabulary,
                score=self._settings.hotwords_score,
                cuts_words=bool(self._model.bpe_vocabulary),
            )
        stream = recognizer.create_stream(hotwords) if hotwords else recognizer.create_stream()
        samples = clip.audio.samples
        if len(samples) < MIN_SAMPLES:
            samples = np.pad(samples, (0, MIN_SAMPLES - len(samples)))
        stream.accept_waveform(SAMPLE_RATE_HZ, as_numbers(samples))
        return stream

    def _set(self, batch: _Batch) -> None:
        if not self._model.family.takes_language:
            return
        recognizer = self._require_open()
        config = recognizer.config
        config.model_config.whisper.language = batch.language
        config.model_config.whisper.task = batch.task
        recognizer.recognizer.set_config(config)

    def _said(self, clip: Clip, result: Any) -> Hypothesis:
        said = Said(result.text, result.tokens, result.timestamps, result.ys_log_probs, result.lang)
        return said_of(
            said, Heard(clip.audio.duration_seconds, clip.options), self._model, tuple(self._settings.languages)
        )


def _in_order(batches: Sequence[_Batch], clips: Sequence[Clip]) -> list[_Batch]:
    """Alone, one after the other, as they were asked for."""
    places = {
        id(clip): (batch, stream) for batch in batches for clip, stream in zip(batch.clips, batch.streams, strict=True)
    }
    alone = [(clip, *places[id(clip)]) for clip in clips]
    return [_Batch([clip], [stream], batch.language, batch.task) for clip, batch, stream in alone]


def _made(model: FoundModel, settings: SherpaSettings) -> Any:
    import sherpa_onnx

    given: dict[str, Any] = dict(model.files)  # values of other types beside paths
    if model.family.name == "paraformer":
        given["paraformer"] = given.pop("model")
    if model.family.name == "sense-voice":
        given |= {"use_itn": settings.itn, "language": settings.language}
    given |= {"num_threads": settings.threads_used, "provider": settings.provider}
    makers: Mapping[str, Callable[..., Any]] = {
        "sense-voice": sherpa_onnx.OfflineRecognizer.from_sense_voice,
        "paraformer": sherpa_onnx.OfflineRecognizer.from_paraformer,
        "zipformer-ctc": sherpa_onnx.OfflineRecognizer.from_zipformer_ctc,
        "transducer": sherpa_onnx.OfflineRecognizer.from_transducer,
        "moonshine": sherpa_onnx.OfflineRecognizer.from_moonshine,
        "whisper": sherpa_onnx.OfflineRecognizer.from_whisper,
    }
    if model.family.takes_hotwords:
        given |= {
            "model_type": "transducer",
            "decoding_method": settings.decoding,
            "modeling_unit": "cjkchar+bpe" if model.bpe_vocabulary else "cjkchar",
            "bpe_vocab": model.bpe_vocabulary,
        }
    try:
        return makers[model.family.name](**given)
    except _FAILURES as problem:
        raise ModelCorrupt("sherpa-onnx cannot load this model; fetch it again") from problem

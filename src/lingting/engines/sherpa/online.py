"""Live sound through sherpa-onnx: text comes while it is heard.

Nothing may be heard after the end of a stream: the models look ahead, so the end is silence that was not in the sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Audio, Hypothesis, RecognizeOptions
from lingting.domain.errors import EngineFailed, ModelCorrupt, SettingsInvalid
from lingting.engines.base import Capabilities
from lingting.engines.sherpa.families import ONLINE
from lingting.engines.sherpa.folder import FoundModel, family_of, find_model
from lingting.engines.sherpa.settings import BEAM, SherpaOnlineSettings
from lingting.engines.sherpa.tokens import Heard, Said, as_numbers, hotword_lines, said_of

__all__ = ["SherpaOnlineEngine", "SherpaStream"]

MAX_AUDIO_SECONDS = 30.0
TAIL_SECONDS = 1.0
"""Of silence after the end, more than any of these models looks ahead: 77 frames of 10 ms."""
_FAILURES = (RuntimeError, ValueError, IndexError)
"""What sherpa-onnx raises."""


class SherpaOnlineEngine:
    """A `StreamEngine` on the weights in a folder; streams may be heard from any thread, each from one at a time."""

    def __init__(self, folder: Path, settings: SherpaOnlineSettings) -> None:
        """raises    ModelCorrupt for a folder that holds no such model; SettingsInvalid"""
        family = family_of(ONLINE, settings.family)
        if not settings.languages:
            raise SettingsInvalid("sherpa-online: say which languages the model hears", param="languages")
        if settings.decoding == BEAM and not family.takes_hotwords:
            raise SettingsInvalid(f"decoding: {family.name} is searched greedily only", param="decoding")
        self.model = find_model(folder, family)
        self.settings = settings
        self._recognizer: Any = _made(self.model, settings)  # an untyped library's
        self.capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=MAX_AUDIO_SECONDS,
            languages=frozenset(settings.languages),
            streaming=True,
            word_times=family.has_times,
            hotwords=settings.decoding == BEAM,
            max_batch=1,
            thread_safe=True,
            replicas=settings.streams_used,
        )

    def open(self, options: RecognizeOptions) -> SherpaStream:
        if self._recognizer is None:
            raise EngineFailed("the engine was closed before")
        hotwords = ""
        if self.capabilities.hotwords and options.hotwords:
            hotwords = hotword_lines(
                options.hotwords,
                self.model.vocabulary,
                score=self.settings.hotwords_score,
                cuts_words=bool(self.model.bpe_vocabulary),
            )
        stream = self._recognizer.create_stream(hotwords) if hotwords else self._recognizer.create_stream()
        return SherpaStream(self, self._recognizer, stream, options)

    def close(self) -> None:
        self._recognizer = None


class SherpaStream:
    """An `EngineStream`. Its average log-probability is the mean of its tokens', where the model tells them."""

    goes_on = False

    def __init__(self, engine: SherpaOnlineEngine, recognizer: Any, stream: Any, options: RecognizeOptions) -> None:
        self._engine = engine
        self._recognizer = recognizer
        self._stream = stream
        self._options = options
        self._heard_samples = 0
        self._shown = ""

    def accept(self, audio: Audio) -> Hypothesis | None:
        self._require_open()
        if not len(audio.samples):
            return None
        self._heard_samples += len(audio.samples)
        self._hear(audio.samples)
        seems = self._said(word_times=False)
        if seems.text == self._shown:
            return None
        self._shown = seems.text
        return seems

    def finish(self) -> Hypothesis:
        self._require_open()
        self._hear(np.zeros(int(TAIL_SECONDS * SAMPLE_RATE_HZ), dtype=np.float32), is_last=True)
        return self._said(word_times=self._options.word_times)

    def close(self) -> None:
        self._stream = None

    def _require_open(self) -> None:
        if self._stream is None:
            raise EngineFailed("the stream was closed before")

    def _hear(self, samples: Any, *, is_last: bool = False) -> None:
        try:
            self._stream.accept_waveform(SAMPLE_RATE_HZ, as_numbers(samples))
            if is_last:
                self._stream.input_finished()
            while self._recognizer.is_ready(self._stream):
                self._recognizer.decode_stream(self._stream)
        except _FAILURES as problem:
            raise EngineFailed(f"sherpa-onnx failed ({type(problem).__name__}); try again") from problem

    def _said(self, *, word_times: bool) -> Hypothesis:
        result = self._recognizer.get_result_all(self._stream)
        said = Said(result.text, result.tokens, result.timestamps, result.ys_probs)
        heard = Heard(self._heard_samples / SAMPLE_RATE_HZ, self._options)
        answer = said_of(said, heard, self._engine.model, self._engine.settings.languages)
        return answer if word_times else Hypothesis(answer.text, answer.language, answer.language_probability)


def _made(model: FoundModel, settings: SherpaOnlineSettings) -> Any:
    import sherpa_onnx

    shared: dict[str, Any] = {"num_threads": settings.threads, "provider": settings.provider}
    if model.family.takes_hotwords:
        shared |= {
            "decoding_method": settings.decoding,
            "modeling_unit": "cjkchar+bpe" if model.bpe_vocabulary else "cjkchar",
            "bpe_vocab": model.bpe_vocabulary,
            "temperature_scale": 1.0,  # else the probabilities of tokens are flattened
        }
    makers: Mapping[str, Callable[..., Any]] = {
        "transducer": sherpa_onnx.OnlineRecognizer.from_transducer,
        "zipformer2-ctc": sherpa_onnx.OnlineRecognizer.from_zipformer2_ctc,
        "paraformer": sherpa_onnx.OnlineRecognizer.from_paraformer,
    }
    try:
        return makers[model.family.name](**model.files, **shared)
    except _FAILURES as problem:
        raise ModelCorrupt("sherpa-onnx cannot load this model; fetch it again") from problem

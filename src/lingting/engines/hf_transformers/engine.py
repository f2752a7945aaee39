"""Transformers as an engine: which family a folder holds, and that family's work."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from lingting.domain import SAMPLE_RATE_HZ, Hypothesis, RecognizeOptions
from lingting.domain.errors import InvalidOption, ModelCorrupt
from lingting.domain.languages import LANGUAGES
from lingting.domain.options import Task
from lingting.engines.base import Capabilities, Clip
from lingting.engines.hf_transformers.ctc import CtcEngine
from lingting.engines.hf_transformers.loading import load, read_json
from lingting.engines.hf_transformers.settings import TransformersSettings
from lingting.engines.hf_transformers.whisper_weights import TorchWhisper, WhisperMarks
from lingting.engines.whisper_batch import WhisperBatch
from lingting.engines.whisper_vocabulary import Vocabulary
from lingting.engines.whisper_window import FULL_WINDOW_SECONDS
from lingting.engines.whisper_work import WhisperAnswers, WhisperTraits, WhisperWork

__all__ = ["TransformersEngine"]

CTC_CLASSES = {"wav2vec2": "Wav2Vec2ForCTC", "hubert": "HubertForCTC", "wavlm": "WavLMForCTC"}


class TransformersEngine:
    """A `BatchEngine` on the weights in a folder, as the Hugging Face hub has them.

    raises    ModelMissing or ModelCorrupt when the folder does not hold such weights
              SettingsInvalid when the device cannot do what the settings ask
    """

    def __init__(self, folder: Path, settings: TransformersSettings | None = None) -> None:
        settings = settings or TransformersSettings()
        kind = read_json(folder, "config.json").get("model_type")
        if kind == "whisper":
            self._family: Any = _WhisperFamily(folder, settings)
        elif kind in CTC_CLASSES:
            self._family = CtcEngine(folder, CTC_CLASSES[kind], settings)
        else:
            known = ", ".join(("whisper", *CTC_CLASSES))
            raise ModelCorrupt(f"{folder.name} is of the kind {str(kind)[:40]!r}; this engine knows {known}")

    @property
    def capabilities(self) -> Capabilities:
        found: Capabilities = self._family.capabilities
        return found

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        key: Hashable = self._family.batch_key(options)
        return key

    def padded_seconds(self, clip: Clip) -> float:
        return float(self._family.padded_seconds(clip))

    def prepare(self, clips: Sequence[Clip]) -> Any:  # each family's own
        return self._family.prepare(clips)

    def compute(self, prepared: Any) -> Any:
        """raises    EngineFailed"""
        return self._family.compute(prepared)

    def finish(self, raw: Any) -> list[Hypothesis]:
        found: list[Hypothesis] = self._family.finish(raw)
        return found

    def close(self) -> None:
        self._family.close()


class _WhisperFamily:
    def __init__(self, folder: Path, settings: TransformersSettings) -> None:
        marks, is_multilingual = _marks_of(folder)
        vocabulary = Vocabulary(folder / "tokenizer.json", multilingual=is_multilingual)
        loaded = load(folder, "WhisperForConditionalGeneration", settings)
        self._weights = TorchWhisper(loaded, marks)
        self._aligns = bool(marks.alignment_heads)
        traits = WhisperTraits(
            int(loaded.model.config.num_mel_bins),
            settings.max_batch,
            settings.window,
            shortens=False,
            aligns=self._aligns,
        )
        self._work = WhisperWork(self._weights, vocabulary, traits)
        self._translates = is_multilingual
        self.padded_seconds = self._work.padded_seconds
        self.prepare = self._work.prepare
        self.finish = self._work.finish
        self.close = self._weights.close
        self.capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=FULL_WINDOW_SECONDS,
            languages=vocabulary.languages,
            streaming=False,
            word_times=self._aligns,
            hotwords=False,
            max_batch=settings.max_batch,
            thread_safe=False,
            translates=is_multilingual,
        )

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        if options.task is Task.TRANSLATE and not self._translates:
            raise InvalidOption("task", "this model does not translate; use another one")
        return self._work.batch_key(options)

    def compute(self, prepared: WhisperBatch) -> WhisperAnswers:
        return self._work.compute(prepared)


def _marks_of(folder: Path) -> tuple[WhisperMarks, bool]:
    """The tokens that are no text, and whether there are several languages.

    raises    ModelMissing, ModelCorrupt
    """
    told = read_json(folder, "generation_config.json", is_needed=False)
    config = read_json(folder, "config.json")
    added = {
        str(each.get("content")): int(each.get("id", -1))
        for each in read_json(folder, "tokenizer.json").get("added_tokens", ())
    }
    try:
        end = added["<|endoftext|>"]
        languages = {
            mark[2:-2]: token
            for mark, token in sorted(added.items(), key=lambda each: each[1])
            if mark[2:-2] in LANGUAGES and added["<|startoftranscript|>"] < token < added["<|transcribe|>"]
        }
        own = tuple(told.get("suppress_tokens") or config.get("suppress_tokens") or ())
        marks = WhisperMarks(
            start=added["<|startoftranscript|>"],
            end_of_text=end,
            no_speech=added["<|nospeech|>"] if "<|nospeech|>" in added else added["<|nocaptions|>"],
            no_timestamps=added["<|notimestamps|>"],
            languages=languages,
            suppressed=tuple(sorted({*own, *(token for token in added.values() if token > end)} - {end})),
            suppressed_first=tuple(told.get("begin_suppress_tokens") or config.get("begin_suppress_tokens") or ()),
            alignment_heads=tuple((int(layer), int(head)) for layer, head in told.get("alignment_heads") or ()),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise ModelCorrupt(f"{folder.name}: tokenizer.json lacks Whisper's marks; pull the model again") from problem
    return marks, bool(told.get("is_multilingual", len(languages) > 1))

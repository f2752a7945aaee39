"""CTC models of the wav2vec2 kind: a letter for each fiftieth of a second, read off greedily, with their times."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ, Hypothesis, RecognizeOptions, Word
from lingting.domain.errors import EngineFailed, InvalidOption, ModelCorrupt, SettingsInvalid, UnsupportedLanguage
from lingting.domain.options import Task
from lingting.domain.transcript import join_texts
from lingting.engines.base import Capabilities, Clip
from lingting.engines.hf_transformers.loading import load, read_json
from lingting.engines.hf_transformers.settings import TransformersSettings

__all__ = ["CtcEngine", "CtcHeard", "CtcReady", "Letter", "letters_of", "words_of"]

MAX_AUDIO_SECONDS = 30.0
"""Attention over more takes memory with its square, and hears no better."""
MIN_SAMPLES = 800
"""Two steps of the usual convolutions; a shorter clip is padded to it."""
HEARD_ALONE = frozenset({"WavLMForCTC"})
"""The library gives torch a mask of a kind that torch means to refuse, as of transformers 5.23."""
EPSILON = 1e-7
"""Of the feature extractors' normalisation."""
LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CtcReady:
    """Clips, ready for the model."""

    clips: tuple[Clip, ...]
    sounds: NDArray[np.float32]
    """Shape (clips, samples), padded with zeros."""
    lengths: tuple[int, ...]
    """Samples of each."""


@dataclass(frozen=True, slots=True, eq=False)
class CtcHeard:
    """What the model holds for likeliest at each step."""

    clips: tuple[Clip, ...]
    tokens: tuple[tuple[int, ...], ...]
    probabilities: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One token, from its first step to behind its last."""

    text: str
    """A space between words."""
    start: int
    end: int
    probability: float


class CtcEngine:
    """The `BatchEngine` methods for CTC models.

    raises    ModelMissing, ModelCorrupt, SettingsInvalid
    """

    def __init__(self, folder: Path, class_name: str, settings: TransformersSettings) -> None:
        if not settings.languages:
            raise SettingsInvalid("languages: say which languages the model hears", param="languages")
        config = read_json(folder, "config.json")
        sound = read_json(folder, "preprocessor_config.json", is_needed=False)
        if sound.get("sampling_rate", SAMPLE_RATE_HZ) != SAMPLE_RATE_HZ:
            raise ModelCorrupt(f"{folder.name} hears at another rate than {SAMPLE_RATE_HZ} Hz; it cannot be used here")
        self._normalizes = bool(sound.get("do_normalize", True))
        masks = bool(sound.get("return_attention_mask", config.get("feat_extract_norm") == "layer"))
        self._masks = masks and class_name not in HEARD_ALONE
        self._languages = settings.languages
        self._texts = _texts_of(folder)
        self._blank = int(config.get("pad_token_id") or 0)
        self._loaded = load(folder, class_name, settings)
        self._convolutions = tuple(zip(config["conv_kernel"], config["conv_stride"], strict=True))
        self._step_seconds = math.prod(config["conv_stride"]) / SAMPLE_RATE_HZ
        self._capabilities = Capabilities(
            sample_rate_hz=SAMPLE_RATE_HZ,
            max_audio_seconds=MAX_AUDIO_SECONDS,
            languages=frozenset(settings.languages),
            streaming=False,
            word_times=True,
            hotwords=False,
            max_batch=settings.max_batch if self._masks else 1,  # else padding would be heard
            thread_safe=True,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def batch_key(self, options: RecognizeOptions) -> Hashable:
        """All clips are heard alike.

        raises    InvalidOption
        """
        if options.task is not Task.TRANSCRIBE:
            raise InvalidOption("task", "this model does not translate; use another one")
        return None

    def padded_seconds(self, clip: Clip) -> float:
        return clip.audio.duration_seconds

    def prepare(self, clips: Sequence[Clip]) -> CtcReady:
        """raises    UnsupportedLanguage"""
        for clip in clips:
            if clip.options.language is not None and clip.options.language not in self._languages:
                raise UnsupportedLanguage(clip.options.language, self._languages)
        lengths = tuple(max(MIN_SAMPLES, len(clip.audio.samples)) for clip in clips)
        sounds = np.zeros((len(clips), max(lengths, default=0)), dtype=np.float32)
        for row, clip, length in zip(sounds, clips, lengths, strict=True):
            row[: len(clip.audio.samples)] = clip.audio.samples
            if self._normalizes:
                heard = row[:length]
                row[:length] = (heard - heard.mean()) / np.sqrt(heard.var() + EPSILON)
        return CtcReady(tuple(clips), sounds, lengths)

    def compute(self, prepared: CtcReady) -> CtcHeard:
        """raises    EngineFailed"""
        try:
            found = [self._heard(prepared, rows) for rows in self._together(len(prepared.clips))]
        except (RuntimeError, ValueError, MemoryError) as problem:
            raise EngineFailed(
                f"the model could not hear a batch of {len(prepared.clips)} ({type(problem).__name__}); "
                "try again, and with smaller batches if it stays"
            ) from problem
        read = [each for group in found for each in group]
        return CtcHeard(prepared.clips, tuple(tokens for tokens, _ in read), tuple(sure for _, sure in read))

    def finish(self, raw: CtcHeard) -> list[Hypothesis]:
        return [
            self._hypothesis(clip, letters_of(tokens, sure, self._texts, blank=self._blank))
            for clip, tokens, sure in zip(raw.clips, raw.tokens, raw.probabilities, strict=True)
        ]

    def close(self) -> None:
        del self._loaded

    def _together(self, count: int) -> list[slice]:
        """Without a mask each clip is heard alone, and without the padding of its neighbours."""
        return [slice(0, count)] if self._masks else [slice(i, i + 1) for i in range(count)]

    def _heard(self, prepared: CtcReady, rows: slice) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
        torch, lengths = self._loaded.torch, prepared.lengths[rows]
        sounds = torch.from_numpy(prepared.sounds[rows, : max(lengths, default=0)])
        masks = {}
        if self._masks:
            steps = torch.arange(sounds.shape[1])
            masks["attention_mask"] = (steps < torch.tensor(lengths)[:, None]).long().to(self._loaded.device)
        with torch.inference_mode():
            logits = self._loaded.model(sounds.to(self._loaded.device, self._loaded.dtype), **masks).logits
            sure, tokens = torch.softmax(logits.float(), dim=-1).max(dim=-1)
        counts = [self._steps(length) for length in lengths]
        return [
            (tuple(row[:count]), tuple(known[:count]))
            for row, known, count in zip(tokens.tolist(), sure.tolist(), counts, strict=True)
        ]

    def _steps(self, samples: int) -> int:
        for kernel, stride in self._convolutions:
            samples = (samples - kernel) // stride + 1
        return max(0, samples)

    def _hypothesis(self, clip: Clip, letters: Sequence[Letter]) -> Hypothesis:
        words = words_of(letters, step_seconds=self._step_seconds, clip_seconds=clip.audio.duration_seconds)
        logprobs = [math.log(max(letter.probability, LEAST_PROBABILITY)) for letter in letters]
        given = clip.options.language
        return Hypothesis(
            "".join(word.text for word in words),
            given or next(iter(clip.options.languages), self._languages[0]),
            language_probability=1.0 if given or len(self._languages) == 1 else 1 / len(self._languages),
            words=words if clip.options.word_times else (),
            avg_logprob=sum(logprobs) / len(logprobs) if logprobs else 0.0,
        )


def letters_of(
    tokens: Sequence[int], probabilities: Sequence[float], texts: Mapping[int, str], *, blank: int
) -> list[Letter]:
    """The tokens once for each run of the same one, without blanks and marks."""
    letters: list[Letter] = []
    start = 0
    for end in range(1, len(tokens) + 1):
        if end < len(tokens) and tokens[end] == tokens[start]:
            continue
        text = texts.get(tokens[start], "")
        if text and tokens[start] != blank:
            letters.append(Letter(text, start, end, max(probabilities[start:end])))
        start = end
    return letters


def words_of(letters: Sequence[Letter], *, step_seconds: float, clip_seconds: float) -> tuple[Word, ...]:
    """Words that spell the text, in order, inside the clip; characters of scripts without spaces are words."""
    said, words = "", []
    for group in _groups(letters):
        joined = join_texts((said, "".join(letter.text for letter in group)))
        start = min(group[0].start * step_seconds, clip_seconds)
        end = min(group[-1].end * step_seconds, clip_seconds)
        sure = sum(letter.probability for letter in group) / len(group)
        words.append(Word(joined[len(said) :], round(start, 3), round(max(start, end), 3), round(sure, 4)))
        said = joined
    return tuple(words)


def _groups(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    group: list[Letter] = []
    for letter in letters:
        is_word = bool(letter.text.strip())
        joins = join_texts(("a", letter.text)) == f"a {letter.text}" if is_word else False
        if group and not (is_word and joins):
            yield group
            group = []
        if is_word:
            group.append(letter)
        if is_word and not joins:
            yield group
            group = []
    if group:
        yield group


def _texts_of(folder: Path) -> dict[int, str]:
    """What each token is as text; marks are none. In small letters where the vocabulary has no others than large."""
    vocabulary = read_json(folder, "vocab.json")
    told = read_json(folder, "tokenizer_config.json", is_needed=False)
    if not vocabulary or not all(type(token) is int for token in vocabulary.values()):
        raise ModelCorrupt(f"{folder.name}: vocab.json is no list of letters; models of many languages are not read")
    between = told.get("word_delimiter_token", "|")
    letters = {text: token for text, token in vocabulary.items() if not _is_mark(text)}
    is_shouting = not any(text.islower() for text in letters)
    return {
        token: " " if text == between else (text.lower() if is_shouting else text) for text, token in letters.items()
    }


def _is_mark(text: str) -> bool:
    return len(text) > 2 and text[0] in "<[" and text[-1] in ">]"

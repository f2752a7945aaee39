"""Whisper's weights behind five verbs: encode, detect, generate, align, close. Knows arrays and tokens only.

Calls of CTranslate2 that fail raise RuntimeError or ValueError; `whisper.py` turns those into ours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from lingting.engines.whisper_align import Alignment

__all__ = ["Generated", "SearchOptions", "WhisperModel"]

Features = NDArray[np.float32]
"""Log-mel frames, shape (clips, mel bands, frames)."""
FRAMES_PER_SECOND = 100
MAX_POSITIONS = 448
"""Prompt and text together. Source: Whisper's n_text_ctx."""
SAMPLES_WHEN_WARM = 5
"""How many answers are drawn when the temperature is above 0. Source: openai/whisper, best_of."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How the decoder looks for the best answer."""

    beam_size: int
    temperature: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Generated:
    """What the decoder wrote for one clip."""

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float


class Encoded:
    """Encoder output of a batch; stays on the device while the whole batch is used."""

    def __init__(self, view: Any) -> None:  # ctranslate2.StorageView has no type stubs
        self._view = view

    def rows(self, positions: Sequence[int]) -> Any:
        """Return the output of some clips of the batch.

        cost      none for the whole batch in order; else one copy through the host, a few megabytes
        """
        if list(positions) == list(range(self._view.shape[0])):
            return self._view
        host = self._view.to(ctranslate2.DataType.float32).to_device(ctranslate2.Device.cpu)
        return _storage(np.array(host)[list(positions)])


class WhisperModel:
    """One set of weights; safe to call from as many threads as it has replicas."""

    def __init__(self, model: Any, suppressed: Sequence[int]) -> None:  # ctranslate2.models.Whisper has no stubs
        self._model = model
        self._suppressed = list(suppressed)
        # Replicas on several GPUs: nobody knows which one handles the next call.
        self._to_cpu = model.device == "cuda" and len(model.device_index) > 1

    def encode(self, features: Features) -> Encoded:
        """Return what the decoder listens to.

        cost      on a CPU clips are encoded one by one: a batch falls out of the cache and takes a quarter longer
        """
        if self._model.device == "cpu":
            parts = [np.array(self._model.encode(_storage(clip[None]))) for clip in features]
            return Encoded(_storage(np.concatenate(parts)))
        return Encoded(self._model.encode(_storage(features), to_cpu=self._to_cpu))

    def detect(
        self, encoded: Encoded, positions: Sequence[int], among: Sequence[Collection[str]]
    ) -> list[tuple[str, float]]:
        """Return each clip's likeliest language and its probability.

        among    for each clip the languages that are possible, which share the probability; empty means all
        """
        found = self._model.detect_language(encoded.rows(positions))
        return [_likeliest(ranked, possible) for ranked, possible in zip(found, among, strict=True)]

    def generate(
        self, encoded: Encoded, positions: Sequence[int], prompts: Sequence[list[int]], search: SearchOptions
    ) -> list[Generated]:
        """Return what was said in each clip.

        prompts   one for each position, all of the same length: the library demands it
        """
        results = self._model.generate(
            encoded.rows(positions),
            list(prompts),
            max_length=_max_length(len(prompts[0]), search.max_tokens),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            **_search_arguments(search),
        )
        return [_generated(result) for result in results]

    def align(
        self, encoded: Encoded, positions: Sequence[int], start: Sequence[int], texts: Sequence[Sequence[int]],
        seconds: Sequence[float],
    ) -> list[Alignment]:  # fmt: skip
        """Return when each token was said; `seconds` is each clip's length without padding."""
        frames = [max(2, round(length * FRAMES_PER_SECOND)) for length in seconds]
        results = self._model.align(encoded.rows(positions), list(start), [list(text) for text in texts], frames)
        return [
            Alignment(path=tuple(result.alignments), token_probabilities=tuple(result.text_token_probs))
            for result in results
        ]

    def close(self) -> None:
        """Give the memory back."""
        self._model.unload_model()


def _likeliest(ranked: Sequence[tuple[str, float]], possible: Collection[str]) -> tuple[str, float]:
    named = [(mark[2:-2], float(probability)) for mark, probability in ranked]
    left = [each for each in named if each[0] in possible] if possible else named
    language, probability = left[0]
    total = sum(each[1] for each in left) if possible else 1.0
    return language, probability / total if total > 0 else 1 / len(left)


def _max_length(prompt_length: int, max_tokens: int) -> int:
    """Return the library's bound for this many new tokens: it halves what it is given, then allows for the prompt."""
    return min(MAX_POSITIONS, max(2 * max_tokens, prompt_length + max_tokens))


def _search_arguments(search: SearchOptions) -> dict[str, Any]:  # keyword arguments of mixed types
    if search.temperature == 0:
        return {"beam_size": search.beam_size}
    return {
        "beam_size": 1,
        "num_hypotheses": SAMPLES_WHEN_WARM,
        "sampling_topk": 0,
        "sampling_temperature": search.temperature,
    }


def _generated(result: Any) -> Generated:  # ctranslate2's result has no type stubs
    tokens = tuple(result.sequences_ids[0])
    # The score is a mean over the tokens; the end mark counts as one more. Source: faster_whisper/transcribe.py
    total = result.scores[0] * len(tokens)
    return Generated(tokens, avg_logprob=total / (len(tokens) + 1), no_speech_prob=float(result.no_speech_prob))


def _storage(array: Features) -> Any:  # ctranslate2.StorageView has no type stubs
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))

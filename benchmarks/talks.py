"""Recordings joined to talks with pauses, with the moments at which speech begins and ends in them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus import Recording, scorer
from lingting.audio.decode import AudioSource, Decoder
from lingting.audio.vad import SpeechDetector
from lingting.audio.vad_models import SileroModel
from lingting.domain import SAMPLE_RATE_HZ, VadOptions

PAUSE_SECONDS = (1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording's sound, and where in it somebody speaks, by the house's own detector run over the whole of it."""

    row: Recording
    samples: NDArray[np.float32]
    speech_from: float
    speech_to: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording within a talk; seconds from the talk's start."""

    row: Recording
    speech_from: float
    speech_to: float


@dataclass(frozen=True, slots=True)
class Talk:
    language: str
    samples: NDArray[np.float32]
    utterances: tuple[Utterance, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ

    @property
    def talk_ratio(self) -> float:
        return sum(one.speech_to - one.speech_from for one in self.utterances) / self.seconds


def hear(rows: Iterable[Recording]) -> list[Spoken]:
    """Decode recordings and find their speech; those in which the detector hears none are left out."""
    model, spoken = SileroModel(), []
    with Decoder() as decoder:
        for row in rows:
            with decoder.open(AudioSource(path=row.path)) as decoded:
                samples = np.concatenate([block[0] for block in decoded])
            detector = SpeechDetector(model.scorer(), VadOptions(pad_seconds=0.0))
            spans = [*detector.accept(samples), *detector.finish()]
            if spans:
                first, last = spans[0].start_samples, spans[-1].end_samples
                spoken.append(Spoken(row, samples, first / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ))
    return spoken


def make_talk(spoken: Sequence[Spoken], *, seconds: float, seed: int) -> Talk:
    """Recordings in an order of chance with pauses between, until the talk is long enough; it ends with silence."""
    chance = random.Random(seed)
    parts: list[NDArray[np.float32]] = [_silence(chance)]
    utterances: list[Utterance] = []
    waiting: list[Spoken] = []
    length = len(parts[0])
    while length < seconds * SAMPLE_RATE_HZ:
        if not waiting:
            waiting = chance.sample(spoken, len(spoken))
        one = waiting.pop()
        at = length / SAMPLE_RATE_HZ
        utterances.append(Utterance(one.row, at + one.speech_from, at + one.speech_to))
        parts += [one.samples, _silence(chance)]
        length += len(parts[-2]) + len(parts[-1])
    return Talk(spoken[0].row.language, np.concatenate(parts), tuple(utterances))


def error_rate(said: Iterable[tuple[Recording, str]]) -> dict[str, tuple[int, int]]:
    """Errors and reference tokens by language; a recording may occur several times."""
    from rapidfuzz.distance import Levenshtein

    score = scorer()
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row, text in said:
        reference, hypothesis = (score.tokens(row.language, one) for one in (row.transcript, text))
        sums[row.language][0] += Levenshtein.distance(reference, hypothesis)
        sums[row.language][1] += len(reference)
    return {language: (errors, tokens) for language, (errors, tokens) in sorted(sums.items())}


def quantiles(values: Sequence[float]) -> str:
    """p50, p95 and p99; the nearest that occurred."""
    if not values:
        return "    -      -      -  "
    ranked = sorted(values)
    return " ".join(f"{ranked[min(len(ranked) - 1, int(share * len(ranked)))]:6.2f}" for share in (0.50, 0.95, 0.99))


def pcm(samples: NDArray[np.float32]) -> bytes:
    return np.round(np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()


def _silence(chance: random.Random) -> NDArray[np.float32]:
    return np.zeros(int(chance.uniform(*PAUSE_SECONDS) * SAMPLE_RATE_HZ), np.float32)

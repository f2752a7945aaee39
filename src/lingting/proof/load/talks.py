"""Recordings joined to talks with pauses, with the moments at which speech begins and ends in them. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ
from lingting.proof.load.clips import Spoken

__all__ = ["Talk", "Utterance", "make_talk"]

PAUSE_SECONDS = (1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording within a talk; seconds from the talk's start."""

    name: str
    speech_from: float
    speech_to: float

    def overlap(self, start_seconds: float, end_seconds: float) -> float:
        """How many seconds both last; below zero where they do not meet."""
        return min(end_seconds, self.speech_to) - max(start_seconds, self.speech_from)


@dataclass(frozen=True, slots=True)
class Talk:
    """What one person says."""

    samples: NDArray[np.float32]
    utterances: tuple[Utterance, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ

    def nearest(self, start_seconds: float, end_seconds: float) -> Utterance | None:
        """The recording that is said there."""
        best = max(self.utterances, key=lambda one: one.overlap(start_seconds, end_seconds))
        return best if best.overlap(start_seconds, end_seconds) > 0 else None


def make_talk(spoken: Sequence[Spoken], *, seconds: float, seed: int) -> Talk:
    """Recordings in an order of chance with pauses between, until the talk is long enough; it ends with silence."""
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    parts: list[NDArray[np.float32]] = [_silence(chance)]
    utterances: list[Utterance] = []
    waiting: list[Spoken] = []
    length = len(parts[0])
    while length < seconds * SAMPLE_RATE_HZ:
        if not waiting:
            waiting = chance.sample(spoken, len(spoken))
        one = waiting.pop()
        at = length / SAMPLE_RATE_HZ
        utterances.append(Utterance(one.name, at + one.speech_from, at + one.speech_to))
        parts += [one.samples, _silence(chance)]
        length += len(parts[-2]) + len(parts[-1])
    return Talk(np.concatenate(parts), tuple(utterances))


def _silence(chance: random.Random) -> NDArray[np.float32]:
    return np.zeros(int(chance.uniform(*PAUSE_SECONDS) * SAMPLE_RATE_HZ), np.float32)

"""What a microphone hears of a loudspeaker in a room."""

from __future__ import annotations

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Samples

DECAY_SECONDS = 0.25


def response_of_a_room(*, level: float = 0.5) -> Samples:
    """A direct sound and a decaying tail; of this level."""
    rng = np.random.default_rng(1)
    length = int(DECAY_SECONDS * SAMPLE_RATE_HZ)
    response = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    response[0] = 1.5
    return (response * level / np.sqrt((response**2).sum())).astype(np.float32)


def in_a_room(far: Samples, *, delay_seconds: float, level: float = 0.5) -> Samples:
    """What is heard of it, after a delay, with a little noise; 16 kHz, as long as what is played."""
    heard = np.convolve(far, response_of_a_room(level=level))
    moved = np.concatenate([np.zeros(int(delay_seconds * SAMPLE_RATE_HZ)), heard])[: len(far)]
    return (moved + 1e-4 * np.random.default_rng(2).standard_normal(len(far))).astype(np.float32)

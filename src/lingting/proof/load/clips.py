"""Recordings as load: their bytes for requests, their sound for speakers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingting.audio.decode import AudioSource, Decoder
from lingting.audio.vad import SpeechDetector
from lingting.audio.vad_models import SileroModel
from lingting.domain import SAMPLE_RATE_HZ, VadOptions
from lingting.domain.errors import InvalidInput, LingtingError

__all__ = ["Clip", "Spoken", "decoded", "find_speech", "read_clips", "read_spoken"]

MAX_BYTES = 512 * 2**20
"""Of all recordings together, since they are held in memory."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording as it is sent."""

    name: str
    data: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording's sound, and where in it somebody speaks, by the house's own detector run over the whole of it."""

    name: str
    samples: NDArray[np.float32]
    speech_from: float
    speech_to: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


def read_clips(paths: Iterable[Path]) -> list[Clip]:
    """Blocking.

    raises    InvalidInput for a file that cannot be read or decoded, or too much of them
    """
    clips, left_bytes = [], MAX_BYTES
    with Decoder() as decoder:
        for path in paths:
            samples = decoded(decoder, path)
            data = path.read_bytes()
            left_bytes -= len(data)
            if left_bytes < 0:
                raise InvalidInput(f"the recordings have more than {MAX_BYTES >> 20} MiB together; give fewer")
            clips.append(Clip(path.name, data, len(samples) / SAMPLE_RATE_HZ))
    return clips


def read_spoken(paths: Iterable[Path]) -> list[Spoken]:
    """Those in which somebody speaks. Blocking.

    raises    InvalidInput for a file that cannot be decoded, or where nobody speaks in any
    """
    model = SileroModel()
    with Decoder() as decoder:
        found = [heard for path in paths if (heard := find_speech(path.name, decoded(decoder, path), model))]
    if not found:
        raise InvalidInput("nobody speaks in these recordings; give some with speech")
    return found


def decoded(decoder: Decoder, path: Path) -> NDArray[np.float32]:
    """raises    InvalidInput, naming the file"""
    try:
        with decoder.open(AudioSource(path=path, name=path.name)) as blocks:
            return np.concatenate([block[0] for block in blocks])
    except (LingtingError, OSError, ValueError) as problem:
        raise InvalidInput(f"{path} cannot be decoded: {problem}") from problem


def find_speech(name: str, samples: NDArray[np.float32], model: SileroModel) -> Spoken | None:
    """None where the detector hears none."""
    detector = SpeechDetector(model.scorer(), VadOptions(pad_seconds=0.0))
    spans = [*detector.accept(samples), *detector.finish()]
    if not spans:
        return None
    first, last = spans[0].start_samples, spans[-1].end_samples
    return Spoken(name, samples, first / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ)

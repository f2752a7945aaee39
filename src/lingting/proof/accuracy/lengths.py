"""How long recordings are, by decoding those of which nobody says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import SAMPLE_RATE_HZ
from lingting.domain.errors import LingtingError
from lingting.proof.accuracy.hearing import Utterance

__all__ = ["with_lengths"]


def with_lengths(utterances: Sequence[Utterance]) -> list[Utterance]:
    """The same with their seconds; one that cannot be decoded keeps 0. Blocking."""
    with Decoder() as decoder:
        return [one if one.seconds else replace(one, seconds=_seconds(decoder, one)) for one in utterances]


def _seconds(decoder: Decoder, utterance: Utterance) -> float:
    try:
        with decoder.open(AudioSource(path=utterance.path, name=utterance.id)) as decoded:
            samples: int = sum(block.shape[1] for block in decoded)
            return samples / SAMPLE_RATE_HZ
    except (LingtingError, OSError):
        return 0.0

"""A loudspeaker and a microphone in one room: what is played is heard again, later and with the room's tail."""

from __future__ import annotations

import numpy as np

from lingting.audio.pcm import from_pcm, to_pcm
from lingting.audio.resample import StreamResampler
from lingting.domain import SAMPLE_RATE_HZ
from simulated_room import response_of_a_room
from voice_client import REPLY_RATE_HZ


class Loudspeaker:
    """Plays what it is given in real time, as its caller takes it from the microphone."""

    def __init__(self, *, delay_seconds: float, level: float) -> None:
        self._response = response_of_a_room(level=level)
        self._resampler = StreamResampler(REPLY_RATE_HZ, SAMPLE_RATE_HZ)
        self._to_play = np.zeros(int(delay_seconds * SAMPLE_RATE_HZ), np.float32)
        self._tail = np.zeros(len(self._response) - 1)

    @property
    def is_quiet(self) -> bool:
        return not len(self._to_play)

    def play(self, pcm: bytes) -> None:
        """16-bit samples, at the rate of replies."""
        samples = self._resampler.push(from_pcm(pcm, "s16le")[np.newaxis, :])[0]
        self._to_play = np.concatenate([self._to_play, samples])

    def heard(self, samples: int) -> bytes:
        """What the microphone hears next, 16 kHz."""
        played = self._to_play[:samples]
        self._to_play = self._to_play[samples:]
        whole = np.convolve(np.pad(played, (0, samples - len(played))), self._response)
        whole[: len(self._tail)] += self._tail
        self._tail = whole[samples:]
        return to_pcm(whole[:samples].astype(np.float32), "s16le")

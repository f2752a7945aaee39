"""The loudspeaker, through sounddevice and PortAudio, and what stands in its place where there is none."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lingting.audio.encode import to_wav
from lingting.cli.microphone import MicrophoneUnavailable, PortAudio, portaudio
from lingting.domain import Audio, Samples
from lingting.domain.errors import InvalidOption, LingtingError

__all__ = ["Loudspeaker", "LoudspeakerUnavailable", "Mouth", "Taken"]

DUCKED_GAIN = 0.25
MAX_WAITING_SECONDS = 120.0
"""Of sound; more than a conversation makes ahead of what is played. The oldest is dropped."""


class LoudspeakerUnavailable(LingtingError):
    """There is none, or what plays is not installed."""

    code = "loudspeaker_unavailable"


class Mouth(Protocol):
    """Plays what the bot says."""

    def play(self, samples: Samples) -> None: ...

    def duck(self, *, is_ducked: bool) -> None: ...

    def stop(self) -> None:
        """What waits is not to be heard."""
        ...

    def save(self, path: Path) -> None:
        """Write what was kept; nothing where it was played.

        raises    InvalidOption
        """
        ...


class Taken:
    """Keeps all sound instead of playing it, at the rate of speech."""

    def __init__(self, rate_hz: int) -> None:
        self.blocks: list[Samples] = []
        self._rate_hz = rate_hz

    def play(self, samples: Samples) -> None:
        self.blocks.append(samples)

    def duck(self, *, is_ducked: bool) -> None: ...

    def stop(self) -> None: ...

    def save(self, path: Path) -> None:
        whole = np.concatenate(self.blocks) if self.blocks else np.zeros(0, np.float32)
        try:
            path.write_bytes(to_wav(Audio(whole, self._rate_hz)))
        except OSError as problem:
            raise InvalidOption("--output", f"cannot write {path}: {problem.strerror}") from problem


class Loudspeaker:
    """One open loudspeaker. `fill` is called by PortAudio in its own thread, all else in another."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._lock = threading.Lock()
        self._waiting: deque[Samples] = deque()
        self._waiting_samples = 0
        self._gain = 1.0

    @staticmethod
    @contextmanager
    def opened(rate_hz: int, library: PortAudio | None = None) -> Iterator[Loudspeaker]:
        """Play on the usual device.

        raises    LoudspeakerUnavailable
        """
        try:
            library = library or portaudio()
        except MicrophoneUnavailable as problem:
            raise LoudspeakerUnavailable(problem.message.replace("microphone needs", "loudspeaker needs")) from problem
        if not any(about["max_output_channels"] > 0 for about in library.query_devices()):
            raise LoudspeakerUnavailable("no loudspeaker was found; plug one in, or write the replies with --output")
        loudspeaker = Loudspeaker(rate_hz)
        try:
            stream: Any = library.OutputStream(  # Any: sounddevice has no types
                channels=1, dtype="float32", samplerate=rate_hz, callback=loudspeaker.fill
            )
        except library.PortAudioError as problem:
            raise LoudspeakerUnavailable(f"the loudspeaker cannot be opened: {problem}") from problem
        with stream:
            yield loudspeaker

    def play(self, samples: Samples) -> None:
        with self._lock:
            self._waiting.append(samples)
            self._waiting_samples += len(samples)
            while self._waiting_samples > MAX_WAITING_SECONDS * self._rate_hz:
                self._waiting_samples -= len(self._waiting.popleft())

    def duck(self, *, is_ducked: bool) -> None:
        self._gain = DUCKED_GAIN if is_ducked else 1.0

    def stop(self) -> None:
        with self._lock:
            self._waiting.clear()
            self._waiting_samples = 0
        self._gain = 1.0

    def save(self, path: Path) -> None: ...

    def fill(self, sound: NDArray[np.float32], frames: int, _times: object, _status: object) -> None:
        """Give the next samples, with silence where there are none; shape (frames, 1)."""
        sound[:] = 0.0
        done = 0
        with self._lock:
            while done < frames and self._waiting:
                block = self._waiting.popleft()
                part = block[: frames - done]
                sound[done : done + len(part), 0] = part * self._gain
                done += len(part)
                if len(part) < len(block):
                    self._waiting.appendleft(block[len(part) :])
            self._waiting_samples -= done

"""The machine's own voice by pyttsx3, in a process of its own, since its loop wants a thread and a whole program."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import wave
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from lingting.domain import Samples
from lingting.domain.audio import INT16_SCALE
from lingting.domain.errors import EngineFailed
from lingting.speech.base import Style, VoiceInfo

__all__ = ["PyttsxVoices"]

CHILD = Path(__file__).with_name("pyttsx_child.py")
SPEAK_SECONDS = 60.0


class PyttsxVoices:
    """One voice, `pyttsx3`; what it writes is 22 050 Hz with espeak-ng."""

    rate_hz = 22_050
    is_quick = True
    threads = 1
    may_pause = False

    def __init__(self, *, words_per_minute: int, volume: float) -> None:
        """volume    0 to 1"""
        self.version = version("pyttsx3")
        self.voices = (VoiceInfo("pyttsx3", "pyttsx3", ("en",), "the machine's own"),)
        self._words_per_minute, self._volume = words_per_minute, volume

    def warm_up(self) -> None: ...

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        with tempfile.TemporaryDirectory(prefix="lingting-pyttsx-") as folder:
            path = Path(folder) / "said.wav"
            words = round(self._words_per_minute * style.speed)
            command = [sys.executable, "-I", str(CHILD), str(path), str(words), str(self._volume)]
            try:
                done = subprocess.run(  # noqa: S603 - our own file, no shell
                    command, input=text.encode(), capture_output=True, timeout=SPEAK_SECONDS, check=False
                )
                yield _read(path, self.rate_hz)
            except (OSError, subprocess.TimeoutExpired, wave.Error, EOFError, ValueError) as problem:
                raise EngineFailed(
                    f"pyttsx3 failed ({type(problem).__name__}); it needs espeak-ng: apt-get install espeak-ng"
                ) from problem
            if done.returncode:
                raise EngineFailed(f"pyttsx3 failed (exit {done.returncode}); try another voice")

    def close(self) -> None: ...


def _read(path: Path, rate_hz: int) -> Samples:
    with wave.open(str(path), "rb") as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (rate_hz, 1, 2):
            raise ValueError("another form of sound than was expected")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / np.float32(INT16_SCALE)

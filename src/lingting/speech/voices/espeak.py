"""Many languages by the program espeak-ng, in a process of its own: robotic, small, at once."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Generator, Iterator
from typing import IO

import numpy as np

from lingting.domain import Samples
from lingting.domain.audio import INT16_SCALE
from lingting.domain.errors import EngineFailed, EngineUnavailable
from lingting.speech.base import Style, VoiceInfo

__all__ = ["EspeakVoices"]

RATE_HZ = 22_050
WORDS_PER_MINUTE = 175
"""Its own pace, and that of pyttsx3."""
MIN_WORDS, MAX_WORDS = 80, 450
"""What it takes. Source: its manual."""
BLOCK_BYTES = 2 * 4_410
HEAD = struct.Struct("<4sI4s4sIHHIIHH4sI")
END_SECONDS = 5.0

LANGUAGES = {
    "en": "en-us", "zh": "cmn", "yue": "yue", "de": "de", "fr": "fr", "es": "es", "it": "it", "pt": "pt-br",
    "ru": "ru", "nl": "nl", "pl": "pl", "tr": "tr", "cs": "cs", "sv": "sv", "da": "da", "fi": "fi", "el": "el",
    "hu": "hu", "ro": "ro", "uk": "uk", "vi": "vi", "hi": "hi", "ar": "ar", "ko": "ko", "id": "id",
}  # fmt: skip
"""Our codes to its voices; a choice of those that it has."""


class EspeakVoices:
    """One voice, `espeak`, in every language."""

    version = "espeak-ng"
    rate_hz = RATE_HZ
    is_quick = True
    threads = 2
    may_pause = False

    def __init__(self, *, words_per_minute: int = WORDS_PER_MINUTE, volume: float = 1.0) -> None:
        """volume    0 to 1"""
        self.voices = (VoiceInfo("espeak", "espeak", tuple(LANGUAGES), "robotic"),)
        self._words_per_minute = words_per_minute
        self._amplitude = round(100 * volume)

    def warm_up(self) -> None: ...

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        words = max(MIN_WORDS, min(MAX_WORDS, round(self._words_per_minute * style.speed)))
        command = ["espeak-ng", "--stdin", "--stdout", "-b", "1", "-v", LANGUAGES[style.language]]
        command += ["-s", str(words), "-a", str(self._amplitude)]
        try:
            # The text goes by a pipe: what stands on a command line is seen by all.
            child = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as problem:
            raise EngineUnavailable("espeak-ng is not there; install with: apt-get install espeak-ng") from problem
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            try:
                child.stdin.write(text.encode())
                child.stdin.close()
            except BrokenPipeError as problem:
                raise EngineFailed("espeak-ng ended before it was told what to say; try again") from problem
            yield from _sound_of(child.stdout)
            if child.wait(END_SECONDS):
                raise EngineFailed(f"espeak-ng failed (exit {child.returncode}); try another voice")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()

    def close(self) -> None: ...


def _sound_of(pipe: IO[bytes]) -> Iterator[Samples]:
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size or HEAD.unpack(head)[7] != RATE_HZ:
        raise EngineFailed("espeak-ng gave no sound; try another voice")
    while block := pipe.read(BLOCK_BYTES):
        yield np.frombuffer(block[: len(block) // 2 * 2], "<i2").astype(np.float32) / np.float32(INT16_SCALE)

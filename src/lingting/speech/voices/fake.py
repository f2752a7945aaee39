"""Voices for tests: a tone for each letter, at once, whatever the text; needs nothing installed."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from lingting.domain import Samples
from lingting.domain.errors import EngineFailed
from lingting.speech.base import Style, VoiceInfo

__all__ = ["FAULT", "FakeVoices"]

LETTER_SECONDS = 0.05
PITCH_HZ = 220.0
FAULT = "kaput"
"""A clause with this word fails."""


class FakeVoices:
    """Two voices, `tone-en` and `tone-zh`."""

    version = "1"
    rate_hz = 16_000
    is_quick = False
    threads = 1
    may_pause = True

    def __init__(self) -> None:
        self.voices = (
            VoiceInfo("tone-en", "fake", ("en",)),
            VoiceInfo("tone-zh", "fake", ("zh", "en")),
        )
        self.said: list[str] = []

    def warm_up(self) -> None: ...

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        self.said.append(text)
        if FAULT in text:
            raise EngineFailed(f"the voice {voice} broke; try another")
        count = int(len(text) * LETTER_SECONDS / style.speed * self.rate_hz)
        tone = 0.2 * np.sin(np.arange(count) * (2 * np.pi * PITCH_HZ / self.rate_hz))
        half = count // 2
        yield tone[:half].astype(np.float32)
        yield tone[half:].astype(np.float32)

    def close(self) -> None: ...

"""English by hibari-tts: small, quick, and told apart from nobody by a recogniser. Only what is on this machine."""

from __future__ import annotations

import threading
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lingting.domain import Samples
from lingting.domain.errors import EngineFailed, EngineUnavailable
from lingting.speech.base import Style, VoiceInfo

__all__ = ["HibariVoices"]

SEED = 1
"""Of the breath in its voice; the same words always sound the same, so that they can be kept."""


class HibariVoices:
    """The voice in the package, `heart`, and those that were fetched by hibari's own command."""

    rate_hz = 24_000
    is_quick = True
    threads = 1
    may_pause = False

    def __init__(self) -> None:
        from hibari import voices

        self.version = version("hibari-tts")
        self.voices = tuple(
            VoiceInfo(name, "hibari", ("en",), f"{known['gender']}, {known['accent']}")
            for name, known in voices.VOICES.items()
            if _is_here(voices.voice_path, name)
        )
        self._open: dict[str, Any] = {}  # Any: hibari has no types
        self._opening = threading.Lock()

    def warm_up(self) -> None:
        for _ in self.speak("Ready.", self.voices[0].name, Style("en")):
            pass

    def speak(self, text: str, voice: str, style: Style) -> Generator[Samples]:
        model = self._model(voice)
        try:
            yield from model.stream(text, speed=style.speed, seed=SEED)
        except (RuntimeError, ValueError, KeyError, IndexError) as problem:
            raise EngineFailed(f"the voice {voice!r} failed ({type(problem).__name__}); try another voice") from problem

    def close(self) -> None:
        self._open.clear()

    def _model(self, voice: str) -> Any:
        with self._opening:
            if voice not in self._open:
                from hibari import Hibari

                try:
                    self._open[voice] = Hibari(voice=voice, threads=1)
                except (RuntimeError, OSError, ValueError) as problem:
                    raise EngineUnavailable(
                        f"the voice {voice!r} cannot be loaded ({type(problem).__name__}); "
                        "reinstall with: pip install 'lingting[voices]'"
                    ) from problem
            return self._open[voice]


def _is_here(voice_path: Any, name: str) -> bool:  # Any: hibari has no types
    try:
        return Path(voice_path(name, download_missing=False)).is_file()
    except FileNotFoundError:
        return False

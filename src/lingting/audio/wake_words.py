"""Fixed English wake words, heard in the sound itself by small streaming networks, without any recognition.

Blocking, some 40 microseconds for each word and 10 ms of sound; belongs in the thread that hears. The weights come
inside the package pymicro-wakeword, made by Kevin Ahrendt, Apache-2.0 as the package is.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lingting.audio.buffers import FrameChunker
from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.domain.audio import pcm16
from lingting.domain.errors import EngineUnavailable, InvalidOption

__all__ = ["WAKE_WORDS", "Spotted", "WordSpotter", "require_wake_words"]

WAKE_WORDS = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")
"""That the package carries."""
STEP_SAMPLES = SAMPLE_RATE_HZ // 100
"""What the features are made of, one step at a time."""
REST_SECONDS = 2.0
"""After a word the same one is not told again for so long: its probability stays high for a while."""
_MODULES = ("pymicro_wakeword", "pymicro_features")
_INSTALL = "pip install 'lingting[wake]'"


@dataclass(frozen=True, slots=True)
class Spotted:
    """A word was heard."""

    word: str
    at_seconds: float
    """Where it ended, from the start of the stream."""


def require_wake_words(words: Sequence[str], *, param: str = "talk.wake_words") -> None:
    """raises    InvalidOption for a word that is not carried; EngineUnavailable where the package is not installed"""
    for word in words:
        if word not in WAKE_WORDS:
            raise InvalidOption(
                param,
                f"{word[:40]!r} is none of {', '.join(WAKE_WORDS)}; any other phrase can be a wake phrase",
            )
    if words and any(importlib.util.find_spec(module) is None for module in _MODULES):
        raise EngineUnavailable(f"wake words need pymicro-wakeword; install with: {_INSTALL}")


class WordSpotter:
    """One stream's; not thread-safe. Loads its networks when made, some milliseconds each."""

    def __init__(self, words: Sequence[str]) -> None:
        """raises    InvalidOption, EngineUnavailable"""
        require_wake_words(words)
        self._networks = _load(words)
        self._features = _features()
        self._chunker = FrameChunker(STEP_SAMPLES)
        self._heard_samples = 0
        self._rests_until_seconds = dict.fromkeys(self._networks, 0.0)

    def hear(self, samples: Samples) -> list[Spotted]:
        """Take any number of mono 16 kHz samples; gives the words that ended in them.

        What comes out does not depend on how the samples were cut.
        """
        return [spotted for step in self._chunker.push(samples) for spotted in self._step(step)]

    def close(self) -> None:
        for network in self._networks.values():
            network.close()

    def _step(self, step: Samples) -> list[Spotted]:
        self._heard_samples += len(step)
        at_seconds = self._heard_samples / SAMPLE_RATE_HZ
        found = []
        for features in self._features.process_streaming(pcm16(step).tobytes()):
            for word, network in self._networks.items():
                is_heard = network.process_streaming(features)
                if is_heard and at_seconds >= self._rests_until_seconds[word]:
                    self._rests_until_seconds[word] = at_seconds + REST_SECONDS
                    found.append(Spotted(word, at_seconds))
        return found


def _load(words: Sequence[str]) -> dict[str, Any]:  # Any: the package's class, imported only here
    from pymicro_wakeword import MicroWakeWord, Model

    try:
        return {word: MicroWakeWord.from_builtin(Model(word)) for word in words}
    except (OSError, ValueError, KeyError, RuntimeError) as problem:
        raise EngineUnavailable(
            f"wake words cannot be loaded ({type(problem).__name__}); reinstall with: {_INSTALL}"
        ) from problem


def _features() -> Any:  # Any: as above
    from pymicro_wakeword import MicroWakeWordFeatures

    return MicroWakeWordFeatures()

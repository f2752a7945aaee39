"""How models of sherpa-onnx hear; each dataclass checks itself."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lingting.domain.errors import SettingsInvalid
from lingting.domain.languages import LANGUAGES

__all__ = ["BEAM", "GREEDY", "SherpaOnlineSettings", "SherpaSettings"]

GREEDY, BEAM = "greedy_search", "modified_beam_search"
MOST_THREADS = 4
"""Of one clip: beyond that more of them win little."""
MOST_STREAMS = 8


@dataclass(frozen=True, slots=True)
class SherpaSettings:
    """Of whole clips."""

    languages: tuple[str, ...] = ()
    """What the model hears; a server that finds none here takes the catalog's."""
    family: str = ""
    """Which kind of model it is; a server that finds none here takes the catalog's."""
    threads: int = 0
    """Of one batch; 0 is one for each core, at most 4."""
    max_batch: int = 8
    provider: str = "cpu"
    """Or "cuda", with a build of sherpa-onnx that has it."""
    decoding: str = GREEDY
    """Or "modified_beam_search", of transducers: slower, and it heeds hotwords."""
    hotwords_score: float = 1.5
    """By how much a hotword of weight 1 is preferred, for each of its tokens."""
    itn: bool = True
    """Of SenseVoice: write marks, and numbers in digits."""
    language: str = ""
    """Of SenseVoice: the one that it is to expect in every clip; empty finds out, clip by clip."""

    def __post_init__(self) -> None:
        _check(self.languages, self.provider, self.decoding, self.hotwords_score)
        _within("threads", self.threads, 0, 64)
        _within("max_batch", self.max_batch, 1, 64)
        if self.language and self.language not in self.languages:
            raise SettingsInvalid("language: the model does not hear it", param="language")

    @property
    def threads_used(self) -> int:
        return self.threads or min(MOST_THREADS, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class SherpaOnlineSettings:
    """Of live sound."""

    languages: tuple[str, ...] = ()
    """What the model hears; a server that finds none here takes the catalog's."""
    family: str = ""
    """Which kind of model it is; a server that finds none here takes the catalog's."""
    streams: int = 0
    """How many are heard at the same moment; 0 is one more than there are cores, at most 8."""
    threads: int = 1
    """Of each of them."""
    provider: str = "cpu"
    """Or "cuda", with a build of sherpa-onnx that has it."""
    decoding: str = GREEDY
    """Or "modified_beam_search", of transducers: slower, and it heeds hotwords."""
    hotwords_score: float = 1.5
    """By how much a hotword of weight 1 is preferred, for each of its tokens."""

    def __post_init__(self) -> None:
        _check(self.languages, self.provider, self.decoding, self.hotwords_score)
        _within("streams", self.streams, 0, 64)
        _within("threads", self.threads, 1, 64)

    @property
    def streams_used(self) -> int:
        return self.streams or min(MOST_STREAMS, (os.cpu_count() or 1) + 1)


def _check(languages: tuple[str, ...], provider: str, decoding: str, hotwords_score: float) -> None:
    for language in languages:
        if language not in LANGUAGES:
            raise SettingsInvalid(f"languages: {language[:40]!r} is unknown", param="languages")
    if provider not in {"cpu", "cuda"}:
        raise SettingsInvalid(f"provider: {provider[:40]!r} is unknown; cpu or cuda", param="provider")
    if decoding not in {GREEDY, BEAM}:
        raise SettingsInvalid(f"decoding: {decoding[:40]!r} is unknown; {GREEDY} or {BEAM}", param="decoding")
    _within("hotwords_score", hotwords_score, 0.0, 10.0)


def _within(name: str, given: float, least: float, most: float) -> None:
    if not least <= given <= most:
        raise SettingsInvalid(f"{name} is {given}; give a value from {least:g} to {most:g}", param=name)

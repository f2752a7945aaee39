"""Loads the voice model that the settings name, when a recording first asks who speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from lingting.domain.errors import EngineUnavailable, InvalidOption
from lingting.engines.catalog import Catalog
from lingting.engines.voices import VOICE_KINDS, VoiceModel
from lingting.recognition.voice_windows import SampledVoices, WindowedVoices

__all__ = ["load_voices", "require_voices"]

MAKERS: Mapping[str, Callable[[Path], VoiceModel]] = {"ge2e": WindowedVoices, "sherpa-voices": SampledVoices}
"""By the names of `VOICE_KINDS`."""


def require_voices(catalog: Catalog, name: str) -> None:
    """raises    ModelNotFound, or InvalidOption for a model that recognises words"""
    if catalog.find(name).engine not in VOICE_KINDS:
        known = ", ".join(entry.name for entry in catalog.entries.values() if entry.engine in VOICE_KINDS)
        raise InvalidOption("voices.model", f"{name!r} knows no voices; use one of {known}")


def load_voices(catalog: Catalog, name: str) -> VoiceModel:
    """Blocking.

    raises    EngineUnavailable, with the line that installs what is missing; ModelMissing, naming the command that
              fetches it; ModelCorrupt
    """
    kind = VOICE_KINDS[catalog.find(name).engine]
    if kind.missing:
        raise EngineUnavailable(f"{name} needs {', '.join(kind.missing)}; install with: {kind.install}")
    return MAKERS[kind.name](catalog.locate(name))

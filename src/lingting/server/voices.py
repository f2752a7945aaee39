"""Loads the voice model that the settings name, when a recording first asks who speaks."""

from __future__ import annotations

from lingting.domain.errors import InvalidOption
from lingting.engines.catalog import Catalog
from lingting.engines.voices import VOICE_KINDS, VoiceModel
from lingting.recognition.voice_windows import WindowedVoices

__all__ = ["load_voices", "require_voices"]


def require_voices(catalog: Catalog, name: str) -> None:
    """raises    ModelNotFound, or InvalidOption for a model that recognises words"""
    if catalog.find(name).engine not in VOICE_KINDS:
        known = ", ".join(entry.name for entry in catalog.entries.values() if entry.engine in VOICE_KINDS)
        raise InvalidOption("voices.model", f"{name!r} knows no voices; use one of {known}")


def load_voices(catalog: Catalog, name: str) -> VoiceModel:
    """Blocking.

    raises    ModelMissing, naming the command that fetches it; ModelCorrupt
    """
    return WindowedVoices(catalog.locate(name))

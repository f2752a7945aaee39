"""Opens the model that gives marks to text, where the settings name one."""

from __future__ import annotations

from lingting.domain.errors import SettingsInvalid
from lingting.engines.catalog import Catalog
from lingting.engines.sherpa.punctuation import PUNCTUATION_ENGINE, SherpaMarks
from lingting.recognition.marking import Marker, PunctuationSettings

__all__ = ["open_marker"]


def open_marker(catalog: Catalog, settings: PunctuationSettings) -> Marker | None:
    """None where no model is named. Blocking.

    raises    SettingsInvalid for a model of another kind; ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable
    """
    if not settings.model:
        return None
    if catalog.find(settings.model).engine != PUNCTUATION_ENGINE:
        known = ", ".join(entry.name for entry in catalog.entries.values() if entry.engine == PUNCTUATION_ENGINE)
        raise SettingsInvalid(
            f"punctuation.model: {settings.model!r} gives no marks; use one of {known}", param="punctuation.model"
        )
    return Marker(SherpaMarks(catalog.locate(settings.model), threads=settings.threads))

"""Which engine, weights, settings and software turn audio into text here: what a kept answer is true for."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

from lingting.engines.catalog_integrity import read_record
from lingting.server.engine import load_catalog
from lingting.settings import Settings

__all__ = ["RESULT_VERSION", "recipe_of"]

RESULT_VERSION = 1
"""Raised with each change here after which the same audio may be recognised, written or cut otherwise."""
LIBRARIES = ("ctranslate2", "faster-whisper", "av", "soxr", "onnxruntime", "opencc")
"""Of which another version may give other text."""


def recipe_of(settings: Settings, engine: str) -> str:
    """A hash of everything but the audio and the options that a transcript depends on. Blocking.

    engine    its name, of which the settings may leave the choice to the catalog
    """
    parts = {
        "software": [version("lingting"), RESULT_VERSION, *(version(name) for name in LIBRARIES)],
        "engine": engine,
        "model": settings.model,
        "weights": _weights_of(settings),
        "whisper": settings.whisper.model_dump(mode="json"),
        "pipeline": settings.pipeline.confident_language,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _weights_of(settings: Settings) -> dict[str, str]:
    """The digest of each file, from the catalog, or as it was when the model was fetched."""
    catalog = load_catalog(settings)
    entry = catalog.entries.get(settings.model)
    if entry is None:  # an engine that was handed in needs none
        return {}
    record = read_record(catalog.folder_of(settings.model))
    seen = {name: stamp.sha256 for name, stamp in record.stamps.items()} if record else {}
    pinned = {file.name: file.sha256 for file in entry.files if file.sha256}
    return seen | pinned

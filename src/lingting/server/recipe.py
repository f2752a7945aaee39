"""Which engine, weights, settings and software turn audio into text here: what a kept answer is true for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version

from lingting.engines.catalog_integrity import read_record
from lingting.engines.registry import all_engines
from lingting.server.engine import Plan, load_catalog
from lingting.settings import Settings

__all__ = ["RESULT_VERSION", "recipe_of"]

RESULT_VERSION = 1
"""Raised with each change here after which the same audio may be recognised, written or cut otherwise."""
LIBRARIES = ("av", "soxr", "onnxruntime", "opencc", "pypinyin", "jellyfish")
"""Of which another version may give other text, whatever the engine; the engines' own are in their rows."""


def recipe_of(settings: Settings, engine: str, plans: Sequence[Plan]) -> str:
    """A hash of everything but the audio and the options that a transcript depends on. Blocking.

    engine    the default model's, of which the settings may leave the choice to the catalog
    plans     of all models that are served
    """
    parts = {
        "software": [version("lingting"), RESULT_VERSION, *(version(name) for name in LIBRARIES)],
        "engine": engine,
        "model": settings.model,
        "routes": [entry.model_dump(mode="json") for entry in settings.routes],
        "served": [_served(settings, plan) for plan in plans],
        "whisper": settings.whisper.model_dump(mode="json"),
        "pipeline": settings.pipeline.confident_language,
        "marks": [_weights_of(settings, settings.punctuation.model), _versions("sherpa")],
        "voices": [settings.voices.same_voice, _weights_of(settings, settings.voices.model)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _served(settings: Settings, plan: Plan) -> list[object]:
    served = plan.served
    weights = _weights_of(settings, served.model)
    return [served.name, served.engine, served.aliases, weights, repr(plan.settings), _versions(served.engine)]


def _versions(engine: str) -> list[str]:
    row = all_engines().get(engine)
    return [version(name) for name in row.libraries] if row is not None and not row.missing else []


def _weights_of(settings: Settings, model: str) -> dict[str, str]:
    """The digest of each file, from the catalog, or as it was when the model was fetched."""
    catalog = load_catalog(settings)
    entry = catalog.entries.get(model)
    if entry is None:  # of an engine without weights
        return {}
    record = read_record(catalog.folder_of(model))
    seen = {name: stamp.sha256 for name, stamp in record.stamps.items()} if record else {}
    pinned = {file.name: file.sha256 for file in entry.files if file.sha256}
    return seen | pinned

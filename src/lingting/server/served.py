"""Reads from the settings which models are served, and with what their engines are made; wrong ones stop the start."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lingting.domain.errors import EngineUnavailable, InvalidOption, ModelMissing, ModelNotFound, SettingsInvalid
from lingting.engines.base import AnyEngine, EngineKind
from lingting.engines.catalog import Catalog, ModelState
from lingting.engines.registry import EngineRow, find_engine
from lingting.engines.whisper import WhisperSettings
from lingting.recognition.served import Served
from lingting.server.engine import Plan
from lingting.settings import ServeEntry, Settings
from lingting.telemetry import log

__all__ = ["read_plans"]


def read_plans(
    settings: Settings,
    catalog: Catalog,
    *,
    default: AnyEngine | None = None,
    made: Mapping[str, AnyEngine] | None = None,
) -> list[Plan]:
    """The default model first, then those of `[[serve]]`. Blocking: it looks for weights.

    default    an engine to use in place of the default model's, for tests
    made       the same for those of `[[serve]]`, by name
    raises     SettingsInvalid; EngineUnavailable, naming what to install; ModelNotFound; ModelMissing for what is
               loaded at the start
    """
    made = made or {}
    own = next((entry for entry in settings.serve if entry.name == settings.model), None)
    first = own or ServeEntry(name=settings.model, engine=settings.engine)
    entries = [first, *(entry for entry in settings.serve if entry is not own)]
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise SettingsInvalid(f"serve: two models are called {name!r}", param="serve")
    return [
        _plan(entry, settings, catalog, default if entry is first else made.get(entry.name), is_default=entry is first)
        for entry in entries
    ]


def _plan(entry: ServeEntry, settings: Settings, catalog: Catalog, made: AnyEngine | None, *, is_default: bool) -> Plan:
    # An engine that is handed in for the default model needs neither a row nor an entry.
    row = _given_row(made) if made is not None and is_default else _row(entry, catalog)
    weights = (entry.model or entry.name) if row.has_weights else ""
    if made is None:
        _require_weights(entry, weights, catalog, at_start=is_default or entry.preload)
        if row.missing:
            raise EngineUnavailable(
                f"{_where(entry)} needs {', '.join(row.missing)} for the engine {row.name!r}; "
                f"install with: {row.install}"
            )
    is_remote = row.kind is EngineKind.REMOTE
    size_bytes = catalog.entries[weights].size_bytes if weights in catalog.entries else None
    served = Served(
        name=entry.name,
        engine=row.name,
        kind=row.kind,
        model=weights,
        aliases=entry.aliases,
        preload=entry.preload or is_default,
        is_default=is_default,
        memory_bytes=round((size_bytes or 0) * row.memory_ratio) if entry.memory_bytes is None else entry.memory_bytes,
        price_per_minute=entry.price_per_minute,
        deadline_seconds=entry.deadline_seconds,
        max_in_flight=entry.max_in_flight,
        max_waiting=entry.max_waiting,
        drafts=not is_remote if entry.drafts is None else entry.drafts,
    )
    return Plan(
        served,
        _engine_settings(entry, row, settings, _facts(weights, catalog)),
        has_weights=row.has_weights,
        made=made,
    )


def _given_row(made: AnyEngine) -> EngineRow:
    return EngineRow("given", "", kind=EngineKind.STREAM if made.capabilities.streaming else EngineKind.BATCH)


def _facts(weights: str, catalog: Catalog) -> dict[str, object]:
    """What an engine may be unable to tell from its weights, by the names of its settings."""
    entry = catalog.entries.get(weights)
    if entry is None:
        return {}
    return {"languages": tuple(sorted(entry.languages)), "family": entry.family}


def _where(entry: ServeEntry) -> str:
    return f"the model {entry.name!r}"


def _row(entry: ServeEntry, catalog: Catalog) -> EngineRow:
    try:
        if entry.engine is not None:
            return find_engine(entry.engine)
        return find_engine(catalog.find(entry.model or entry.name).engine)
    except ModelNotFound as unknown:
        if entry.model is None:
            raise
        raise SettingsInvalid(f"serve.{entry.name}.{unknown.message}", param=f"serve.{entry.name}.model") from unknown
    except InvalidOption as unknown:
        raise SettingsInvalid(f"serve.{entry.name}.{unknown.message}", param=f"serve.{entry.name}.engine") from unknown


def _require_weights(entry: ServeEntry, weights: str, catalog: Catalog, *, at_start: bool) -> None:
    if not weights:
        return
    if catalog.state(weights) is ModelState.MISSING:
        if at_start:
            raise ModelMissing(f"model {weights!r} is not on this machine; fetch it: lingting models pull {weights}")
        log.warning("model.missing", model=entry.name, hint=f"lingting models pull {weights}")


def _engine_settings(
    entry: ServeEntry, row: EngineRow, settings: Settings, facts: Mapping[str, object]
) -> object | None:
    """An instance of the row's settings class, or None.

    facts     of its weights, for engines that cannot tell from those
    raises    SettingsInvalid, naming `serve.NAME.options.FIELD`
    """
    path = f"serve.{entry.name}.options"
    if not row.settings:
        if entry.options:
            raise SettingsInvalid(f"{path}: the engine {row.name!r} has nothing to set", param=path)
        return None
    module_name, _, class_name = row.settings.partition(":")
    kind: Any = getattr(importlib.import_module(module_name), class_name)  # Any: a dataclass
    given: dict[str, Any] = dict(entry.options)  # Any: its fields
    if kind is WhisperSettings:  # what `[whisper]` says holds for every Whisper
        given = settings.whisper.model_dump() | given
    names = [field.name for field in dataclasses.fields(kind)]
    for name in names:
        if facts.get(name):
            given.setdefault(name, facts[name])
    for name in given.keys() - set(names):
        raise SettingsInvalid(f"{path}.{name} is unknown; {row.name!r} has {', '.join(names)}", param=f"{path}.{name}")
    try:
        made: object = TypeAdapter(kind).validate_python(given)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join((path, *map(str, first["loc"])))
        raise SettingsInvalid(f"{name}: {first['msg']}", param=name) from problem
    except SettingsInvalid as problem:
        name = f"{path}.{problem.param}" if problem.param else path
        raise SettingsInvalid(f"{name}: {problem.message}", param=name) from problem
    return made

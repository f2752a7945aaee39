"""What every row of the registry promises before its engine is opened."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import is_dataclass

import pytest

from lingting.domain.errors import EngineUnavailable
from lingting.engines.base import EngineKind
from lingting.engines.registry import ENGINES, EngineRow, open_engine

pytestmark = pytest.mark.contract

METHODS = {
    EngineKind.BATCH: {"batch_key", "padded_seconds", "prepare", "compute", "finish", "close"},
    EngineKind.STREAM: {"open", "close"},
    EngineKind.REMOTE: {"transcribe", "aclose"},
}


def rows(fits: Callable[[EngineRow], bool] = lambda _: True) -> pytest.MarkDecorator:
    """The rows that a promise is for."""
    names = [name for name, row in ENGINES.items() if fits(row)]
    return pytest.mark.parametrize("row", [ENGINES[name] for name in names], ids=names)


@rows(lambda row: bool(row.needs))
def test_an_engine_whose_package_is_missing_says_what_to_install(
    row: EngineRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in row.needs else found(name, *rest)
    )
    with pytest.raises(EngineUnavailable) as refused:
        open_engine(row.name)
    assert row.install in refused.value.message
    assert all(module in refused.value.message for module in row.needs)
    assert row.install.startswith("pip install ")


@rows()
def test_its_class_has_what_its_kind_is_called_by(row: EngineRow) -> None:
    module, _, name = row.target.partition(":")
    engine = getattr(importlib.import_module(module), name)
    assert all(callable(getattr(engine, method, None)) for method in METHODS[row.kind])
    is_remote = row.kind is EngineKind.REMOTE
    assert all(inspect.iscoroutinefunction(getattr(engine, method)) is is_remote for method in METHODS[row.kind])


@rows(lambda row: bool(row.settings))
def test_its_settings_are_a_frozen_dataclass(row: EngineRow) -> None:
    module, _, name = row.settings.partition(":")
    settings = getattr(importlib.import_module(module), name)
    assert is_dataclass(settings)
    assert settings.__dataclass_params__.frozen

"""What every row of the registry promises before its engine is opened."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
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
ROWS = pytest.mark.parametrize("row", ENGINES.values(), ids=list(ENGINES))


@ROWS
def test_an_engine_whose_package_is_missing_says_what_to_install(
    row: EngineRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not row.needs:
        pytest.skip("it needs nothing that Lingting does not bring")
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in row.needs else found(name, *rest)
    )
    with pytest.raises(EngineUnavailable) as refused:
        open_engine(row.name)
    assert row.install in refused.value.message
    assert all(module in refused.value.message for module in row.needs)
    assert row.install.startswith("pip install ")


@ROWS
def test_its_class_has_what_its_kind_is_called_by(row: EngineRow) -> None:
    module, _, name = row.target.partition(":")
    engine = getattr(importlib.import_module(module), name)
    assert all(callable(getattr(engine, method, None)) for method in METHODS[row.kind])
    is_remote = row.kind is EngineKind.REMOTE
    assert all(inspect.iscoroutinefunction(getattr(engine, method)) is is_remote for method in METHODS[row.kind])


@ROWS
def test_its_settings_are_a_frozen_dataclass(row: EngineRow) -> None:
    if not row.settings:
        pytest.skip("there is nothing to set")
    module, _, name = row.settings.partition(":")
    settings = getattr(importlib.import_module(module), name)
    assert is_dataclass(settings)
    assert settings.__dataclass_params__.frozen

"""What every row of the registry promises before its engine is opened."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import is_dataclass

import pytest

from lingting.domain.errors import EngineUnavailable
from lingting.engines.registry import ENGINES, EngineRow, open_engine

pytestmark = pytest.mark.contract

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
def test_its_settings_are_a_frozen_dataclass(row: EngineRow) -> None:
    if not row.settings:
        pytest.skip("there is nothing to set")
    module, _, name = row.settings.partition(":")
    settings = getattr(importlib.import_module(module), name)
    assert is_dataclass(settings)
    assert settings.__dataclass_params__.frozen

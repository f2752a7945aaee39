"""Engines are found by name and imported only when they are opened."""

from __future__ import annotations

import importlib

import pytest

from lingting.domain.errors import EngineUnavailable, InvalidOption
from lingting.engines import registry
from lingting.engines.registry import ENGINES, EngineRow, all_engines, find_engine, open_engine

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("row", ENGINES.values(), ids=lambda row: row.name)
def test_every_row_points_at_a_class_that_exists(row: EngineRow) -> None:
    module, _, name = row.target.partition(":")
    assert isinstance(getattr(importlib.import_module(module), name), type)


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(InvalidOption, match=r"fake.*whisper"):
        find_engine("nonsense")


def test_an_engine_whose_packages_are_missing_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    row = EngineRow(name="far", target="nowhere:Engine", needs=("no_such_package",), install="pip install far-engine")
    monkeypatch.setattr(registry, "ENGINES", {"far": row})
    assert row.missing == ("no_such_package",)
    with pytest.raises(EngineUnavailable, match="pip install far-engine"):
        open_engine("far")


def test_an_engine_that_cannot_be_imported_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ENGINES", {"broken": EngineRow(name="broken", target="json:Engine")})
    with pytest.raises(EngineUnavailable, match="json:Engine"):
        open_engine("broken")


def test_arguments_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ENGINES", {"point": EngineRow(name="point", target="fractions:Fraction")})
    assert str(open_engine("point", 3, denominator=4)) == "3/4"


def test_our_own_engines_are_all_listed() -> None:
    assert set(ENGINES) <= set(all_engines())
